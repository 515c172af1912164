from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int, PRNGKeyArray

from ._base import AbstractDirectionalOperator, AbstractDistribution
from ._coefficients import as_coefficient, coefficient_at
from ._directions import Directions
from ._tangents import Vectors


class DirectionalDerivative(AbstractDirectionalOperator):
    r"""The directional derivative $D^K u(x)[v, \ldots, v]$.

    It is one direction, and as a summand exact with every estimator; by itself [`stde_eqx.SparseSTDE`][] takes no more
    samples than one.

    **Arguments:**

    - `vector`: $v$, an array of shape `(dim,)` or a function of the point that returns one.
    - `order`: $K \ge 1$.

    **Raises:** `ValueError` for an order below one; on use, for a vector of another shape.
    """

    vector: Float[Array, " dim"] | Callable[..., Any]
    order: int = eqx.field(static=True)

    def __init__(self, vector: ArrayLike | Callable[..., Any], order: int = 1):
        self.vector = as_coefficient(vector)
        self.order = order
        if self.order < 1:
            raise ValueError(f"DirectionalDerivative needs an order of at least 1, got {self.order}.")

    def num_terms(self, x: Float[Array, " point"], *, dim: int) -> int:
        return 1

    def directions(self, x: Float[Array, " point"], rows: Int[Array, " rows"] | None = None, *, dim: int) -> Directions:
        vector = coefficient_at(self.vector, x, name="The vector")
        if vector.shape != (dim,):
            raise ValueError(f"The vector of a derivative in {dim} coordinates has shape ({dim},), got {vector.shape}.")
        vectors = vector[None] if rows is None else jnp.broadcast_to(vector, (rows.shape[0], dim))
        return Directions(Vectors(vectors), jnp.ones((), x.dtype), self.order)

    def magnitudes(self, x: Float[Array, " point"], *, dim: int) -> Float[Array, " terms"]:
        return jnp.ones(1, x.dtype)

    def random_directions(
        self,
        x: Float[Array, " point"],
        num_samples: int,
        distribution: AbstractDistribution,
        *,
        dim: int,
        key: PRNGKeyArray,
    ) -> Directions:
        return self.directions(x, dim=dim)


def AdvectionOperator(velocity: Float[Array, " dim"] | Callable[..., Any]) -> DirectionalDerivative:
    r"""The transport term $b(x) \cdot \nabla u$: `DirectionalDerivative(velocity, 1)`.

    **Arguments:**

    - `velocity`: $b$, an array of shape `(dim,)` or a function of the point that returns one.
    """
    return DirectionalDerivative(velocity, 1)
