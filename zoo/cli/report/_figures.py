"""The pictures of a report, each as the text of an SVG."""

import io
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import matplotlib
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

import stde_eqx as stde

from .._finished_run import FinishedRun


def curves(runs: Sequence[FinishedRun]) -> str:
    """Loss and skill, against the step and against the time."""
    figure, axes = _figure(3)
    for run in runs:
        history, name = run.history, run.folder.path.name
        if not history:
            continue
        axes[0].semilogy(history["step"], history["loss"], label=name)
        if "skill" in history:
            axes[1].semilogy(history["step"], history["skill"], label=name)
            axes[2].semilogy(history["time"], history["skill"], label=name)
    axes[0].set(xlabel="step", ylabel="loss (the best constant: 1)")
    axes[1].set(xlabel="step", ylabel="skill")
    axes[2].set(xlabel="seconds, compilation included", ylabel="skill")
    for axis in axes[1:]:
        axis.axhline(1, color="grey", linestyle="--", linewidth=0.8)
    if len(runs) > 1:
        axes[0].legend(fontsize="small")
    return _svg(figure)


def scatter(found: stde.training.Predictions) -> str:
    """Predicted against exact values; on the right less what a constant explains."""
    return _svg(found.plot())


def histogram(found: stde.training.Predictions) -> str:
    """How the errors are distributed, relative to the root mean square of the solution."""
    scale = np.sqrt(np.mean(found.exact**2))
    figure, (axis,) = _figure(1, width=7.0)
    errors = {"trained": found.predicted - found.exact, "trivial ansatz": found.trivial - found.exact}
    tiny = np.finfo(np.float32).tiny
    sizes = {name: np.maximum(np.abs(error) / scale, tiny) for name, error in errors.items()}
    low, high = (np.quantile(np.concatenate(list(sizes.values())), q) for q in (0.002, 1.0))
    edges = np.geomspace(low, max(high, 1.01 * low), 60)
    for name, size in sizes.items():
        axis.hist(size, edges, alpha=0.6, label=name)
    axis.set(xlabel="error of a point, relative to the root mean square of $u$", ylabel="points", xscale="log")
    axis.legend()
    return _svg(figure)


def slices(run: FinishedRun) -> str:
    """The solution along three lines through the middle of the domain, and its error there."""
    dim = run.problem.dim
    random = jr.normal(jr.key(run.options.seed), (dim,))
    lines = {
        "along the first coordinate": jnp.zeros(dim).at[0].set(1.0),
        "along the diagonal": jnp.full(dim, dim**-0.5),
        "in a random direction": random / jnp.linalg.norm(random),
    }
    figure, axes = _figure(len(lines), rows=2)
    for column, (name, direction) in enumerate(lines.items()):
        extent = run.problem.domain.extent(direction)
        places = jnp.linspace(-extent, extent, 201)
        points = places[:, None] * direction[None]
        exact, predicted = (np.asarray(jax.lax.map(u, points)) for u in (run.problem.exact, run.u))
        above, below = axes[column], axes[len(lines) + column]
        above.plot(places, exact, linewidth=4, alpha=0.4, label="exact")
        above.plot(places, predicted, label="trained")
        below.plot(places, predicted - exact)
        above.set(title=name)
        below.set(xlabel="distance from the centre", ylabel="error")
    axes[0].set(ylabel="$u$")
    axes[0].legend()
    return _svg(figure)


def _figure(columns: int, *, rows: int = 1, width: float | None = None) -> tuple[Figure, Sequence[Any]]:
    figure = Figure(figsize=(width or 4 * columns, 3.2 * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False).ravel().tolist()


def _svg(figure: Figure) -> str:
    """Without the file's header: an element to put into a page."""
    FigureCanvasSVG(figure)
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "stde-eqx"}):
        text = io.StringIO()
        figure.savefig(text, format="svg", dpi=150, metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]
