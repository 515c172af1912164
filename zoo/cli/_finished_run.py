import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jaxtyping import PRNGKeyArray

import stde_eqx as stde

from ..elliptic import AbstractElliptic
from ._config import load_config
from ._errors import UsageError
from ._follow import Follow
from ._run_folder import RunFolder
from ._solve import Solve


@dataclass(frozen=True)
class FinishedRun:
    """What a run folder holds, read back.

    **Attributes:**

    - `folder`: where it lies.
    - `options`: the choices of the run.
    - `problem`: what it solved.
    - `model`: the trained network, with its constant mode and scale.
    - `key`: the key of its training.
    """

    folder: RunFolder
    options: Solve | Follow
    problem: AbstractElliptic
    model: stde.nn.Affine
    key: PRNGKeyArray

    @classmethod
    def load(cls, path: Path) -> "FinishedRun":
        """Reads a run folder; `UsageError` says what is missing."""
        folder = RunFolder(path)
        options = load_config(Solve | Follow, folder.config)
        problem, network, key = options.setting()
        try:
            model = stde.training.load(folder.model, like=stde.nn.Affine(network))
        except FileNotFoundError:
            raise UsageError(f"{folder.path} has no trained model: its run has not ended") from None
        return cls(folder, options, problem, model, key)

    @property
    def u(self) -> Callable[..., Any]:
        """The trained function of one point, boundary condition included."""
        return self.problem.ansatz(self.model)

    @property
    def result(self) -> dict[str, Any]:
        """How the run ended: its status and its final metrics."""
        try:
            return yaml.safe_load(self.folder.result.read_text())
        except FileNotFoundError:
            raise UsageError(f"{self.folder.path} has no {self.folder.result.name}: its run has not ended") from None

    @property
    def history(self) -> dict[str, list[float]]:
        """The metrics of every report by column, without those that are not known."""
        try:
            with open(self.folder.metrics, newline="") as file:
                rows = list(csv.DictReader(file))
        except FileNotFoundError:
            raise UsageError(f"{self.folder.path} has no {self.folder.metrics.name}") from None
        columns = rows[0].keys() if rows else ()
        return {name: [float(row[name]) for row in rows] for name in columns if all(row[name] for row in rows)}
