from collections.abc import Sequence
from typing import Any

import equinox as eqx
from jaxtyping import PRNGKeyArray

import stde_eqx as stde


class OneRun:
    """Several calls of [`stde_eqx.train`][], each going on from the one before, that callbacks see as one run.

    Used as a context, that closes callbacks which an unexpected exception has left open.

    **Attributes:**

    - `state`: what has been trained so far.
    """

    state: stde.training.TrainState

    def __init__(self, callbacks: Sequence[stde.training.AbstractCallback], *, last_step: int, num_test_points: int):
        if not all(isinstance(callback, stde.training.AbstractCallback) for callback in callbacks):
            raise ValueError(
                f"`callbacks` must be a list of callbacks such as [stde.training.ProgressBar()], got {callbacks}."
            )
        self._num_test_points = num_test_points
        self._options: dict[str, Any] = {}
        self._callbacks = [_Relayed(callback, last_step) for callback in callbacks]
        self._history: tuple[stde.training.Metrics, ...] = ()
        self._metrics: stde.training.Metrics | None = None
        self._status = stde.training.Status.completed
        self._error: stde.training.TrainingError | None = None

    def __enter__(self) -> "OneRun":
        return self

    def __exit__(self, *_: object) -> None:
        for callback in self._callbacks:
            if not callback.closed:
                callback.inner.close()

    def part(self, problem: stde.AbstractProblem, u: Any, scales: dict[str, float], **options: Any) -> None:
        """Trains with these options of [`stde_eqx.train`][]; an error waits until the run is concluded."""
        self._options = options
        # The errors are measured once, in the end. What is no number of points is for `train` to refuse, at once.
        few = 1 if isinstance(self._num_test_points, int) and self._num_test_points > 0 else self._num_test_points
        try:
            solution = stde.train(problem, u, num_test_points=few, callbacks=self._callbacks, **scales, **options)
        except stde.training.TrainingError as error:
            solution, self._error = error.solution, error
        self.state, self._status = solution.state, solution.status
        *history, self._metrics = self._later((*solution.history, solution.metrics))
        self._history += tuple(history)
        for callback in self._callbacks:
            callback.offset = self._metrics.time

    def interrupt(self) -> None:
        """Ctrl-C between two parts."""
        self._status = stde.training.Status.interrupted

    @property
    def begun(self) -> bool:
        """Whether there is anything to keep."""
        return self._metrics is not None

    @property
    def stopped(self) -> bool:
        """Whether the last part has ended early."""
        return self._status is not stde.training.Status.completed or self._error is not None

    def conclude(self, problem: stde.AbstractProblem, *, key: PRNGKeyArray) -> stde.Solution:
        """Evaluates the state, ends the callbacks with it, and returns it or raises what has ended the run."""
        for callback in self._callbacks:
            callback.whole = self._whole
        options = self._options | {"steps": 0, "key": key, "num_test_points": self._num_test_points}
        try:
            solution = stde.train(problem, self.state, callbacks=self._callbacks, **options)
        except stde.training.TrainingError as error:
            solution, self._error = error.solution, self._error or error
        solution = self._whole(solution)
        if self._error is not None:
            self._error.solution = solution
            raise self._error
        return solution

    def _whole(self, last: stde.Solution) -> stde.Solution:
        """The solution of the last call, which took no step, as that of all calls."""
        assert self._metrics is not None
        (metrics,) = self._later((last.metrics,))
        metrics = eqx.tree_at(
            lambda m: (m.loss, m.steps_per_second),
            metrics,
            (self._metrics.loss, self._metrics.steps_per_second),
            is_leaf=lambda leaf: leaf is None,
        )
        return stde.Solution(last.problem, last.state, metrics, self._history, self._status)

    def _later(self, metrics: Sequence[stde.training.Metrics]) -> list[stde.training.Metrics]:
        """Metrics whose clock goes on where that of the calls before has stopped."""
        offset = 0.0 if self._metrics is None else self._metrics.time
        return [eqx.tree_at(lambda m: m.time, each, each.time + offset) for each in metrics]


class _Relayed(stde.training.AbstractCallback):
    """A callback as one call sees it: begun by the first, ended and closed by the last.

    One for each, so that one that fails costs the others nothing.
    """

    def __init__(self, inner: stde.training.AbstractCallback, last_step: int):
        self.inner = inner
        self.last_step = last_step
        self.begun = self.failed = self.closed = False
        self.offset = 0.0
        self.whole: Any = None

    def __str__(self) -> str:
        return str(self.inner)

    def on_start(self, start: stde.training.callbacks.Start) -> None:
        if not self.begun:
            self.inner.on_start(start._replace(last_step=self.last_step))
        self.begun = True

    def on_progress(self, progress: stde.training.callbacks.Progress) -> None:
        self._relay(self.inner.on_progress, progress)

    def on_report(self, metrics: stde.training.Metrics, state: stde.training.TrainState) -> None:
        self._relay(self.inner.on_report, eqx.tree_at(lambda m: m.time, metrics, metrics.time + self.offset), state)

    def on_end(self, solution: stde.Solution) -> None:
        if self.whole is not None:
            self._relay(self.inner.on_end, self.whole(solution))

    def close(self) -> None:
        if self.whole is not None:
            self.closed = True
            self.inner.close()

    def _relay(self, hook: Any, *args: Any) -> None:
        if self.failed:
            return
        try:
            hook(*args)
        except Exception:
            self.failed = True
            raise
