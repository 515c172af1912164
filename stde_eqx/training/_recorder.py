import time

from jaxtyping import PRNGKeyArray

from ..problems import AbstractProblem
from ._errors import EvaluationError
from ._evaluate import measure
from ._metrics import Metrics
from ._state import TrainState
from ._trial import TrialFunction
from ._validate import knows_exact


class Recorder:
    """Measures a run as it goes: its clock, its fixed test points, its history."""

    def __init__(self, problem: AbstractProblem, *, key: PRNGKeyArray, num_test_points: int):
        self._problem = problem
        self._key = key
        self._num_test_points = num_test_points
        self._start = time.perf_counter()
        self._has_exact = False
        self.history: list[Metrics] = []

    def prepare(self) -> None:
        """Finds out whether there is a solution to compare with, once network and problem are known to fit."""
        self._has_exact = knows_exact(self._problem, key=self._key)

    def report(self, state: TrainState, loss: float | None, steps_per_second: float | None, num_points: int) -> Metrics:
        """The metrics at a reporting interval, on the first so many test points; they join the history."""
        metrics = self._measured(state, loss, steps_per_second, num_points)
        self.history.append(metrics)
        return metrics

    def conclude(self, state: TrainState, steps_per_second: float | None) -> tuple[Metrics, EvaluationError | None]:
        """The final metrics, on the full test set; without errors if Ctrl-C or an exception cuts that short."""
        loss, failure = self.history[-1].loss if self.history else None, None
        try:
            return self._measured(state, loss, steps_per_second, self._num_test_points), None
        except KeyboardInterrupt:
            pass
        except Exception as error:
            failure = EvaluationError(int(state.step), error)
        return self._measured(state, loss, steps_per_second, 0), failure

    def _measured(
        self, state: TrainState, loss: float | None, steps_per_second: float | None, num_points: int
    ) -> Metrics:
        if self._has_exact and num_points:
            errors = measure(self._problem, TrialFunction(self._problem, state.model), num_points, key=self._key)
            found = errors.relative_l1, errors.relative_l2, errors.trivial_l2, errors.skill
        else:
            found = None, None, None, None
        return Metrics(int(state.step), loss, *found, time.perf_counter() - self._start, steps_per_second)
