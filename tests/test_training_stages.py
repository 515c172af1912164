"""A run in stages: what the generator may do, and what its mistakes cost. Recipes: tests/test_recipes_one_run.py."""

import time
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import optax
import pytest

import stde_eqx as stde
from stde_eqx.training import Stage, Status

from .training_problems import BallPoisson, mlp


_problem, _key = BallPoisson(), jr.key(0)
_adam = stde.make_step(_problem, optimizer=optax.adam(1e-2), batch_size=5)


class _Raises(stde.training.AbstractLoss):
    """A loss that cannot be traced."""

    def __call__(self, draw, *, key):
        raise RuntimeError("no memory")


def _train(stages, last_step, **options):
    return stde.training.train_stages(_problem, stages, last_step=last_step, key=_key, num_test_points=50, **options)


def _first():
    return Stage(_adam, _adam.init(mlp(), key=_key), steps=3)


def _same(one, other):
    return all(map(jnp.array_equal, jax.tree.leaves(one.arrays), jax.tree.leaves(other.arrays)))


def test_one_stage_is_what_train_does():
    run_key, _ = jr.split(_key)

    def stages():
        yield Stage(_adam, _adam.init(mlp(), key=run_key), steps=3)

    options: dict[str, Any] = dict(optimizer=_adam.optimizer, batch_size=5, steps=3, num_test_points=50, key=_key)
    solution, expected = _train(stages(), 3), stde.train(_problem, mlp(), **options)
    assert _same(solution.state, expected.state)
    assert solution.metrics.relative_l2 == expected.metrics.relative_l2


def test_the_states_of_the_caller_survive_and_the_last_one_may_be_another():
    seen = []

    def stages():
        first = _first()
        seen.extend([first.state, (yield first)])
        return first.state

    solution = _train(stages(), 3)
    begun, led_to = seen
    assert _same(solution.state, begun) and not _same(begun, led_to)
    assert solution.status is Status.completed and len(solution.history) == 3


def test_what_comes_between_and_after_stages_is_on_the_clock():
    def stages():
        state = yield _first()
        time.sleep(0.3)
        yield Stage(_adam, state, steps=1)
        time.sleep(0.3)

    solution = _train(stages(), 4)
    *_, third, fourth = (metrics.time for metrics in solution.history)
    assert fourth - third >= 0.3 and solution.metrics.time - fourth >= 0.3


def test_a_state_of_another_optimiser_is_refused_and_costs_nothing():
    def stages():
        state = yield _first()
        yield Stage(stde.make_step(_problem, optimizer=optax.sgd(0.1), batch_size=5), state, steps=3)

    with pytest.raises(stde.training.StageError, match=r"after step 3.*state\.restarted\(optimizer\)") as caught:
        _train(stages(), 6)
    solution = caught.value.solution
    assert isinstance(caught.value.__cause__, ValueError)
    assert solution.status is Status.stage_failed and solution.metrics.step == 3 == len(solution.history)
    assert solution.metrics.relative_l2 is not None


@pytest.mark.parametrize("throw", (True, False))
def test_a_stage_that_cannot_be_compiled_leaves_the_one_before(throw):
    def stages():
        state = yield _first()
        broken = stde.make_step(_problem, optimizer=_adam.optimizer, batch_size=5, loss=_Raises())
        yield Stage(broken, state, steps=3)

    if throw:
        with pytest.raises(stde.training.StageError, match="after step 3.*RuntimeError: no memory") as caught:
            _train(stages(), 6)
        solution = caught.value.solution
    else:
        solution = _train(stages(), 6, throw=False)
    assert solution.status is Status.stage_failed and solution.metrics.step == 3
    assert jnp.isfinite(solution.u(jnp.full(_problem.dim, 0.1)))


def test_before_the_first_stage_exceptions_are_the_callers(unchecked):
    def broken():
        yield Stage(_adam, _adam.init(mlp(), key=_key), steps=-1)

    def empty():
        return
        yield

    with pytest.raises(ValueError, match="steps"):
        _train(broken(), 3)
    with pytest.raises(ValueError, match="must yield one stage at least"):
        _train(empty(), 3)
    with pytest.raises(ValueError, match=r"got a `function`.*write stages\(\)"):
        _train(empty, 3)
