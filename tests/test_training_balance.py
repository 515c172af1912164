"""How a step divides its time between points and samples, against variances by brute force."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest

import stde_eqx as stde
from stde_eqx.training._balance import _gradient, _variances

from .training_problems import BallPoisson


@pytest.fixture(scope="module")
def setting():
    problem = BallPoisson(8)
    network = eqx.nn.MLP(8, "scalar", 4, 1, activation=jnp.tanh, key=jr.key(0))
    step = stde.make_step(problem, optimizer=optax.adam(1e-3), batch_size=5)
    return problem, step.init(network, key=jr.key(1))


def test_variances_against_all_outcomes(setting):
    """With one sampled coordinate of eight a draw has eight outcomes: the variance within a point is exact."""
    problem, state = setting
    estimator = stde.SparseSTDE(1)
    points = problem.sample(4_000, key=jr.key(2))
    first, second = jr.split(jr.key(3))
    draws = jr.split(first, 4_000), jr.split(second, 4_000)
    between, within = _variances(problem, estimator, state, points, draws)

    params, fixed = eqx.partition(state.network, eqx.is_inexact_array)
    scales = state.scales

    def outcome(params, x, row):
        u = problem.ansatz(stde.nn.Affine(eqx.combine(params, fixed), scales.shift, scales.output))
        directions = stde.Laplacian().directions(x, row[None], dim=8)
        residual = 8 * directions.value_and_apply(u, x)[1] - problem.source(x)
        return (residual / scales.residual) ** 2

    flat = lambda tree: jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(tree)])
    each = jax.jit(jax.vmap(lambda x: jax.vmap(lambda row: flat(jax.grad(outcome)(params, x, row)))(jnp.arange(8))))(
        points
    )
    means = jnp.mean(each, 1)
    expected_within = jnp.mean(jnp.sum((each - means[:, None]) ** 2, 2))
    expected_between = jnp.sum(jnp.var(means, 0, ddof=1))
    np.testing.assert_allclose(within, expected_within, rtol=0.1)
    np.testing.assert_allclose(between, expected_between, rtol=0.1)


def test_the_gradient_is_that_of_training(setting):
    problem, state = setting
    points = problem.sample(3, key=jr.key(4))
    found = _gradient(problem, stde.SparseSTDE(8), state, points, jr.key(5))
    params, fixed = eqx.partition(state.network, eqx.is_inexact_array)

    def loss(params):
        net = stde.nn.Affine(eqx.combine(params, fixed), state.scales.shift, state.scales.output)
        exact = stde.training.residuals(problem, net, points, estimator=stde.Exact(), key=jr.key(5), share_draw=True)
        return jnp.mean((exact / state.scales.residual) ** 2)

    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(jax.grad(loss)(params)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", [stde.SparseSTDE(2), stde.DenseSTDE(2)])
def test_the_recommendation_is_no_worse_by_its_own_account(setting, estimator):
    problem, state = setting
    found = stde.training.balance(problem, state, estimator=estimator, batch_size=40, key=jr.key(6), rounds=3)
    assert 1 <= found.num_samples <= (8 if isinstance(estimator, stde.SparseSTDE) else 16)
    # Rounded to whole samples and points.
    assert found.batch_size >= 1 and found.gain > 0.8
    assert f"{found.num_samples} samples at each of {found.batch_size} points" in str(found)


def test_an_estimator_without_samples_is_refused(setting, unchecked):
    problem, state = setting
    with pytest.raises(ValueError, match="SparseSTDE"):
        stde.training.balance(problem, state, estimator=stde.Exact(), batch_size=4, key=jr.key(0))  # pyright: ignore


@pytest.mark.parametrize("name, value, least", [("num_points", 1, 2), ("rounds", 0, 1)])
def test_too_few_to_measure_are_refused(setting, name, value, least):
    problem, state = setting
    options: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=f"`{name}` must be at least {least}, got {value}"):
        stde.training.balance(problem, state, estimator=stde.SparseSTDE(2), batch_size=4, key=jr.key(0), **options)


def test_one_dimension_has_one_coordinate_to_sample():
    problem = BallPoisson(1)
    network = eqx.nn.MLP(1, "scalar", 4, 1, activation=jnp.tanh, key=jr.key(0))
    state = stde.make_step(problem, optimizer=optax.adam(1e-3), batch_size=5).init(network, key=jr.key(1))
    found = stde.training.balance(problem, state, estimator=stde.SparseSTDE(1), batch_size=4, key=jr.key(2))
    assert found.num_samples == 1 and found.batch_size >= 1
