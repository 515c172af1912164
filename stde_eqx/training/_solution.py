import enum

import equinox as eqx

from ..nn import Affine
from ..problems import AbstractProblem
from ._metrics import Metrics
from ._state import TrainState
from ._trial import TrialFunction


class Status(enum.Enum):
    """How a run ended."""

    #: All the steps asked for were taken.
    completed = "completed"
    #: Ctrl-C ended it; the solution holds the steps taken until then.
    interrupted = "interrupted"
    #: A loss or an update was NaN or infinite; the solution holds the state before that step.
    non_finite = "non-finite"
    #: A callback raised; the solution holds the steps taken until then.
    callback_failed = "callback failed"
    #: The evaluation of a report raised; the solution holds the steps taken until then.
    evaluation_failed = "evaluation failed"
    #: A later stage, or what comes between stages, raised; the solution holds the stages before it.
    stage_failed = "stage failed"


class Solution(eqx.Module):
    """A trained solution of a problem.

    **Attributes:**

    - `problem`: the PDE.
    - `state`: the last [`stde_eqx.training.TrainState`][]; give it to [`stde_eqx.train`][] to go on.
    - `metrics`: the final [`stde_eqx.training.Metrics`][], errors on the full test set.
    - `history`: the metrics at every report, errors on the smaller set of test points.
    - `status`: how the run ended, a [`stde_eqx.training.Status`][].
    """

    problem: AbstractProblem
    state: TrainState
    metrics: Metrics
    history: tuple[Metrics, ...]
    status: Status

    def __str__(self) -> str:
        return f"Solution of {type(self.problem).__name__}, {self.status.value}: {self.metrics}"

    @property
    def u(self) -> TrialFunction:
        """The trained function of one point, boundary condition included."""
        return TrialFunction(self.problem, self.model)

    @property
    def model(self) -> Affine:
        """The trained network with its constant mode and scale, without the boundary condition."""
        return self.state.model
