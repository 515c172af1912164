"""The average of the parameters, and batches that do not change."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest

import stde_eqx as stde
from stde_eqx.training import ExponentialAverage

from .helpers import tree_allclose
from .training_problems import Adapted, BallPoisson, mlp


def _step(**options):
    defaults: dict[str, Any] = {"optimizer": optax.adam(1e-2), "batch_size": 4}
    return stde.make_step(BallPoisson(), **defaults | options)


def _params(network):
    return eqx.filter(network, eqx.is_inexact_array)


def test_the_average_by_definition():
    """From the parameters after every step, the first of which enter with the larger weights of the ramp."""
    step = _step(average=ExponentialAverage(0.4))
    state = step.init(mlp(), key=jr.key(1))
    expected = _params(state.network)
    assert tree_allclose(state.average, expected, rtol=0, atol=0)
    for k in range(8):
        state, _ = step(state)
        beta = min(0.4, (1 + k) / (10 + k))
        expected = jax.tree.map(lambda a, new, b=beta: b * a + (1 - b) * new, expected, _params(state.network))
    assert (1 + 7) / (10 + 7) > 0.4  # so that both branches were met
    # The ramp is computed in single precision.
    assert tree_allclose(state.average, expected, rtol=1e-6)


def test_training_does_not_depend_on_the_average():
    kept, plain = _step(average=ExponentialAverage()), _step()
    state, other = (step.init(mlp(), key=jr.key(1)) for step in (kept, plain))
    for _ in range(3):
        state, other = kept(state)[0], plain(other)[0]
    assert tree_allclose(state.arrays, other.arrays, rtol=1e-12) and other.average is None


def test_the_model_is_the_averaged_network():
    options: dict[str, Any] = {"steps": 6, "batch_size": 4, "num_test_points": 10, "num_report_points": 5}
    problem, average = BallPoisson(), ExponentialAverage(0.9)
    solution = stde.train(problem, mlp(), average=average, key=jr.key(1), **options)
    state, x = solution.state, jnp.full(5, 0.1)
    averaged = eqx.combine(state.average, state.network)
    value = state.scales.shift + state.scales.output * averaged(x)
    np.testing.assert_allclose(solution.model(x), value, rtol=1e-12)
    np.testing.assert_allclose(solution.u(x), (1 - jnp.sum(x**2)) * value, rtol=1e-12)
    assert jnp.abs(averaged(x) - state.network(x)) > 1e-6


def test_networks_with_integers_are_averaged_where_they_train():
    class Permuted(eqx.Module):
        net: eqx.nn.MLP
        order: jax.Array

        def __call__(self, x):
            return self.net(x[self.order])

    step = _step(average=ExponentialAverage(0.9))
    state, _ = step(step.init(Permuted(mlp(), jnp.arange(5)[::-1]), key=jr.key(1)))
    assert state.average.order is None
    assert jnp.isfinite(state.model(jnp.zeros(5)))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_the_average_has_the_precision_of_the_parameters(dtype):
    problem = BallPoisson(dtype=dtype)
    step = stde.make_step(problem, optimizer=optax.adam(1e-2), batch_size=4, average=ExponentialAverage())
    state = step.init(mlp(dtype=dtype), key=jr.key(1))
    after, _ = jax.lax.scan(lambda s, _: step(s), state, length=2)
    assert {leaf.dtype for leaf in jax.tree.leaves(after.average)} == {jnp.dtype(dtype)}


def test_a_run_goes_on_as_if_it_had_not_stopped(tmp_path):
    """From its state, and from that state stored and read again."""
    options: dict[str, Any] = {"average": ExponentialAverage(0.9), "optimizer": optax.adam(1e-2), "batch_size": 4}
    options |= {"num_test_points": 10, "num_report_points": 5}
    train = lambda u, steps: stde.train(BallPoisson(), u, steps=steps, key=jr.key(1), **options)
    whole, part = train(mlp(), 7).state, train(mlp(), 4).state
    stde.training.save(tmp_path / "state", part)
    like = _step(average=ExponentialAverage(0.9)).init(mlp(key=jr.key(9)), key=jr.key(8))
    stored = stde.training.load(tmp_path / "state", like=like)
    assert tree_allclose(stored.average, part.average, rtol=0, atol=0)
    for state in (part, stored):
        rest = train(state, 3).state
        assert tree_allclose(rest.average, whole.average, rtol=1e-12)
        assert tree_allclose(rest.arrays, whole.arrays, rtol=1e-12)


def test_a_state_is_continued_with_an_average_if_it_began_with_one():
    options: dict[str, Any] = {"steps": 1, "num_test_points": 4, "key": jr.key(0)}
    solution = stde.train(BallPoisson(), mlp(), average=ExponentialAverage(), **options)
    with pytest.raises(ValueError, match="another `average` or `weighting`"):
        stde.train(BallPoisson(), solution.state, **options)


@pytest.mark.parametrize("decay", [0.0, 1.0, -0.5, 1.5, float("nan")])
def test_a_decay_out_of_range_is_refused(decay):
    with pytest.raises(ValueError, match=f"`decay` must be between 0 and 1.*got {decay!r}"):
        ExponentialAverage(decay)


def test_what_is_not_an_average_is_refused(unchecked):
    with pytest.raises(ValueError, match="`average` must be None.*ExponentialAverage.*got 0.999"):
        _step(average=0.999)


# Batches that do not change.


@pytest.mark.parametrize("reveal", [lambda x, key: x[0], lambda x, key: jr.uniform(key)], ids=["points", "draws"])
@pytest.mark.parametrize("fixed_batch", [True, False])
def test_a_fixed_batch_has_the_same_points_and_draws_at_every_step(reveal, fixed_batch):
    """A residual without the network, so that the loss shows the batch alone."""
    problem = Adapted(BallPoisson(), modified_residual=lambda problem, u, x, *, estimator, key: 2 + reveal(x, key))
    options: dict[str, Any] = {
        "output_shift": 0.0,
        "output_scale": 1.0,
        "residual_scale": 1.0,
        "fixed_batch": fixed_batch,
    }
    step = stde.make_step(problem, optimizer=optax.sgd(1.0), batch_size=3, share_draw=False, **options)
    _, metrics = jax.lax.scan(lambda s, _: step(s), step.init(mlp(), key=jr.key(1)), length=4)
    assert len(set(metrics.loss.tolist())) == (1 if fixed_batch else 4)


@pytest.mark.slow
def test_lbfgs_on_a_fixed_batch_decreases_the_loss_at_every_step():
    step = _step(optimizer=optax.lbfgs(), estimator=stde.SparseSTDE(2), batch_size=20, fixed_batch=True)
    state = step.init(mlp(), key=jr.key(1))
    _, metrics = jax.lax.scan(lambda s, _: step(s), state, length=30)
    assert jnp.all(jnp.diff(metrics.loss) <= 1e-9 * metrics.loss[:-1])
    assert metrics.loss[-1] < 0.05 * metrics.loss[0]
