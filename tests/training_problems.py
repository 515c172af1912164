"""Small problems for the tests of training, independent of the zoo."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

import stde_eqx as stde


class BallPoisson(stde.AbstractProblem):
    """Laplacian u = f on the unit ball, u = 0 on the sphere, solution (1 - |x|^2) sum_i c_i sin(x_i + 1)."""

    coefficients: Float[Array, " dim"]
    dim: int = eqx.field(static=True)

    def __init__(self, dim=5, dtype=jnp.float64):
        self.dim = dim
        self.coefficients = 1 + 0.5 * jnp.cos(jnp.arange(dim, dtype=dtype))

    def sample(self, num_points, *, key):
        normal_key, radius_key = jr.split(key)
        normals = jr.normal(normal_key, (num_points, self.dim), self.coefficients.dtype)
        radii = jr.uniform(radius_key, (num_points, 1), self.coefficients.dtype)
        return radii * normals / jnp.linalg.norm(normals, axis=1, keepdims=True)

    def exact(self, x):
        return (1 - jnp.sum(x**2)) * jnp.sum(self.coefficients * jnp.sin(x + 1))

    def source(self, x):
        # Product rule; test_training_scales checks it against automatic differentiation.
        sines, cosines = self.coefficients * jnp.sin(x + 1), self.coefficients * jnp.cos(x + 1)
        return -2 * self.dim * jnp.sum(sines) - 4 * jnp.sum(x * cosines) - (1 - jnp.sum(x**2)) * jnp.sum(sines)

    def residual(self, u, x, *, estimator, key):
        return stde.Laplacian()(u, x, estimator=estimator, key=key) - self.source(x)

    def ansatz(self, net):
        return stde.nn.HardConstraint(lambda x: 1 - jnp.sum(x**2), net)


class Adapted(stde.AbstractProblem):
    """A problem with some of its methods replaced by functions that get the problem first."""

    problem: BallPoisson
    sampler: Callable
    modified_residual: Callable
    solution: Callable
    dim: int = eqx.field(static=True)

    def __init__(
        self,
        problem,
        *,
        sampler=BallPoisson.sample,
        modified_residual=BallPoisson.residual,
        solution=BallPoisson.exact,
    ):
        self.problem, self.dim = problem, problem.dim
        self.sampler, self.modified_residual, self.solution = sampler, modified_residual, solution

    def sample(self, num_points, *, key):
        return self.sampler(self.problem, num_points, key=key)

    def residual(self, u, x, *, estimator, key):
        return self.modified_residual(self.problem, u, x, estimator=estimator, key=key)

    def ansatz(self, net):
        return self.problem.ansatz(net)

    def exact(self, x):
        return self.solution(self.problem, x)


def mlp(dim=5, *, width=8, depth=1, dtype=jnp.float64, key=None):
    """A small scalar network."""
    key = jr.key(0) if key is None else key
    return eqx.nn.MLP(dim, "scalar", width, depth, activation=jnp.tanh, dtype=dtype, key=key)
