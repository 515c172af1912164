import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import tyro
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from ._branching import solve_branching
from ._cloud import checksum, cloud_points
from ._stored import dumps, loads, StoredReference
from ._value import ReferenceValue


# A long computation is done in so many runs, for the progress bar to move.
_RUNS = 16


@dataclass(frozen=True)
class Recompute:
    """Compute the reference values that the zoo is packaged with, or check them.

    For example:
      python -m zoo.references
      python -m zoo.references --check
      python -m zoo.references --dims 50 --cloud-dims --output mine.json
    """

    problem: str = "ParabolicAllenCahn"
    """The class of a problem in `zoo`, with `nonlinearity` and `initial`; the former a polynomial of degree three."""
    final_time: float = 0.3
    """How long after the data."""
    dims: tuple[int, ...] = (10, 100, 1_000, 10_000)
    """The dimensions for the value at the origin."""
    cloud_dims: tuple[int, ...] = (10, 100)
    """The dimensions for the values at the points of the cloud."""
    effort: int = 2**29
    """The product of the number of samples with the dimension, for a value at the origin."""
    cloud_effort: int = 2**22
    """The same, for each of the points of a cloud."""
    seed: int = 0
    """Of the random numbers; the points of the cloud do not depend on it."""
    output: Path = Path(__file__).with_name("values.json")
    """The file: entries for other problems, dimensions and times stay as they are."""
    check: bool = False
    """Write nothing: compute with the next seed and a sixteenth of the samples, and compare with the file."""

    def run(self) -> int:
        """Computes; 1 if a check fails, else 0."""
        console, tasks = Console(), self._tasks()
        before = loads(self.output.read_text(encoding="utf-8")) if self.output.exists() else []
        missing = [task for task in tasks if task.identity not in map(_identity, before)]
        if self.check and missing:
            dims = ", ".join(f"{task.points} dim={task.problem.dim}" for task in missing)
            raise ValueError(f"Nothing to check is stored in {self.output} for {self.problem}: {dims}.")
        found = []
        for entry in _compute(tasks):
            found.append(entry)
            if entry.points == "origin":
                console.print(f"{entry.problem} {entry.dim:>6}: {entry.values[0]:.8f} +- {entry.errors[0]:.1e}")
            if not self.check:
                # After each of them, so that an interruption loses little.
                kept = [each for each in before if _identity(each) not in map(_identity, found)]
                self.output.write_text(dumps(sorted(kept + found, key=_identity)), encoding="utf-8")
        return _compare(found, before, console) if self.check else 0

    def _tasks(self) -> "list[_Task]":
        effort, cloud_effort, seed = self.effort, self.cloud_effort, self.seed
        if self.check:
            effort, cloud_effort, seed = effort // 16, cloud_effort // 16, seed + 1
        problem = _problem_class(self.problem)
        tasks = [_Task(problem(dim, self.final_time), "origin", effort, _RUNS, seed) for dim in self.dims]
        return tasks + [_Task(problem(dim, self.final_time), "cloud", cloud_effort, 1, seed) for dim in self.cloud_dims]


def main(argv: Sequence[str] | None = None) -> int:
    """The command `python -m zoo.references`."""
    try:
        return tyro.cli(Recompute, args=argv, prog="python -m zoo.references").run()
    except ValueError as error:
        print(f"zoo.references: {error}", file=sys.stderr)
        return 2


def _problem_class(name: str) -> Any:
    import zoo  # which itself imports the references

    found = getattr(zoo, name, None)
    if not all(hasattr(found, each) for each in ("nonlinearity", "initial")):
        raise ValueError(f"{name} is no problem of reaction and diffusion in zoo, such as ParabolicAllenCahn.")
    return found


@dataclass(frozen=True)
class _Task:
    """One entry of the file, to be computed."""

    problem: Any
    points: str
    effort: int
    runs: int
    seed: int

    @property
    def identity(self) -> tuple:
        """What tells it from other entries."""
        return type(self.problem).__name__, self.points != "origin", self.problem.dim, self.problem.final_time

    @property
    def where(self) -> np.ndarray:
        """The points themselves."""
        dim = self.problem.dim
        return np.zeros((1, dim)) if self.points == "origin" else cloud_points(dim, self.problem.final_time)

    def compute(self, advance: Callable[[float], None]) -> StoredReference:
        """The entry; `advance` hears of every run how much it was."""
        num_samples = -(-self.effort // (self.problem.dim * self.runs))
        key = jr.fold_in(jr.key(self.seed), self.problem.dim)
        values = []
        for index, x in enumerate(self.where):
            found = []
            for run in range(self.runs):
                found.append(
                    solve_branching(
                        self.problem.nonlinearity,
                        self.problem.initial,
                        self.problem.final_time,
                        jnp.asarray(x, jnp.float32),
                        num_samples=num_samples,
                        key=jr.fold_in(jr.fold_in(key, index), run),
                    )
                )
                advance(self.effort / self.runs)
            values.append(_mean(found))
        return StoredReference(
            problem=type(self.problem).__name__,
            dim=self.problem.dim,
            final_time=self.problem.final_time,
            points=self.points,
            checksum=checksum(self.where),
            method="solve_branching",
            num_samples=num_samples * self.runs,
            seed=self.seed,
            values=tuple(float(f"{each.value:.9g}") for each in values),
            errors=tuple(float(f"{each.error:.3g}") for each in values),
        )


def _compute(tasks: list[_Task]) -> Iterator[StoredReference]:
    """The entries, one after the other, behind a progress bar."""
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task("", total=sum(len(task.where) * task.effort for task in tasks))
        for task in tasks:
            progress.update(bar, description=f"{task.points} {task.problem.dim}")
            yield task.compute(lambda effort: progress.advance(bar, effort))


def _mean(found: list[ReferenceValue]) -> ReferenceValue:
    """Of independent values with equally many samples."""
    error = math.sqrt(sum(each.error**2 for each in found)) / len(found)
    return ReferenceValue(math.fsum(each.value for each in found) / len(found), error)


def _identity(entry: StoredReference) -> tuple:
    return entry.problem, entry.points != "origin", entry.dim, entry.final_time


def _compare(found: list[StoredReference], before: list[StoredReference], console: Console) -> int:
    """A table of the largest differences in standard errors, and 1 if one of them is too large."""
    table = Table("points", "dim", "stored", "recomputed", "standard errors apart")
    failed = False
    for entry in found:
        stored = next(each for each in before if _identity(each) == _identity(entry))
        differences = np.subtract(entry.values, stored.values) / np.hypot(entry.errors, stored.errors)
        worst = int(np.argmax(np.abs(differences)))
        # The largest of 64 is more often large than a single one.
        bound = 4 if len(entry.values) == 1 else 5
        failed |= abs(differences[worst]) > bound
        numbers = f"{stored.values[worst]:.7f}", f"{entry.values[worst]:.7f}", f"{differences[worst]:+.2f}"
        table.add_row(entry.points, str(entry.dim), *numbers)
    console.print(table)
    return int(failed)
