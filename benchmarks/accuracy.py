"""How accurate a solution is after how long: recipes beside the paper's errors and the trivial ansatz.

python benchmarks/accuracy.py --dims 100 1000
python benchmarks/accuracy.py --dims 100 --domains cube ball space --recipes accurate

Runs that are in the results already are not repeated, so an interrupted study goes on where it was.
"""

import csv
import dataclasses
import pathlib
import statistics
import time
from collections.abc import Sequence

import jax.random as jr
import tyro
from matplotlib.figure import Figure

import stde_eqx as stde
import zoo
from _literature import PAPER
from _plot import plain_times
from _table import machine, publish, write_csv


EQUATIONS = {"Poisson": zoo.Poisson, "Allen-Cahn": zoo.AllenCahn, "Sine-Gordon": zoo.SineGordon}
SOLUTIONS = {"two-body": zoo.TwoBody, "three-body": zoo.ThreeBody, "sine three-body": zoo.SineThreeBody}
DOMAINS = {
    "unit ball": zoo.UnitBall,
    "ball": lambda dim: zoo.Ball(dim, dim**0.5),
    "cube": lambda dim: zoo.Cube(dim, half_width=2.0),
    "space": zoo.WholeSpace,
}
RECIPES = {
    "paper's, re-run": lambda dim: zoo.recipes.paper(),
    "quick": lambda dim: zoo.recipes.quick(),
    "accurate": zoo.recipes.accurate,
}


@dataclasses.dataclass(frozen=True, order=True)
class Case:
    """What is solved."""

    domain: str
    equation: str
    solution: str
    dim: int

    def problem(self, seed: int):
        solution = SOLUTIONS[self.solution](self.dim, key=jr.key(seed), domain=DOMAINS[self.domain](self.dim))
        return EQUATIONS[self.equation](solution)

    @property
    def paper(self) -> float | None:
        """The paper's error, on its own domain."""
        return PAPER.get((self.equation, self.solution), {}).get(self.dim) if self.domain == "unit ball" else None


@dataclasses.dataclass(frozen=True)
class Result:
    """A finished run."""

    case: Case
    recipe: str
    seed: int
    error: float
    trivial: float
    seconds: float

    @property
    def key(self) -> tuple:
        return (self.case, self.recipe, self.seed)


COLUMNS = ("domain", "equation", "solution", "dim", "recipe", "seed", "error", "trivial", "seconds")
HISTORY = ("domain", "equation", "solution", "dim", "recipe", "seed", "step", "seconds", "skill")
TABLE = (
    "domain",
    "equation",
    "solution",
    "d",
    "recipe",
    "error",
    "trivial",
    "skill",
    "of each seed",
    "paper",
    "minutes",
)


