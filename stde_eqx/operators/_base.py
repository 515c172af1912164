import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int, PRNGKeyArray

from .._arguments import describe
from .._custom_types import Field
from ._directions import AbstractDirections, Directions
from ._point import check_function_and_point, check_point
from ._selection import Axes
from ._trace import TraceDirections


class AbstractDistribution(eqx.Module):
    r"""A law of random vectors with $\mathbb{E}[v v^T] = I$."""

    @abc.abstractmethod
    def sample(self, num_samples: int, dim: int, dtype: Any, *, key: PRNGKeyArray) -> Float[Array, "samples dim"]:
        """Random vectors, one a row."""

    @abc.abstractmethod
    def num_blocks(self, num_samples: int, dim: int) -> int:
        """Into how many equal blocks of consecutive vectors they fall, each independent of the others.

        With laws of independent vectors that is `num_samples`.

        **Raises:** `ValueError` where the number does not fit the law.
        """


class AbstractOperator(eqx.Module):
    """A linear differential operator.

    Call it on a function and a point, `operator(u, x)`, for its exact value, or give an estimator and a key. Operators
    add and subtract, take factors that are numbers or functions of the point, compose by `@`, and act on some of the
    coordinates by [`on`][stde_eqx.AbstractOperator.on].
    """

    @abc.abstractmethod
    def draw(
        self, sampler: "AbstractSampler", x: Float[Array, " dim"], *, key: PRNGKeyArray | None
    ) -> AbstractDirections:
        """The directions that a sampler chooses for this operator at `x`."""

    @abc.abstractmethod
    def most_terms(self, x: Float[Array, " dim"]) -> int:
        """The number of terms of the operator, or of that part of it which has most."""

    @abc.abstractmethod
    def on(self, selection: Axes) -> "AbstractOperator":
        """The same operator acting on some of the coordinates, given by a slice, a list or an array of their indices.

        Coefficients that are functions still see the whole point.

        **Raises:** `ValueError` for something else; on use, for coordinates that the point does not have.

        !!! example

            ```python
            stde.Laplacian().on(slice(1, None))  # all coordinates but the first, which is time
            ```
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

    def __add__(self, other: "AbstractOperator") -> "AbstractOperator":
        from ._algebra import added

        return added(self, other)

    def __sub__(self, other: "AbstractOperator") -> "AbstractOperator":
        from ._algebra import subtracted

        return subtracted(self, other)

    def __neg__(self) -> "AbstractOperator":
        from ._algebra import scaled

        return scaled(-1.0, self)

    def __rmul__(self, factor: ArrayLike | Callable[..., Any]) -> "AbstractOperator":
        from ._algebra import scaled

        return scaled(factor, self)

    def __mul__(self, factor: ArrayLike | Callable[..., Any]) -> "AbstractOperator":
        from ._algebra import scaled

        return scaled(factor, self)

    def __truediv__(self, divisor: ArrayLike) -> "AbstractOperator":
        from ._algebra import scaled

        return scaled(1 / jnp.asarray(divisor), self)

    def __matmul__(self, inner: "AbstractOperator") -> "AbstractOperator":
        from ._algebra import composed

        return composed(self, inner)


class AbstractDirectionalOperator(AbstractOperator):
    """An operator known by its directions: a weighted sum of terms, of which an estimator may take some.

    An operator of one's own is a subclass with these four methods. In all of them `x` is the whole point, for
    coefficients that depend on it, and `dim` the number of coordinates that the operator acts on.
    """

    @abc.abstractmethod
    def num_terms(self, x: Float[Array, " point"], *, dim: int) -> int:
        """How many terms the operator has; read off shapes alone."""

    @abc.abstractmethod
    def directions(
        self, x: Float[Array, " point"], rows: Int[Array, " rows"] | None = None, *, dim: int
    ) -> Directions | TraceDirections:
        """The exact operator at `x`; or the given terms of it, each as the same number of consecutive directions."""

    @abc.abstractmethod
    def magnitudes(self, x: Float[Array, " point"], *, dim: int) -> Float[Array, " terms"]:
        """The absolute values of the terms' coefficients, for sampling by importance."""

    @abc.abstractmethod
    def random_directions(
        self,
        x: Float[Array, " point"],
        num_samples: int,
        distribution: AbstractDistribution,
        *,
        dim: int,
        key: PRNGKeyArray,
    ) -> Directions | TraceDirections:
        """Random directions in all coordinates at once, whose weighted sum has the operator as its expectation.

        **Raises:** `ValueError` where the operator has no such estimate for this distribution.
        """

    def draw(
        self, sampler: "AbstractSampler", x: Float[Array, " dim"], *, key: PRNGKeyArray | None
    ) -> AbstractDirections:
        return sampler.sample_terms(self, x, dim=x.shape[0], key=key)

    def most_terms(self, x: Float[Array, " dim"]) -> int:
        return self.num_terms(x, dim=x.shape[0])

    def on(self, selection: Axes) -> AbstractOperator:
        from ._restricted import Restricted

        return Restricted(self, selection)


