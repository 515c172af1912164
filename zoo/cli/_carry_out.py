import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.console import Console

import stde_eqx as stde
from stde_eqx.training import (
    AbstractCallback,
    MetricsCSV,
    NonFiniteLossError,
    Plots,
    ProgressBar,
    SaveModel,
    Status,
    TrainingError,
)

from ._errors import UsageError
from ._record import Record
from ._run_folder import RunFolder
from ._table import errors_table


def carry_out(
    options: Any,
    folder: RunFolder,
    train: Callable[[Sequence[AbstractCallback]], stde.Solution],
    *,
    what: str,
    if_not_finite: str,
) -> int:
    """Trains with a run folder and a live display, says how it ended, and returns the exit status.

    **Arguments:**

    - `options`: the command, for the record.
    - `folder`: where the run leaves what it made.
    - `train`: the training, given its callbacks.
    - `what`: a line on what is trained.
    - `if_not_finite`: what may help against a loss that is not finite.
    """
    if options.test_points < 1:
        raise UsageError(f"--test-points must be at least 1, got {options.test_points}")
    console = Console()
    console.print(what, highlight=False)
    callbacks = [
        Record(folder, options),
        MetricsCSV(folder.metrics),
        SaveModel(folder.model),
        Plots(folder.path),
        ProgressBar(console),
    ]
    try:
        with _terminated_as_interrupted():
            solution, failure = train(callbacks), None
    except TrainingError as error:
        solution, failure = error.solution, error
    print(errors_table(solution.metrics))
    print(f"run folder: {folder.path}")
    if isinstance(failure, NonFiniteLossError):
        _complain(
            f"the loss or its gradient was not finite at step {failure.step}; the model before it is in "
            f"{folder.path}. {if_not_finite}"
        )
        return 1
    if failure is not None:
        _complain(failure)
        return 1
    if solution.status is Status.interrupted:
        _complain(f"interrupted after step {solution.metrics.step}; what was trained is in {folder.path}")
        return 130
    return 0


def _complain(said: object) -> None:
    print("stde-eqx:", said, file=sys.stderr)


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM as Ctrl-C, within the context."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        # `None` is a handler that was not set from Python, and cannot be.
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
