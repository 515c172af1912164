from collections.abc import Sequence
from typing import Any

import jax.random as jr
import jinja2

import stde_eqx as stde

from ..._registry import list_domains, list_problems, list_solutions
from .._config import to_plain
from .._errors import UsageError
from .._finished_run import FinishedRun
from .._follow import Follow
from . import _figures


def page(runs: Sequence[FinishedRun], *, num_points: int) -> str:
    """The report of the first of some runs, beside the others, as HTML.

    `UsageError` if the others solve another problem than the first: their errors would not compare.
    """
    first = runs[0]
    for other in runs[1:]:
        if other.options.problem != first.options.problem or other.options.seed != first.options.seed:
            raise UsageError(
                f"{other.folder.path} solves another problem than {first.folder.path}: compare runs of one problem, "
                f"dimension and seed, here {_title(first)}, seed {first.options.seed}"
            )
    found = stde.training.predictions(
        first.problem,
        first.u,
        num_points=num_points,
        constant=first.model.shift,
        key=jr.fold_in(first.key, first.result["step"]),
    )
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("zoo.cli.report", ""), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("page.html").render(
        title=_title(first),
        problem=list_problems()[first.options.problem.name],
        solution=list_solutions()[first.options.problem.solution],
        domain=list_domains()[first.options.problem.domain],
        runs=[(run.folder.path.name, run.result) for run in runs],
        choices=_choices(runs),
        shown=_shown,
        figures={
            "curves": _figures.curves(runs),
            "scatter": _figures.scatter(found),
            "histogram": _figures.histogram(found),
            "slices": _figures.slices(first),
        },
        num_points=num_points,
    )


def _title(run: FinishedRun) -> str:
    chosen = run.options.problem
    return f"{chosen.name}, {chosen.solution}, {chosen.domain}, {chosen.dim:,} dimensions"


def _choices(runs: Sequence[FinishedRun]) -> list[tuple[str, list[str], bool]]:
    """Every option by its name on the command line, its value in each run, and whether these differ.

    What a recipe settles is shown with it.
    """
    flat = [dict(_flat(to_plain(run.options))) for run in runs]
    for run, options in zip(runs, flat, strict=True):
        if isinstance(run.options, Follow):
            options["recipe"] = f"{run.options.recipe}: {run.options.instructions}"
    names = list(dict.fromkeys(name for each in flat for name in each if name != "run_dir"))
    rows = []
    for name in names:
        values = [str(each.get(name, "")) for each in flat]
        rows.append((name.replace("_", "-"), values, len(set(values)) > 1))
    return rows


def _flat(options: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    pairs = []
    for name, value in options.items():
        pairs += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return pairs


def _shown(value: Any) -> str:
    """A figure as a reader wants it."""
    if value is None:
        return "-"
    if isinstance(value, float) and abs(value) < 1_000:
        return f"{value:.3g}" if abs(value) >= 1e-2 else f"{value:.2e}"
    if isinstance(value, float):
        return f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
