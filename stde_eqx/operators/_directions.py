import abc
import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._custom_types import Field
from ..taylor import directional_derivatives, weighted_derivative
from ._design import AbstractDesign, Draws, variance_of_total
from ._selection import Selection
from ._tangents import AbstractTangents


class AbstractDirections(eqx.Module):
    """One draw of an operator: what an estimator returns, ready to be applied at a point or at a batch of them."""

    @abc.abstractmethod
    def value_and_apply(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        """`u(x)` and the drawn operator applied to `u` there, from sweeps that trace `u` once.

        **Arguments:**

        - `u`: a function of one point, returning an array or a PyTree of arrays.
        - `x`: the point, of shape `(dim,)`.

        **Returns:** two PyTrees.
        """

    @abc.abstractmethod
    def value_and_moments(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any, Any]:
        """The same two, and an estimate of the variance of the second over draws: three PyTrees."""


class AbstractTerms(AbstractDirections):
    """A draw whose terms can be told apart."""

    @property
    @abc.abstractmethod
    def designs(self) -> tuple[AbstractDesign, ...]:
        """How the terms were sampled, for each of the axes on which they lie."""

    @abc.abstractmethod
    def value_and_terms(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        """`u(x)`, and the terms whose sum over the leading axes, one for each design, is the estimate."""


def moments_of_terms(draw: AbstractTerms, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any, Any]:
    value, terms = draw.value_and_terms(u, x)
    total = jax.tree.map(lambda y: jnp.sum(y, axis=tuple(range(len(draw.designs)))), terms)
    return value, total, jax.tree.map(lambda y: variance_of_total(y, draw.designs), terms)


class Directions(AbstractTerms):
    r"""A weighted set of directions: $L u(x) = \sum_r w_r D^K u(x)[v_r, \ldots, v_r]$.

    One object is both a homogeneous differential operator and one draw of its estimate. A draw may be used at many
    points: under `jax.vmap` over points alone, it is shared, and the work that depends on the directions only is done
    once. Terms of lower order along the same directions come at no extra cost.

    **Arguments:**

    - `tangents`: the vectors $v_r$.
    - `weights`: one weight $w_r$ per direction, or a scalar that is common to all.
    - `order`: $K \ge 1$.
    - `lower`: for any of the orders $k < K$, one weight per direction of $D^k u(x)[v_r, \ldots, v_r]$.
    - `design`: how the terms were drawn, each being the same number of consecutive directions; as many terms as
        directions, all of them, if `None`.

    **Raises:** `ValueError` for an order that is not positive, or a lower one that is not among $0, \ldots, K - 1$.

    ??? cite "Reference"

        Every homogeneous operator has this form by polarisation: Griewank, Utke and Walther, *Evaluating higher
        derivative tensors by forward propagation of univariate Taylor series*, Mathematics of Computation 69 (2000).
    """

    tangents: AbstractTangents
    weights: Float[Array, " directions"] | Float[Array, ""]
    order: int = eqx.field(static=True)
    lower: dict[int, Float[Array, " directions"]] = eqx.field(default_factory=dict)
    design: AbstractDesign | None = None

    def __check_init__(self) -> None:
        if self.order < 1:
            raise ValueError(f"The order must be at least 1, got {self.order}.")
        if wrong := sorted(k for k in self.lower if not 0 <= k < self.order):
            raise ValueError(
                f"Below order {self.order} there are the orders 0 to {self.order - 1}, got lower={wrong}: `order` is "
                "the highest, and `weights` are its weights."
            )

    @property
    def designs(self) -> tuple[AbstractDesign, ...]:
        return (Draws(self.tangents.size, self.tangents.size) if self.design is None else self.design,)

    def value_and_apply(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        # A common weight is applied to the result, once, rather than to every direction.
        common = jnp.ndim(self.weights) == 0 and not self.lower
        value, result = weighted_derivative(
            u,
            x,
            self.tangents.coefficient(x),
            order=self.order,
            weights=None if common else self.every_weight(),
            lower=self.lower,
            size=self.tangents.size,
        )
        return value, jax.tree.map(lambda y: self.weights.astype(y.dtype) * y, result) if common else result

    def value_and_terms(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        size, units = self.tangents.size, self.designs[0].units
        value, derivatives = directional_derivatives(u, x, self.tangents.coefficient(x), order=self.order, size=size)
        weights = {**self.lower, self.order: self.every_weight()}

        def terms(y, *by_order):
            along = lambda w: w.astype(y.dtype).reshape(-1, *(1,) * y.ndim)
            parts = [along(w) * (by_order[k - 1] if k else y[None]) for k, w in weights.items()]
            each = functools.reduce(jnp.add, parts)
            return jnp.sum(each.reshape(units, size // units, *y.shape), 1)

        return value, jax.tree.map(terms, value, *derivatives)

    def value_and_moments(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any, Any]:
        return moments_of_terms(self, u, x)

    def every_weight(self) -> Float[Array, " directions"]:
        """The weights of the highest order, one a direction."""
        return jnp.broadcast_to(self.weights, (self.tangents.size,))

    def drawn(self, factor: float | Float[Array, "..."], design: AbstractDesign) -> "Directions":
        """The same directions as a draw: weights multiplied by a factor, or by one a term, and a design."""
        if jnp.ndim(factor) == 0:
            each = top = factor
        else:
            each = jnp.repeat(factor, self.tangents.size // design.units)
            top = each.astype(self.weights.dtype)
        lower = {k: w * jnp.asarray(each, w.dtype) for k, w in self.lower.items()}
        return Directions(self.tangents, self.weights * top, self.order, lower, design)

    def embedded(self, selection: Selection, dim: int) -> "Directions":
        """The same operator on the selected coordinates of points with `dim` of them."""
        tangents = self.tangents.embedded(selection, dim)
        return Directions(tangents, self.weights, self.order, self.lower, self.design)
