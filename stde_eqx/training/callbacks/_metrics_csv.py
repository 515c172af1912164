import csv
import dataclasses
import os
import pathlib

from .._metrics import Metrics
from .._state import TrainState
from ._base import AbstractCallback, Start


class MetricsCSV(AbstractCallback):
    """Appends a line of metrics to a CSV file at every report; a quantity that is not known is left empty.

    **Arguments:**

    - `path`: the file. It must not exist yet: a run never overwrites the record of another.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path: pathlib.Path = pathlib.Path(path)

    def on_start(self, start: Start) -> None:
        if self.path.exists():
            raise FileExistsError(f"`{self.path}` exists: choose another file for the metrics, or remove it first.")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "x", newline="") as file:
            csv.writer(file).writerow(field.name for field in dataclasses.fields(Metrics))

    def on_report(self, metrics: Metrics, state: TrainState) -> None:
        with open(self.path, "a", newline="") as file:
            csv.writer(file).writerow(getattr(metrics, field.name) for field in dataclasses.fields(Metrics))