def main(
    dims: tuple[int, ...] = (100, 1_000),
    equations: tuple[str, ...] = tuple(EQUATIONS),
    solutions: tuple[str, ...] = ("two-body", "three-body"),
    domains: tuple[str, ...] = ("unit ball",),
    recipes: tuple[str, ...] = tuple(RECIPES),
    *,
    seeds: tuple[int, ...] = (0, 1, 2),
    steps: int | None = None,
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Train by recipes, and write a table, all runs and their histories as CSV, and a plot for each domain.

    Args:
        dims: Dimensions.
        equations: Which.
        solutions: Which.
        domains: Which.
        recipes: Which.
        seeds: Each with coefficients, a network and points of its own.
        steps: Of each phase, in place of the recipe's own; it is then a recipe of another name.
        output: The folder for the results.
    """
    output.mkdir(parents=True, exist_ok=True)
    results, history = _read(output)
    done = {result.key for result in results}
    cases = [Case(*names, dim) for dim in dims for names in _product(domains, equations, solutions)]
    for case in cases:
        for recipe in recipes:
            for seed in seeds:
                name = recipe if steps is None else f"{recipe}, {steps} steps"
                if (case, name, seed) in done:
                    continue
                print(f"{case}, {name}, seed {seed}", flush=True)
                result, progress = _run(case, recipe, name, seed, steps)
                results.append(result)
                history += progress
                _write(output, results, history)
    _write(output, results, history)


def _product(domains, equations, solutions):
    return [(d, e, s) for d in domains for e in equations for s in solutions]


def _run(case: Case, recipe: str, name: str, seed: int, steps: int | None) -> tuple[Result, list[tuple]]:
    chosen = RECIPES[recipe](case.dim)
    if steps is not None:
        phases = tuple(dataclasses.replace(phase, steps=steps) for phase in chosen.phases)
        chosen = dataclasses.replace(chosen, phases=phases)
    began = time.perf_counter()
    callbacks = [stde.training.ProgressBar()]
    solution = chosen.train(case.problem(seed), key=jr.key(1_000 + seed), callbacks=callbacks)
    seconds = time.perf_counter() - began
    metrics = solution.metrics
    assert metrics.relative_l2 is not None and metrics.trivial_l2 is not None
    progress = [
        (*dataclasses.astuple(case), name, seed, m.step, round(m.time, 2), f"{m.skill:.4g}") for m in solution.history
    ]
    return Result(case, name, seed, metrics.relative_l2, metrics.trivial_l2, seconds), progress


def _read(output: pathlib.Path) -> tuple[list[Result], list[tuple]]:
    results, history = [], []
    if (path := output / "accuracy_runs.csv").exists():
        for row in csv.DictReader(path.open()):
            case = Case(row["domain"], row["equation"], row["solution"], int(row["dim"]))
            figures = (float(row[name]) for name in ("error", "trivial", "seconds"))
            results.append(Result(case, row["recipe"], int(row["seed"]), *figures))
    if (path := output / "accuracy_history.csv").exists():
        history = [tuple(row[name] for name in HISTORY) for row in csv.DictReader(path.open())]
    return results, history


def _write(output: pathlib.Path, results: Sequence[Result], history: Sequence[tuple]) -> None:
    ordered = sorted(results, key=lambda r: (r.case, list(RECIPES).index(_plain(r.recipe)), r.recipe, r.seed))
    rows = [
        (
            *map(str, dataclasses.astuple(r.case)),
            r.recipe,
            str(r.seed),
            f"{r.error:.4g}",
            f"{r.trivial:.4g}",
            f"{r.seconds:.1f}",
        )
        for r in ordered
    ]
    write_csv(output / "accuracy_runs.csv", COLUMNS, rows)
    write_csv(output / "accuracy_history.csv", HISTORY, [tuple(map(str, row)) for row in history])
    groups: dict[tuple, list[Result]] = {}
    for result in ordered:
        groups.setdefault((result.case, result.recipe), []).append(result)
    table = [_table_row(case, recipe, group) for (case, recipe), group in groups.items()]
    publish(output, "accuracy", TABLE, table, f"Medians over the seeds. {machine()}.")
    for domain in dict.fromkeys(result.case.domain for result in ordered):
        _plot(output / f"accuracy_{domain.replace(' ', '_')}.png", domain, ordered, history)


def _plain(recipe: str) -> str:
    """The recipe of a name, which may say how many steps it took."""
    return next(name for name in RECIPES if recipe.startswith(name))


def _table_row(case: Case, recipe: str, group: Sequence[Result]) -> tuple[str, ...]:
    middle = lambda values: statistics.median(values)
    skills = [r.error / r.trivial for r in group]
    return (
        case.domain,
        case.equation,
        case.solution,
        str(case.dim),
        recipe,
        f"{middle([r.error for r in group]):.1e}",
        f"{middle([r.trivial for r in group]):.1e}",
        f"{middle(skills):.2g}",
        " ".join(f"{skill:.2g}" for skill in skills),
        "-" if case.paper is None else f"{case.paper:.1e}",
        f"{middle([r.seconds for r in group]) / 60:.2g}",
    )


def _plot(path: pathlib.Path, domain: str, results: Sequence[Result], history: Sequence[tuple]) -> None:
    """The skill against the minutes: a column of axes for each dimension, a row for each solution."""
    shown = [r for r in results if r.case.domain == domain]
    dims, solutions = sorted({r.case.dim for r in shown}), sorted({r.case.solution for r in shown})
    figure = Figure(figsize=(1 + 3.6 * len(dims), 0.8 + 2.8 * len(solutions)), layout="constrained")
    grid = figure.subplots(len(solutions), len(dims), squeeze=False, sharey="row")
    colours = {recipe: f"C{i}" for i, recipe in enumerate(RECIPES)}
    styles = dict(zip(EQUATIONS, ("-", "--", ":"), strict=True))
    for axes_row, solution in zip(grid, solutions, strict=True):
        for axes, dim in zip(axes_row, dims, strict=True):
            there = [r for r in shown if (r.case.solution, r.case.dim) == (solution, dim)]
            axes.set_visible(bool(there))
            for result in there:
                name = (*map(str, dataclasses.astuple(result.case)), result.recipe, str(result.seed))
                points = [tuple(map(float, row[-2:])) for row in history if tuple(map(str, row[:6])) == name]
                axes.loglog(
                    [seconds / 60 for seconds, _ in points],
                    [skill for _, skill in points],
                    styles[result.case.equation],
                    color=colours[_plain(result.recipe)],
                    linewidth=1,
                )
            axes.axhline(1, color="grey", linewidth=0.8)
            axes.set_title(f"{solution}, d = {dim:,}", fontsize="medium")
            axes.grid(alpha=0.3)
            plain_times(axes)
        axes_row[0].set_ylabel("error / that of the trivial ansatz")
    for axes in grid[-1]:
        axes.set_xlabel("minutes")
    drawn = [recipe for recipe in RECIPES if any(_plain(r.recipe) == recipe for r in shown)]
    lines = [grid[0][0].plot([], [], color=colours[recipe], label=recipe)[0] for recipe in drawn]
    equations = [e for e in EQUATIONS if any(r.case.equation == e for r in shown)]
    lines += [grid[0][0].plot([], [], styles[e], color="black", label=e)[0] for e in equations]
    figure.legend(handles=lines, loc="outside lower center", ncols=len(lines), frameon=False, fontsize="small")
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    tyro.cli(main)
