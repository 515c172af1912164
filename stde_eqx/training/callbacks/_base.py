import abc
from typing import NamedTuple, TYPE_CHECKING

from ...problems import AbstractProblem
from .._metrics import Metrics
from .._solution import Solution
from .._state import TrainState


if TYPE_CHECKING:
    from .._step import TrainStep


class Start(NamedTuple):
    """What is known when a run begins: the problem, the state, the number of the last step, and what a step is."""

    problem: AbstractProblem
    state: TrainState
    last_step: int
    step: "TrainStep"


class Progress(NamedTuple):
    """A sign of life, about twice a second: steps taken, the running mean of the loss, the speed if known yet."""

    step: int
    loss: float
    steps_per_second: float | None


class AbstractCallback(abc.ABC):  # noqa: B024 - every hook is optional
    """Something to do beside training: show, record, plot, save. Subclass it and define the hooks you need.

    The hooks run on the host, between dispatches to the device, and never change what is computed. An exception in
    `on_start` ends the run before it begins; in any later hook it ends the run in order, and the
    [`stde_eqx.training.CallbackError`][] that is raised carries the solution. `KeyboardInterrupt` ends the run as
    Ctrl-C does.
    """

    def on_start(self, start: Start) -> None:  # noqa: B027
        """Before the first step, and before the training step is compiled."""

    def on_progress(self, progress: Progress) -> None:  # noqa: B027
        """About twice a second, or after every step if steps take longer."""

    def on_report(self, metrics: Metrics, state: TrainState) -> None:  # noqa: B027
        """At every reporting interval. The buffers of `state` are reused after the hook: save or copy, don't keep."""

    def on_end(self, solution: Solution) -> None:  # noqa: B027
        """After the last step, however the run ended, with the evaluated solution."""

    def close(self) -> None:  # noqa: B027
        """Last of all, even after an unexpected exception: free files and terminals."""
