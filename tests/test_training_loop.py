from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest

import stde_eqx as stde
from stde_eqx.training import AbstractCallback, default_optimizer, NonFiniteLossError, Status

from .helpers import tree_allclose
from .training_problems import Adapted, BallPoisson, mlp


def _train(problem=None, u=None, **kwargs) -> Any:
    options = {"estimator": stde.SparseSTDE(2), "steps": 20, "batch_size": 8, "key": jr.key(1), "num_test_points": 200}
    problem = BallPoisson() if problem is None else problem
    return stde.train(problem, mlp() if u is None else u, **(options | kwargs))


class Recorder(AbstractCallback):
    """Remembers what it was told."""

    def __init__(self):
        self.progress, self.reports, self.solution = [], [], None

    def on_progress(self, progress):
        self.progress.append(progress)

    def on_report(self, metrics, state):
        self.reports.append((metrics, int(state.step)))

    def on_end(self, solution):
        self.solution = solution


@pytest.mark.slow
def test_training_learns_more_than_a_constant():
    net = mlp(width=16)
    problem = BallPoisson()
    solution = _train(problem, net, steps=400, batch_size=50, optimizer=optax.adam(1e-2), num_test_points=1_000)
    metrics = solution.metrics
    assert solution.status is Status.completed
    assert metrics.step == solution.state.step == 400
    assert metrics.skill < 0.5 and metrics.loss < 0.3
    independent = stde.evaluate(problem, solution.u, num_points=2_000, key=jr.key(77))
    np.testing.assert_allclose(metrics.relative_l2, independent.relative_l2, rtol=0.3)
    edge = jnp.ones(5) / 5**0.5
    assert abs(solution.u(edge)) < 1e-12
    x = edge / 2
    assert jnp.allclose(solution.u(x), 0.75 * solution.model(x), rtol=1e-12)


def test_training_starts_from_the_trivial_ansatz():
    zero = jax.tree.map(lambda leaf: 0 * leaf if eqx.is_inexact_array(leaf) else leaf, mlp())
    solution = _train(u=zero, steps=1, optimizer=optax.sgd(0.0))
    assert 1 <= solution.metrics.skill < 1.2
    assert 0.2 < solution.metrics.loss < 5  # a batch of eight points


def test_the_default_optimiser_is_adam_on_clipped_gradients():
    """An outlier of a batch does not shorten the steps after it."""
    params = jnp.ones(4)
    optimizer, adam = default_optimizer(100, 1e-2), optax.adam(optax.linear_schedule(1e-2, 0.0, 100))
    state, reference = optimizer.init(params), adam.init(params)
    for gradient, seen in ((0.3 * params, 0.3 * params), (1e6 * params, 0.5 * params), (0.1 * params, 0.1 * params)):
        updates, state = optimizer.update(gradient, state, params)
        expected, reference = adam.update(seen, reference, params)
        assert tree_allclose(updates, expected, rtol=1e-10)


def test_the_loop_takes_the_steps_of_make_step():
    solution = _train()
    step = stde.make_step(BallPoisson(), estimator=stde.SparseSTDE(2), optimizer=default_optimizer(20), batch_size=8)
    state = step.init(mlp(), key=jr.split(jr.key(1))[0])
    losses = []
    for _ in range(20):
        state, metrics = step(state)
        losses.append(float(metrics.loss))
    assert tree_allclose(solution.state.arrays, state.arrays, rtol=1e-10)
    np.testing.assert_allclose([m.loss for m in solution.history], losses, rtol=1e-8)


def test_reports_come_at_every_interval_and_for_the_remainder():
    recorder = Recorder()
    solution = _train(steps=23, report_every=10, callbacks=[recorder])
    assert [metrics.step for metrics, _ in recorder.reports] == [10, 20, 23]
    assert [step for _, step in recorder.reports] == [10, 20, 23]
    assert [metrics for metrics, _ in recorder.reports] == list(solution.history)
    assert recorder.solution is solution
    assert recorder.progress[-1].step == 23
    assert recorder.progress[-1].loss == solution.history[-1].loss
    assert solution.history[-1].relative_l2 != solution.metrics.relative_l2  # another test set
    assert 0 < solution.metrics.steps_per_second < float("inf")


@pytest.mark.slow
def test_the_step_is_traced_once_whatever_the_intervals():
    traces = []

    def residual(problem, u, x, *, estimator, key):
        traces.append(None)
        return BallPoisson.residual(problem, u, x, estimator=estimator, key=key)

    class Count(Recorder):
        def on_progress(self, progress):
            self.progress.append(len(traces))

    count = Count()
    _train(Adapted(BallPoisson(), modified_residual=residual), steps=23, report_every=5, callbacks=[count])
    assert len(count.progress) >= 5
    assert count.progress[0] == count.progress[-1] == len(traces)


