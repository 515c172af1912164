import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde
import zoo

from .operator import generator


class Stationary(stde.AbstractProblem):
    """The mean time until a mean-reverting diffusion leaves a ball."""

    dim: int
    volatility: float = 1.0
    domain: zoo.Ball = eqx.field(init=False)

    def __post_init__(self) -> None:
        self.domain = zoo.Ball(self.dim, radius=1.0)

    def sample(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        return self.domain.sample(num_points, key=key)

    def residual(
        self, u: stde.Field, x: Float[Array, " dim"], *, estimator: stde.AbstractEstimator, key: PRNGKeyArray | None
    ) -> Float[Array, ""]:
        value: Float[Array, ""] = generator(self.volatility)(u, x, estimator=estimator, key=key)
        return value + 1

    def ansatz(self, net: stde.Field) -> stde.Field:
        return stde.nn.HardConstraint(self.domain.boundary_factor, net)


def solve(problem: Stationary, network: stde.Field, *, steps: int, seed: int) -> stde.Solution:
    return stde.train(
        problem,
        network,
        estimator=stde.SparseSTDE(min(4, problem.dim)),
        steps=steps,
        key=jax.random.key(seed),
        callbacks=[stde.training.ProgressBar()],
    )


def at_origin(solution: stde.Solution, dim: int) -> float:
    origin: Float[Array, " dim"] = jnp.zeros(dim)  # pyright: ignore[reportUnknownMemberType], of JAX itself
    return float(solution.u(origin))
