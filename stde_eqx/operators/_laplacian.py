import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ._base import AbstractDistribution, AbstractSecondOrder
from ._directions import Directions
from ._random import random_vectors
from ._tangents import Coordinates


class Laplacian(AbstractSecondOrder):
    r"""The Laplacian $\Delta u = \sum_i \partial_i^2 u$.

    Its directions are the coordinate vectors $e_i$ with weight one. At random, $\Delta u = \mathbb{E}\, v^T H v$ for
    any $v$ with $\mathbb{E}[v v^T] = I$ (Hutchinson 1989; Shi et al. 2024, eq. 17).
    """

    def num_terms(self, x: Float[Array, " point"], *, dim: int) -> int:
        return dim

    def directions(self, x: Float[Array, " point"], rows: Int[Array, " rows"] | None = None, *, dim: int) -> Directions:
        return coordinate_directions(x, rows, dim=dim, order=2)

    def flux(self, x: Float[Array, " point"], vector: Float[Array, " dim"]) -> Float[Array, " dim"]:
        return vector

    def magnitudes(self, x: Float[Array, " point"], *, dim: int) -> Float[Array, " terms"]:
        return jnp.ones(dim, x.dtype)

    def random_directions(
        self,
        x: Float[Array, " point"],
        num_samples: int,
        distribution: AbstractDistribution,
        *,
        dim: int,
        key: PRNGKeyArray,
    ) -> Directions:
        vectors, design = random_vectors(distribution, num_samples, dim, x.dtype, key=key)
        return Directions(vectors, jnp.full((), 1 / num_samples, x.dtype), 2, design=design)


def coordinate_directions(
    x: Float[Array, " point"], rows: Int[Array, " rows"] | None, *, dim: int, order: int
) -> Directions:
    r"""The terms $\partial_i^K$ of all coordinates or of some, with weight one."""
    chosen = np.arange(dim) if rows is None else rows
    one = jnp.ones((), x.dtype)
    return Directions(Coordinates(chosen[:, None], jnp.ones((chosen.shape[0], 1), x.dtype), dim), one, order)
