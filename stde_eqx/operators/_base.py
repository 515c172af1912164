import abc
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, Int, PRNGKeyArray

from .._custom_types import Field
from ._directions import Directions


class AbstractDistribution(eqx.Module):
    r"""A law of random vectors with $\mathbb{E}[v v^T] = I$."""

    @abc.abstractmethod
    def sample(self, num_samples: int, dim: int, dtype: Any, *, key: PRNGKeyArray) -> Float[Array, "samples dim"]:
        """Independent draws, one a row."""


class AbstractOperator(eqx.Module):
    """A linear differential operator, seen as a weighted set of directions.

    Call it on a function and a point, `operator(u, x)`, for its exact value, or give an estimator and a key.
    """

    @abc.abstractmethod
    def num_directions(self, dim: int) -> int:
        """How many directions the exact operator has in `dim` dimensions."""

    @abc.abstractmethod
    def directions(self, x: Float[Array, " dim"], rows: Int[Array, " rows"] | None = None) -> Directions:
        """The exact operator at `x`; or only the given rows of it, with the weights that they have there."""

    @abc.abstractmethod
    def random_directions(
        self, x: Float[Array, " dim"], num_samples: int, distribution: AbstractDistribution, *, key: PRNGKeyArray
    ) -> Directions:
        """Random directions in all coordinates at once, whose weighted sum has the operator as its expectation.

        **Raises:** `ValueError` where the operator has no such estimate for this distribution.
        """

    def __call__(
        self,
        u: Field,
        x: Float[Array, " dim"],
        *,
        estimator: "AbstractEstimator | None" = None,
        key: PRNGKeyArray | None = None,
    ) -> Any:
        """The operator applied to `u` at `x`.

        **Arguments:**

        - `u`: a function of one point of shape `(dim,)`, scalar, vector or PyTree valued.
        - `x`: the point. Use `jax.vmap` for many.
        - `estimator`: how to choose the directions; every one of them (`stde.Exact()`) if `None`.
        - `key`: the randomness of the estimator.

        **Returns:** an array or PyTree like `u(x)`.

        **Raises:** `ValueError` for a point that is not a vector, a missing key, or an estimator that does not fit.
        """
        return value_and_apply(self, u, x, estimator=estimator, key=key)[1]


class AbstractEstimator(eqx.Module):
    """How to choose the directions of an operator: all of them, or a random set with the operator as expectation."""

    @abc.abstractmethod
    def sample(
        self, operator: AbstractOperator, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> Directions:
        """One draw. Evaluate it by `directions.value_and_apply(u, x)`, at one point or at a whole batch of them.

        **Arguments:**

        - `operator`: what to estimate.
        - `x`: a point, of which most operators use the dimension and dtype only.
        - `key`: the randomness.

        **Raises:** `ValueError` for a missing key or more samples than there are directions.
        """


class Exact(AbstractEstimator):
    """Every direction of the operator: no randomness, and no key needed."""

    def sample(
        self, operator: AbstractOperator, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> Directions:
        return operator.directions(x)


def value_and_apply(
    operator: AbstractOperator,
    u: Field,
    x: Float[Array, " dim"],
    *,
    estimator: AbstractEstimator | None = None,
    key: PRNGKeyArray | None = None,
) -> tuple[Any, Any]:
    """`u(x)` and the operator applied to `u` at `x`, exact or estimated, from one sweep that traces `u` once.

    **Arguments:**

    - `operator`: a linear differential operator.
    - `u`: a function of one point of shape `(dim,)`, scalar, vector or PyTree valued.
    - `x`: the point. Use `jax.vmap` for many: one key for all shares the draw, a key per point draws per point.
    - `estimator`: how to choose the directions; every one of them (`stde.Exact()`) if `None`.
    - `key`: the randomness of the estimator.

    **Returns:** `u(x)`, and an array or PyTree like it.

    **Raises:** `ValueError` for a point that is not a vector, a missing key, or an estimator that does not fit.
    """
    if x.ndim != 1:
        raise ValueError(
            f"An operator acts at one point, of shape (dim,); got x of shape {x.shape}. "
            "For a batch of points write `jax.vmap(lambda x: operator(u, x))(points)`."
        )
    estimator = Exact() if estimator is None else estimator
    return estimator.sample(operator, x, key=key).value_and_apply(u, x)
