import os
import pathlib

from .._checkpoint import save
from .._metrics import Metrics
from .._state import TrainState
from ._base import AbstractCallback


class Checkpoint(AbstractCallback):
    """Saves the whole training state at reports, so that a run that is killed can be continued.

    Read it back with `stde.training.load(path, like=step.init(network, key=key))`.

    **Arguments:**

    - `path`: the file, replaced at every report; it is complete at every moment.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path: pathlib.Path = pathlib.Path(path)

    def on_report(self, metrics: Metrics, state: TrainState) -> None:
        save(self.path, state)
