from typing import TYPE_CHECKING

import jax.numpy as jnp

from ..problems import AbstractProblem
from ._advance import advance, begin
from ._errors import EvaluationError, NonFiniteLossError, StageError, TrainingError
from ._hooks import Hooks
from ._interrupts import deferred_interrupts
from ._pace import Pace
from ._recorder import Recorder
from ._solution import Solution, Status
from ._state import TrainState
from .callbacks import Progress, Start


if TYPE_CHECKING:
    from ._stages import Stage, Stages


def run(
    problem: AbstractProblem,
    stages: "Stages",
    *,
    last_step: int,
    recorder: Recorder,
    hooks: Hooks,
    throw: bool,
) -> Solution:
    """Stages of steps, reports and a conclusion, whatever happens in between. The buffers of states are consumed."""
    first = next(stages)
    recorder.prepare()
    try:
        hooks.start(Start(problem, first.state, last_step, first.step))
        state, status, failure, speed = _take_stages(first, stages, last_step, recorder, hooks)
        metrics, unevaluated = recorder.conclude(state, speed)
        solution = Solution(problem, state, metrics, tuple(recorder.history), status)
        hooks("on_end", solution)
    finally:
        hooks.close()
    failure = failure or hooks.failure or unevaluated
    if failure is not None:
        failure.solution = solution
        if throw:
            raise failure
    return solution


def _take_stages(
    stage: "Stage", stages: "Stages", last_step: int, recorder: Recorder, hooks: Hooks
) -> tuple[TrainState, Status, TrainingError | None, float | None]:
    before: TrainState | None = None
    while True:
        pace = Pace()
        try:
            state, finite, interrupted, failure = _take_steps(stage, recorder, hooks, pace)
        except Exception as error:
            # A stage has a copy of what the one before has left.
            if before is None:
                raise
            return before, Status.stage_failed, StageError(int(before.step), error), None
        missing = int(state.step) < last_step
        if not finite:
            return state, Status.non_finite, failure, pace.steps_per_second
        if failure is not None:
            status = Status.evaluation_failed if missing else Status.completed
            return state, status, failure, pace.steps_per_second
        if hooks.failure is not None:
            status = Status.callback_failed if missing else Status.completed
            return state, status, hooks.failure, pace.steps_per_second
        if interrupted:
            return state, Status.interrupted if missing else Status.completed, None, pace.steps_per_second
        before = state
        try:
            stage = stages.send(state)
        except StopIteration as done:
            final = state if done.value is None else done.value
            return final, Status.completed, None, pace.steps_per_second
        except KeyboardInterrupt:
            return state, Status.interrupted, None, pace.steps_per_second
        except Exception as error:
            return state, Status.stage_failed, StageError(int(state.step), error), pace.steps_per_second


def _take_steps(
    stage: "Stage", recorder: Recorder, hooks: Hooks, pace: Pace
) -> tuple[TrainState, bool, bool, TrainingError | None]:
    """The state after the steps of a stage, whether it was finite, whether Ctrl-C came, and what went wrong."""
    step, state, report_every = stage.step, stage.state, stage.report_every
    assert report_every is not None and stage.num_report_points is not None
    taken = int(state.step)
    last = taken + stage.steps
    with deferred_interrupts() as interrupted:
        while True:
            began, target, carry = taken, min(taken + report_every, last), begin(state)
            finite, failure = True, None
            while taken < target and finite and not (interrupted() or hooks.stopped):
                goal = taken + pace.next(target - taken)
                carry = advance((step, jnp.asarray(goal, jnp.int32)), carry)
                state, finite = carry.state, bool(carry.finite)
                pace.record(int(state.step) - taken)
                taken = int(state.step)
                if taken > began:
                    progress = Progress(taken, float(carry.loss_sum) / (taken - began), pace.steps_per_second)
                    hooks("on_progress", progress)
            if taken > began:
                loss = float(carry.loss_sum) / (taken - began)
                try:
                    metrics = recorder.report(state, loss, pace.steps_per_second, stage.num_report_points)
                except Exception as error:
                    failure = EvaluationError(taken, error)
                else:
                    hooks("on_report", metrics, state)
            if not finite:
                return state, False, False, NonFiniteLossError(taken + 1, float(carry.loss))
            if failure is not None:
                return state, True, False, failure
            if taken == last or interrupted() or hooks.stopped:
                return state, True, interrupted() or hooks.interrupted, None
