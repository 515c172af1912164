import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._batching import at_all
from .._custom_types import Field
from ..operators import AbstractEstimator
from ..problems import AbstractPenalty, AbstractProblem, as_arguments


def residuals(
    problem: AbstractProblem,
    net: Field,
    points: Any,
    *,
    estimator: AbstractEstimator,
    key: PRNGKeyArray,
    share_draw: bool,
    chunk_size: int | None = None,
) -> Float[Array, "points ..."]:
    r"""The residual of `problem.ansatz(net)` at every point of a batch.

    **Arguments:**

    - `problem`: the PDE.
    - `net`: the network inside the ansatz, a callable of one point.
    - `points`: shape `(points, dim)`, or a tuple of times and points.
    - `estimator`: how to apply the operators.
    - `key`: the randomness of the estimator.
    - `share_draw`: `True` for one draw of the estimator that all points share, `False` for a draw per point.
    - `chunk_size`: how many points at once, a divisor of how many there are; all if `None`.

    **Returns:**

    Shape `(points,)`, or `(points, parts)` for a residual with several parts.
    """
    u = problem.ansatz(net)
    residual = lambda point, k: problem.residual(u, *as_arguments(point), estimator=estimator, key=k)
    if share_draw:
        return at_all(lambda point: residual(point, key), points, chunk_size=chunk_size)
    return at_all(lambda item: residual(*item), (points, jr.split(key, batch_size(points))), chunk_size=chunk_size)


def penalty_points(problem: AbstractProblem, *, key: PRNGKeyArray) -> list[tuple[AbstractPenalty, Any]]:
    """The problem's penalties, each with random points of its own."""
    return [
        (penalty, penalty.sample(penalty.num_points, key=jr.fold_in(key, index)))
        for index, penalty in enumerate(problem.penalties())
    ]


def penalty_parts(
    problem: AbstractProblem, net: Field, *, key: PRNGKeyArray
) -> list[tuple[float, Float[Array, "points ..."]]]:
    r"""The problem's penalties of `problem.ansatz(net)`: the weight of each, and what should vanish at its points.

    **Arguments:**

    - `problem`: the PDE.
    - `net`: the network inside the ansatz, a callable of one point.
    - `key`: the randomness of the points.

    **Returns:** pairs, the arrays of shape `(points,)` or `(points, parts)`.
    """
    u = problem.ansatz(net)
    parts = []
    for penalty, points in penalty_points(problem, key=key):
        at_point = lambda point, penalty=penalty: penalty.residual(u, *as_arguments(point))
        parts.append((penalty.weight, jax.vmap(at_point)(points)))
    return parts


class AbstractLoss(eqx.Module):
    """What training minimises, made from the residuals of a batch."""

    @abc.abstractmethod
    def __call__(
        self, draw: Callable[[PRNGKeyArray], Float[Array, "points ..."]], *, key: PRNGKeyArray
    ) -> Float[Array, ""]:
        """The loss, given a function that draws the scaled residuals of the batch from a key."""


class MeanSquare(AbstractLoss):
    r"""$\frac1N \sum_n r_n^2$, summed over the parts of a residual.

    With an estimated residual $\hat r$ its expectation is $\frac1N \sum_n r_n^2 + \operatorname{Var} \hat r_n$:
    training also makes the variance small. In practice that is harmless, and sampling costs half of what
    [`stde_eqx.UnbiasedSquare`][] does.
    """

    def __call__(
        self, draw: Callable[[PRNGKeyArray], Float[Array, "points ..."]], *, key: PRNGKeyArray
    ) -> Float[Array, ""]:
        return mean_square(draw(key))


class UnbiasedSquare(AbstractLoss):
    r"""$\frac1N \sum_n \hat r_n \hat r_n'$ with two independent draws, whose expectation is the mean square of $r$.

    It may be negative, and costs twice as much.

    ??? cite "Reference"

        Shi, Hu, Lin and Kawaguchi, *Stochastic Taylor Derivative Estimator*, NeurIPS 2024, eq. 25.
    """

    def __call__(
        self, draw: Callable[[PRNGKeyArray], Float[Array, "points ..."]], *, key: PRNGKeyArray
    ) -> Float[Array, ""]:
        first, second = map(draw, jr.split(key))
        return jnp.sum(first * second) / first.shape[0]


def mean_square(values: Float[Array, "points ..."]) -> Float[Array, ""]:
    """The mean over points of the sum over parts of the squares."""
    return jnp.sum(values**2) / values.shape[0]


def batch_size(points: Any) -> int:
    """How many points a batch has."""
    return jax.tree.leaves(points)[0].shape[0]


def batch_dtype(points: Any) -> Any:
    """The floating-point type of the points of a batch."""
    return jnp.result_type(*jax.tree.leaves(points))
