"""An optimiser that leaves out steps whose loss stands out."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import optax
import pytest

import stde_eqx as stde

from .training_problems import BallPoisson, mlp


def _follow(losses, **options: Any):
    """Which of the steps with these losses are taken."""
    optimizer = stde.optim.skip_spikes(optax.sgd(1.0), **options)
    params, taken = jnp.zeros(()), []
    state: Any = optimizer.init(params)
    for loss in losses:
        updates, state = optimizer.update(jnp.ones(()), state, params, value=jnp.asarray(loss))
        taken.append(bool(updates != 0))
    return taken, state


def test_a_spike_is_skipped_and_forgotten():
    taken, state = _follow([1.0] * 20 + [50.0] + [1.0] * 3)
    assert taken == [True] * 20 + [False] + [True] * 3
    assert float(state.log_loss) == pytest.approx(0.0, abs=1e-6)


def test_the_first_losses_are_no_spikes():
    taken, _ = _follow([1e-6, 1e3, 1e-6, 1e3])
    assert all(taken)


def test_a_loss_that_has_risen_for_good_is_accepted():
    taken, state = _follow([1.0] * 20 + [50.0] * 10, max_skips=4)
    assert taken == [True] * 20 + [False] * 4 + [True] * 6
    assert float(state.log_loss) == pytest.approx(float(jnp.log(50.0)), rel=1e-5)


@pytest.mark.parametrize("odd", [-0.01, 0.0])
def test_losses_that_are_not_positive_do_not_spoil_the_mean(odd):
    taken, state = _follow([1.0] * 20 + [odd] + [1.0] * 30)
    assert all(taken) and abs(state.log_loss) < 0.3


def test_a_large_negative_loss_is_a_spike():
    assert _follow([1.0] * 20 + [-50.0, 1.0])[0] == [True] * 20 + [False, True]


@pytest.mark.parametrize("before", [0, 20])
def test_a_loss_that_is_not_finite_is_skipped_and_forgotten(before):
    losses = [1.0] * before + [jnp.nan, jnp.inf] * 2 + [1.0] * 20 + [1e9]
    taken, state = _follow(losses, max_skips=3)
    assert taken == [True] * before + [False] * 4 + [True] * 20 + [False]
    assert float(state.log_loss) == pytest.approx(0.0, abs=1e-6)
    # Nor is it one of those after which the loss has risen for good.
    assert _follow([1.0] * 20 + [jnp.nan] * 9 + [1e9], max_skips=3)[0] == [True] * 20 + [False] * 10


def test_a_slow_rise_is_followed():
    taken, _ = _follow([1.02**k for k in range(400)])
    assert all(taken)


def test_skipped_steps_do_not_enter_the_moments():
    optimizer = stde.optim.skip_spikes(optax.adam(1e-1))
    plain = optax.adam(1e-1)
    params = jnp.zeros(3)
    state: Any = optimizer.init(params)
    plain_state = plain.init(params)
    for number in range(15):
        gradient = jr.normal(jr.key(number), (3,))
        updates: Any
        expected: Any
        updates, state = optimizer.update(gradient, state, params, value=jnp.asarray(1.0))
        expected, plain_state = plain.update(gradient, plain_state)
        assert jnp.array_equal(updates, expected)
    _, state = optimizer.update(jnp.full(3, 1e6), state, params, value=jnp.asarray(1e4))
    assert all(map(jnp.array_equal, jax.tree.leaves(state.inner), jax.tree.leaves(plain_state)))


@pytest.mark.slow
def test_it_trains():
    optimizer = stde.optim.skip_spikes(optax.adam(1e-2))
    solution = stde.train(BallPoisson(), mlp(), optimizer=optimizer, steps=50, batch_size=20, key=jr.key(0))
    assert solution.metrics.loss is not None and solution.metrics.loss < 1


@pytest.mark.parametrize("options", [dict(factor=1.0), dict(decay=1.0), dict(max_skips=0)])
def test_wrong_arguments(options: dict[str, Any]):
    with pytest.raises(ValueError, match="factor > 1"):
        stde.optim.skip_spikes(optax.adam(1e-3), **options)