def test_the_networks_and_states_of_the_caller_survive():
    net = mlp()
    before = jax.tree.map(lambda leaf: np.array(leaf) if eqx.is_array(leaf) else leaf, net)
    first = _train(u=net)
    second = _train(u=first.state)
    assert tree_allclose(eqx.filter(net, eqx.is_array), eqx.filter(before, eqx.is_array), rtol=0)
    assert jnp.isfinite(first.u(jnp.zeros(5)))
    assert first.state.step == 20 and second.state.step == 40


@pytest.mark.slow
def test_a_run_that_is_continued_is_the_run_that_was_not_interrupted():
    class StopAtTen(AbstractCallback):
        def on_report(self, metrics, state):
            if metrics.step == 10:
                raise KeyboardInterrupt

    whole = _train(report_every=10)
    half = _train(report_every=10, callbacks=[StopAtTen()])
    assert half.status is Status.interrupted and half.metrics.step == 10
    rest = _train(u=half.state, steps=10, report_every=10)
    assert tree_allclose(rest.state.arrays, whole.state.arrays, rtol=0, atol=0)
    assert rest.metrics.relative_l2 == whole.metrics.relative_l2


def test_the_default_learning_rate_falls_linearly_to_zero():
    optimizer = default_optimizer(10)
    weight = jnp.zeros(())
    state = optimizer.init(weight)
    moves: list[Any] = []
    for _ in range(11):
        update, state = optimizer.update(jnp.ones(()), state, weight)
        moves.append(update)
    np.testing.assert_allclose(moves, -1e-3 * (1 - np.arange(11) / 10), atol=1e-9)


def test_a_problem_without_exact_solution_reports_only_the_loss():
    solution = _train(Adapted(BallPoisson(), solution=lambda problem, x: None))
    assert solution.metrics.loss > 0
    assert solution.metrics.relative_l1 is solution.metrics.relative_l2 is solution.metrics.skill is None


def _nan_for_some_points(problem, u, x, *, estimator, key):
    left = BallPoisson.residual(problem, u, x, estimator=estimator, key=key)
    return jnp.where(x[0] > 0.75, jnp.nan, left)


def test_a_loss_that_is_not_finite_stops_at_once_and_keeps_the_last_good_state():
    problem = Adapted(BallPoisson(), modified_residual=_nan_for_some_points)
    # The scales are given, since finding them would meet the NaN first.
    given: dict[str, Any] = {"output_shift": 0.0, "output_scale": 1.0, "residual_scale": 1.0}
    step = stde.make_step(
        problem, estimator=stde.SparseSTDE(2), optimizer=default_optimizer(500), batch_size=2, **given
    )
    state = step.init(mlp(), key=jr.split(jr.key(1))[0])
    compiled = jax.jit(step)
    good = state
    state, metrics = compiled(state)
    while metrics.finite:
        good = state
        state, metrics = compiled(state)
    assert 3 < good.step < 400, "the test needs a first NaN well inside the run"

    recorder = Recorder()
    with pytest.raises(NonFiniteLossError, match=f"step {good.step + 1} was nan") as caught:
        _train(problem, batch_size=2, steps=500, report_every=200, callbacks=[recorder], **given)
    solution: Any = caught.value.solution
    assert caught.value.step == good.step + 1
    assert solution.status is Status.non_finite
    assert solution.metrics.step == solution.state.step == good.step
    assert tree_allclose(solution.state.arrays, good.arrays, rtol=1e-12)
    assert np.isfinite([solution.metrics.relative_l2, solution.metrics.loss]).all()
    assert recorder.solution is solution

    kept = _train(problem, batch_size=2, steps=500, throw=False, **given)
    assert kept.status is Status.non_finite and kept.state.step == good.step


def test_an_update_that_is_not_finite_stops_too():
    poisoned = optax.adam(lambda count: jnp.where(count == 7, jnp.inf, 1e-3))
    with pytest.raises(NonFiniteLossError, match="step 8 was .* its update was not finite") as caught:
        _train(optimizer=poisoned)
    assert caught.value.solution.state.step == 7
    assert bool(jnp.isfinite(caught.value.solution.u(jnp.zeros(5))))


def test_a_first_step_that_is_not_finite_still_returns_the_network():
    problem = Adapted(BallPoisson(), modified_residual=lambda problem, u, x, *, estimator, key: u(x) * jnp.nan)
    with pytest.raises(NonFiniteLossError, match="step 1 was nan") as caught:
        _train(problem)
    assert caught.value.solution.metrics.loss is None
    assert caught.value.solution.metrics.step == 0


def test_the_default_schedule_ends_with_a_run_that_began_again():
    """A restarted optimiser counts from 0, the state does not."""
    state = _train(steps=4).state.restarted(default_optimizer(4))
    by_default, asked_for = _train(u=state, steps=3), _train(u=state, steps=3, optimizer=default_optimizer(3))
    assert by_default.metrics.step == 7
    assert all(map(jnp.array_equal, jax.tree.leaves(by_default.state.arrays), jax.tree.leaves(asked_for.state.arrays)))


def test_a_run_that_looks_for_nans_finds_none():
    with jax.debug_nans(True):
        assert _train(steps=2).metrics.step == 2
