import os
import pathlib

import jax.random as jr

from .._predictions import predictions
from .._solution import Solution
from ._base import AbstractCallback, Start


class Plots(AbstractCallback):
    """Draws, at the end of a run, `history.png` and, where the exact solution is known, `scatter.png`.

    The first shows loss and error against the step; the second the prediction against the exact solution at new points
    and, beside it, both less the best trivial ansatz, which shows what was learned beyond a constant.

    **Arguments:**

    - `folder`: where to put them.
    - `num_points`: the number of points of the scatter plot.
    """

    def __init__(self, folder: str | os.PathLike[str], *, num_points: int = 1_000):
        self.folder: pathlib.Path = pathlib.Path(folder)
        self.num_points = num_points

    def on_start(self, start: Start) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def on_end(self, solution: Solution) -> None:
        if solution.history:
            _draw_history(solution, self.folder / "history.png")
        if solution.metrics.relative_l2 is not None:
            _draw_scatter(solution, self.num_points, self.folder / "scatter.png")


def _figure(columns: int):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * columns, 4), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, columns, squeeze=False)[0]


def _draw_history(solution: Solution, path: pathlib.Path) -> None:
    known = solution.metrics.relative_l2 is not None
    figure, axes = _figure(2 if known else 1)
    steps = [metrics.step for metrics in solution.history]
    axes[0].semilogy(steps, [metrics.loss for metrics in solution.history])
    axes[0].set(xlabel="step", ylabel="loss (the best constant: 1)")
    if known:
        axes[1].semilogy(steps, [metrics.relative_l2 for metrics in solution.history], label="relative $L^2$")
        axes[1].semilogy(steps, [metrics.relative_l1 for metrics in solution.history], label="relative $L^1$")
        axes[1].axhline(solution.metrics.trivial_l2, color="gray", linestyle="--", label="trivial ansatz, $L^2$")
        axes[1].set(xlabel="step", ylabel="error")
        axes[1].legend()
    figure.savefig(path, dpi=150)


def _draw_scatter(solution: Solution, num_points: int, path: pathlib.Path) -> None:
    """At points that training has not seen."""
    state = solution.state
    options = {"num_points": num_points, "constant": state.scales.shift, "key": jr.fold_in(state.key, state.step)}
    predictions(solution.problem, solution.u, **options).plot().savefig(path, dpi=150)
