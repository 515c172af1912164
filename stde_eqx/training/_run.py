import jax.numpy as jnp

from ._advance import advance, begin
from ._errors import NonFiniteLossError, TrainingError
from ._hooks import Hooks
from ._interrupts import deferred_interrupts
from ._pace import Pace
from ._recorder import Recorder
from ._solution import Solution, Status
from ._state import TrainState
from ._step import TrainStep
from .callbacks import Progress, Start


def run(
    step: TrainStep,
    state: TrainState,
    *,
    last: int,
    report_every: int,
    recorder: Recorder,
    hooks: Hooks,
    throw: bool,
) -> Solution:
    """Steps, reports and concludes, whatever happens in between. The buffers of `state` are consumed."""
    try:
        hooks.start(Start(step.problem, state, last, step))
        pace = Pace()
        state, status, failure = _take_steps(step, state, last, report_every, recorder, hooks, pace)
        metrics = recorder.conclude(state, pace.steps_per_second)
        solution = Solution(step.problem, state, metrics, tuple(recorder.history), status)
        hooks("on_end", solution)
    finally:
        hooks.close()
    failure = failure or hooks.failure
    if failure is not None:
        failure.solution = solution
        if throw:
            raise failure
    return solution


def _take_steps(
    step: TrainStep, state: TrainState, last: int, report_every: int, recorder: Recorder, hooks: Hooks, pace: Pace
) -> tuple[TrainState, Status, TrainingError | None]:
    taken = int(state.step)
    with deferred_interrupts() as interrupted:
        while True:
            began, target, carry = taken, min(taken + report_every, last), begin(state)
            finite = True
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
                metrics = recorder.report(state, float(carry.loss_sum) / (taken - began), pace.steps_per_second)
                hooks("on_report", metrics, state)
            if not finite:
                return state, Status.non_finite, NonFiniteLossError(taken + 1, float(carry.loss))
            if taken == last:
                return state, Status.completed, None
            if hooks.failure is not None:
                return state, Status.callback_failed, hooks.failure
            if interrupted() or hooks.interrupted:
                return state, Status.interrupted, None
