import math

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


class Evaluation(eqx.Module):
    r"""Errors of a trial function on random test points, beside what a constant achieves.

    **Attributes:**

    - `relative_l1`: $\sum_n |u(x_n) - u^*(x_n)| \,/\, \sum_n |u^*(x_n)|$.
    - `relative_l2`: $\sqrt{\sum_n (u(x_n) - u^*(x_n))^2 \,/\, \sum_n u^*(x_n)^2}$.
    - `trivial_l2`: the relative L2 error of the trivial ansatz, `problem.ansatz` of the best constant.
    - `num_points`: the number of test points.
    """

    relative_l1: float
    relative_l2: float
    trivial_l2: float
    num_points: int

    @property
    def skill(self) -> float:
        """`relative_l2 / trivial_l2`: 1 means nothing was learned, 0.1 ten times better than a constant."""
        return _ratio(self.relative_l2, self.trivial_l2)


def evaluate(
    problem: AbstractProblem,
    u: Field,
    *,
    num_points: int = 20_000,
    key: PRNGKeyArray,
    chunk_size: int | None = None,
) -> Evaluation:
    r"""Compares a function with the exact solution, on points drawn by the problem's own law.

    The points are drawn, used and forgotten chunk by chunk, so that a million dimensions fit; the same key and chunk
    size are the same points. The trivial ansatz is fitted to the same points: with $A[c]$ the ansatz of the constant
    $c$ and $b = \partial_c A[c]$, the best constant $c_0 + \delta$ minimises $\sum_n (r_n - \delta b_n)^2$ where
    $r = u^* - A[c_0]$, so

    $$\delta = \frac{\sum r b}{\sum b^2}, \qquad \min = \sum r^2 - \delta \sum r b,$$

    for every $c_0$. Taking for $c_0$ the best constant of the first chunk makes $\delta$ small, and the difference is
    free of cancellation; likewise every error is a difference at a point, squared after. Each chunk sums in the
    working precision, the chunks are summed in float64.

    **Arguments:**

    - `problem`: the PDE, with an exact solution.
    - `u`: the function to judge, boundary condition included, such as `solution.u`.
    - `num_points`: how many test points.
    - `key`: the randomness of the points.
    - `chunk_size`: how many points to hold in memory at once; by default as many as fit in 16 MiB of float32,
        at most 1 000.

    **Returns:**

    A [`stde_eqx.training.Evaluation`][].

    **Raises:**

    `ValueError` if the problem has no exact solution, or `u` does not map one of its points to a scalar.
    """
    check_problem(problem, Exact())
    check_key(key)
    num_points = check_count("num_points", num_points)
    chunk_size = None if chunk_size is None else check_count("chunk_size", chunk_size)
    check_field(problem, u, key=key)
    if not knows_exact(problem, key=key):
        raise ValueError(
            f"`{type(problem).__name__}.exact` returns None: without an exact solution there is no error to evaluate. "
            "The loss is what such a problem can report."
        )
    return measure(problem, u, num_points, key=key, chunk_size=chunk_size)


def measure(
    problem: AbstractProblem, u: Field, num_points: int, *, key: PRNGKeyArray, chunk_size: int | None = None
) -> Evaluation:
    """[`stde_eqx.evaluate`][] for arguments that have been checked."""
    size = points_per_chunk(problem.dim) if chunk_size is None else chunk_size
    num_chunks = -(-num_points // size)
    size = -(-num_points // num_chunks)
    keys = jr.split(key, num_chunks)
    pilot = _chunk_sums(problem, u, jnp.asarray(0.0), jnp.asarray(1.0), keys[0], size, jnp.asarray(num_points))
    constant = jnp.nan_to_num(pilot[4] / pilot[5])
    # Squares overflow or vanish long before the values do.
    mean = pilot[1] / min(size, num_points)
    unit = jnp.where((mean > 0) & jnp.isfinite(mean), mean, 1)
    sums = np.zeros(7)
    for index, chunk_key in enumerate(keys):
        left = jnp.asarray(num_points - index * size)
        sums += np.asarray(_chunk_sums(problem, u, constant, unit, chunk_key, size, left), np.float64)
    error_1, exact_1, error_2, exact_2, rb, bb, rr = sums.tolist()
    trivial_2 = max(0.0, rr - _ratio(rb, bb) * rb) if bb else rr
    return Evaluation(
        _ratio(error_1, exact_1),
        math.sqrt(_ratio(error_2, exact_2)),
        math.sqrt(_ratio(trivial_2, exact_2)),
        num_points,
    )


@eqx.filter_jit
def _chunk_sums(problem, u, constant, unit, key, size, num_valid) -> Float[Array, " 7"]:
    """The sums of one chunk of `size` points, of which the first `num_valid` count, of values in a unit."""

    def at_point(point):
        point = as_arguments(point)
        exact = problem.exact(*point)
        trivial, b = trivial_ansatz(problem, c0, *point)
        error, r, exact = (u(*point) - exact) / one, (exact - trivial) / one, exact / one
        return jnp.stack([jnp.abs(error), jnp.abs(exact), error**2, exact**2, r * b, b**2, r**2])

    points = problem.sample(size, key=key)
    c0, one = constant.astype(batch_dtype(points)), unit.astype(batch_dtype(points))
    terms = jax.vmap(at_point, out_axes=1)(points)
    return jnp.sum(jnp.where(jnp.arange(size) < num_valid, terms, 0), axis=1)


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else math.nan
