"""The constant and the factor that suit a trained network best."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest

import stde_eqx as stde

from .training_problems import Adapted, BallPoisson


def _state(problem, network, **scales):
    step = stde.make_step(problem, estimator=stde.Exact(), optimizer=optax.sgd(0.1), batch_size=50, **scales)
    return step.init(network, key=jr.key(1))


def _mlp(dim=5, key=0):
    return eqx.nn.MLP(dim, "scalar", 8, 1, activation=jnp.tanh, key=jr.key(key))


def _mean_square(problem, state, num_points=500):
    points = problem.sample(num_points, key=jr.key(9))
    found = stde.training.residuals(
        problem, state.model, points, estimator=stde.Exact(), key=jr.key(0), share_draw=True
    )
    return float(jnp.mean(found**2))


class Known(eqx.Module):
    """A multiple of the solution without its boundary factor, and a constant: what refit has to undo."""

    factor: jax.Array
    problem: BallPoisson

    def __call__(self, x):
        return self.factor * self.problem.exact(x) / (1 - jnp.sum(x**2)) + 3


@pytest.mark.slow
def test_a_multiple_of_the_solution_becomes_the_solution():
    problem = BallPoisson()
    network = Known(jnp.asarray(-0.2), problem)
    state = stde.training.refit(
        problem, _state(problem, network), estimator=stde.Exact(), key=jr.key(2), num_points=200
    )
    x = problem.sample(5, key=jr.key(3))
    u = jax.vmap(problem.ansatz(state.model))
    np.testing.assert_allclose(u(x), jax.vmap(problem.exact)(x), rtol=1e-4)


@pytest.mark.slow
def test_a_nonlinear_problem():
    def allen_cahn(problem, u, x, *, estimator, key):
        value, laplacian = stde.value_and_apply(stde.Laplacian(), u, x, estimator=estimator, key=key)
        exact = problem.exact(x)
        return laplacian + value - value**3 - problem.source(x) - exact + exact**3

    problem = Adapted(BallPoisson(), modified_residual=allen_cahn)
    state = _state(problem, Known(jnp.asarray(0.5), problem.problem))
    better = stde.training.refit(problem, state, estimator=stde.Exact(), key=jr.key(2), num_points=300)
    assert _mean_square(problem, better) < 1e-6 * _mean_square(problem, state)


@pytest.mark.slow
def test_noise_is_put_aside():
    """A network far too large, which has nothing to do with the solution, is worse than the constant that remains."""
    problem = BallPoisson()
    state = _state(problem, _mlp(), output_scale=50.0)
    better = stde.training.refit(problem, state, estimator=stde.SparseSTDE(2), key=jr.key(2), num_points=2_000)
    trivial = _mean_square(
        problem, _state(problem, eqx.tree_at(lambda n: n.layers[-1].weight, _mlp(), jnp.zeros((1, 8))))
    )
    assert _mean_square(problem, better) < 1.05 * trivial < 0.1 * _mean_square(problem, state)


def test_a_fitted_network_is_left_as_it_is():
    problem = BallPoisson()
    once = stde.training.refit(problem, _state(problem, _mlp()), estimator=stde.Exact(), key=jr.key(2), num_points=300)
    twice = stde.training.refit(problem, once, estimator=stde.Exact(), key=jr.key(2), num_points=300)
    np.testing.assert_allclose(twice.scales.shift, once.scales.shift, rtol=1e-4)
    np.testing.assert_allclose(twice.scales.output, once.scales.output, rtol=1e-3)
    assert _mean_square(problem, once) <= _mean_square(problem, _state(problem, _mlp()))


@pytest.mark.slow
def test_training_goes_on_from_it():
    problem = BallPoisson()
    step = stde.make_step(problem, optimizer=optax.adam(1e-3), batch_size=20)
    state = stde.training.refit(
        problem, step.init(_mlp(), key=jr.key(1)), estimator=stde.Exact(), key=jr.key(2), num_points=100
    )
    _, metrics = step(state)
    assert bool(metrics.finite)


def test_wrong_arguments():
    problem = BallPoisson()
    with pytest.raises(ValueError, match="num_points"):
        stde.training.refit(problem, _state(problem, _mlp()), estimator=stde.Exact(), key=jr.key(2), num_points=0)


def test_a_network_that_was_put_aside_is_not_trained_on():
    """Its output has a scale of 0, and so a gradient of 0; it can be evaluated."""
    problem = BallPoisson()
    state = _state(problem, _mlp())
    state = eqx.tree_at(lambda s: s.scales.output, state, jnp.zeros(()))
    with pytest.raises(ValueError, match=r"counts for nothing.*train\(problem, state.network"):
        stde.train(problem, state, optimizer=optax.sgd(0.1), steps=1, batch_size=50, key=jr.key(0))
    solution = stde.train(problem, state, optimizer=optax.sgd(0.1), steps=0, batch_size=50, key=jr.key(0))
    assert solution.metrics.relative_l2 is not None
