"""A family of equations as one problem, with an unknown of parameters and points."""

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import pytest

import stde_eqx as stde


class Family(stde.AbstractFamily):
    """Laplacian u = -a pi^2 sin(pi x_1), whose solution is a sin(pi x_1); the amplitude is the parameter."""

    dim: int = 1

    def sample(self, num_points, *, key):
        return jr.normal(jr.fold_in(key, 0), (num_points, 1)), jr.uniform(key, (num_points, self.dim))

    def exact(self, a, x):
        return a[0] * jnp.sin(jnp.pi * x[0])

    def residual(self, u, a, x, *, estimator, key):
        laplacian = stde.Laplacian()(lambda x: u(a, x), x, estimator=estimator, key=key)
        return laplacian + jnp.pi**2 * self.exact(a, x)

    def ansatz(self, net):
        return stde.nn.HardConstraint(lambda a, x: 4 * x[0] * (1 - x[0]), net)


class Operator(eqx.Module):
    mlp: eqx.nn.MLP

    def __call__(self, a, x):
        return self.mlp(jnp.concatenate([a, x]))


def test_one_training_solves_the_equations_of_a_family(getkey):
    mlp = eqx.nn.MLP(2, "scalar", 16, 2, activation=jnp.tanh, key=getkey())
    optimizer = stde.optim.NaturalGradient(damping=1e-6, step_size=stde.optim.Backtracking())
    solution = stde.train(Family(), Operator(mlp), optimizer=optimizer, steps=60, batch_size=100, key=getkey())
    assert solution.metrics.skill is not None and solution.metrics.skill < 0.05
    assert jnp.allclose(solution.u(jnp.array([0.7]), jnp.array([0.5])), 0.7, atol=0.05)


@pytest.mark.parametrize(
    "points",
    (
        lambda n, key: (jnp.zeros((n, 1)), jnp.zeros((n, 3))),
        lambda n, key: (jnp.zeros(()), jnp.zeros((n, 1))),
        lambda n, key: (),
    ),
    ids=("dimension", "axis", "nothing"),
)
def test_points_that_are_none_are_refused(points, getkey):
    class Wrong(Family):
        def sample(self, num_points, *, key):
            return points(num_points, key)

    mlp = eqx.nn.MLP(2, "scalar", 4, 1, key=getkey())
    with pytest.raises(ValueError, match="a tuple of two members"):
        stde.train(Wrong(), Operator(mlp), steps=1, key=getkey())


def test_a_network_of_points_alone_is_refused(getkey):
    mlp = eqx.nn.MLP(1, "scalar", 4, 1, key=getkey())
    with pytest.raises(ValueError, match="the parameters first"):
        stde.train(Family(), mlp, steps=1, key=getkey())


def test_gradient_enhanced_refuses_a_family():
    with pytest.raises(ValueError, match="one solution, got the family Family"):
        stde.GradientEnhanced(Family(), 0.1, 1)