class AbstractSecondOrder(AbstractDirectionalOperator):
    r"""An operator $\operatorname{tr}(C H)$: one that has a product rule with a matrix."""

    @abc.abstractmethod
    def flux(self, x: Float[Array, " point"], vector: Float[Array, " dim"]) -> Float[Array, " dim"]:
        """The matrix at `x` times a vector of the coordinates that the operator acts on."""


class AbstractEstimator(eqx.Module):
    """How to apply an operator: exactly, or by a random estimate with the exact value as expectation."""

    @abc.abstractmethod
    def value_and_moments(
        self, operator: AbstractOperator, u: Field, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> tuple[Any, Any, Any]:
        """`u(x)`, the estimate, and an estimate of its variance; see [`stde_eqx.estimate`][]."""

    @abc.abstractmethod
    def value_and_apply(
        self, operator: AbstractOperator, u: Field, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> tuple[Any, Any]:
        """`u(x)` and the estimate; see [`stde_eqx.value_and_apply`][]."""


class AbstractSampler(AbstractEstimator):
    """An estimator that chooses directions: all of them, or a random set with the operator as expectation.

    One of one's own is a subclass with the methods `check` and `sample_terms`.
    """

    @abc.abstractmethod
    def check(self, operator: AbstractOperator, x: Float[Array, " dim"], *, key: PRNGKeyArray | None) -> None:
        """Raises `ValueError` if the operator as a whole does not fit the estimator, or a key is missing."""

    @abc.abstractmethod
    def sample_terms(
        self, operator: AbstractDirectionalOperator, x: Float[Array, " point"], *, dim: int, key: PRNGKeyArray | None
    ) -> Directions | TraceDirections:
        """One draw for an operator that is known by its directions; those built from others are sampled by parts.

        Where terms are sampled, a part with no more of them than there are samples is taken whole.
        """

    def sample(
        self, operator: AbstractOperator, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> AbstractDirections:
        """One draw. Evaluate it by `directions.value_and_apply(u, x)`, at one point, or under `jax.vmap` at many.

        **Arguments:**

        - `operator`: what to estimate.
        - `x`: a point, of which operators with constant coefficients use the dimension and dtype only.
        - `key`: the randomness.

        **Raises:** `ValueError` for a missing key, more samples than there are terms, or `x` that is not a point.
        """
        check_point(x)
        self.check(operator, x, key=key)
        return operator.draw(self, x, key=key)

    def value_and_apply(
        self, operator: AbstractOperator, u: Field, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> tuple[Any, Any]:
        return self.sample(operator, x, key=key).value_and_apply(u, x)

    def value_and_moments(
        self, operator: AbstractOperator, u: Field, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> tuple[Any, Any, Any]:
        return self.sample(operator, x, key=key).value_and_moments(u, x)


class Exact(AbstractSampler):
    """Every direction of the operator: no randomness, and no key needed."""

    def check(self, operator: AbstractOperator, x: Float[Array, " dim"], *, key: PRNGKeyArray | None) -> None:
        pass

    def sample_terms(
        self, operator: AbstractDirectionalOperator, x: Float[Array, " point"], *, dim: int, key: PRNGKeyArray | None
    ) -> Directions | TraceDirections:
        return operator.directions(x, dim=dim)


def estimator_or_exact(estimator: AbstractEstimator | None) -> AbstractEstimator:
    """The estimator, `Exact()` for `None`; `ValueError` for anything else."""
    if estimator is None:
        return Exact()
    if not isinstance(estimator, AbstractEstimator):
        raise ValueError(
            "`estimator` must be an estimator such as `stde.SparseSTDE(16)` or `stde.Exact()`, got "
            f"{describe(estimator)}."
        )
    return estimator


def value_and_apply(
    operator: AbstractOperator,
    u: Field,
    x: Float[Array, " dim"],
    *,
    estimator: AbstractEstimator | None = None,
    key: PRNGKeyArray | None = None,
) -> tuple[Any, Any]:
    """`u(x)` and the operator applied to `u` at `x`, exact or estimated, from sweeps that trace `u` once.

    **Arguments:**

    - `operator`: a linear differential operator.
    - `u`: a function of one point of shape `(dim,)`, scalar, vector or PyTree valued.
    - `x`: the point. Use `jax.vmap` for many: one key for all shares the draw, a key per point draws per point.
    - `estimator`: how to choose the directions; every one of them (`stde.Exact()`) if `None`.
    - `key`: the randomness of the estimator.

    **Returns:** `u(x)`, and an array or PyTree like it.

    **Raises:** `ValueError` for a point that is not a vector, a missing key, or an estimator that does not fit.
    """
    check_function_and_point(u, x)
    return estimator_or_exact(estimator).value_and_apply(operator, u, x, key=key)
