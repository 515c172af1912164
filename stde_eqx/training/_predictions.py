import dataclasses
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from .._arguments import check_count, check_key
from .._custom_types import Field
from ..operators import Exact
from ..problems import AbstractProblem, as_arguments
from ._chunks import points_per_chunk
from ._loss import batch_dtype
from ._trivial import trivial_ansatz
from ._validate import check_field, check_problem, knows_exact


if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class Predictions:
    """A function beside the exact solution, value by value: made by [`stde_eqx.training.predictions`][].

    **Attributes:**

    - `predicted`: the values of the function, shape `(points,)`, in double precision.
    - `exact`: those of the exact solution.
    - `trivial`: those of the best trivial ansatz, the boundary factor times a constant. What is left of the others
        when it is taken away is what there was to learn.
    """

    predicted: Float[np.ndarray, " points"]
    exact: Float[np.ndarray, " points"]
    trivial: Float[np.ndarray, " points"]

    def plot(self) -> "Figure":
        """Predicted against exact values; on the right both less the trivial ansatz: what was learned beyond it."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(10, 4), layout="constrained")
        FigureCanvasAgg(figure)
        beyond = self.exact - self.trivial, self.predicted - self.trivial
        names = "$u$", "$u$ less the trivial ansatz"
        for axes, pair, name in zip(figure.subplots(1, 2), ((self.exact, self.predicted), beyond), names, strict=True):
            exact, predicted = pair
            ends = [exact.min(), exact.max()]
            axes.plot(ends, ends, color="gray", linewidth=1, zorder=0)
            axes.scatter(exact, predicted, s=4, rasterized=True)
            axes.set(xlabel=f"exact {name}", ylabel=f"predicted {name}")
        return figure


def predictions(
    problem: AbstractProblem,
    u: Field,
    *,
    num_points: int = 1_000,
    constant: Float[Array, ""] | float = 0.0,
    key: PRNGKeyArray,
) -> Predictions:
    """A function, the exact solution and the best trivial ansatz at random points of a problem, to plot.

    **Arguments:**

    - `problem`: the PDE, with an exact solution.
    - `u`: the function, boundary condition included, such as `solution.u`.
    - `num_points`: how many points.
    - `constant`: one near the best, about which that is found; a good one, such as `solution.state.scales.shift`, keeps
        rounding small.
    - `key`: the randomness of the points.

    **Returns:** [`stde_eqx.training.Predictions`][].

    **Raises:** `ValueError` if the problem has no exact solution, or `u` does not map one of its points to a scalar.
    """
    check_problem(problem, Exact())
    check_key(key)
    num_points = check_count("num_points", num_points)
    check_field(problem, u, key=key)
    if not knows_exact(problem, key=key):
        raise ValueError(
            f"`{type(problem).__name__}.exact` returns None: without an exact solution there is nothing to compare a "
            "prediction with."
        )
    size = min(num_points, points_per_chunk(problem.dim))
    keys = jr.split(key, -(-num_points // size))
    chunks = [np.asarray(_chunk(problem, u, jnp.asarray(constant), key, size), np.float64) for key in keys]
    predicted, exact, about, slope = np.concatenate(chunks, axis=1)[:, :num_points]
    square = np.dot(slope, slope)
    delta = np.dot(slope, exact - about) / square if square else 0.0
    return Predictions(predicted, exact, about + delta * slope)


@eqx.filter_jit
def _chunk(problem, u, constant, key, size):
    points = problem.sample(size, key=key)
    constant = constant.astype(batch_dtype(points))

    def at_point(point):
        point = as_arguments(point)
        return jnp.stack([u(*point), problem.exact(*point), *trivial_ansatz(problem, constant, *point)])

    return jax.vmap(at_point, out_axes=1)(points)
