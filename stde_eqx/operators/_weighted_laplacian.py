from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int, PRNGKeyArray

from ._base import AbstractDistribution, AbstractSecondOrder
from ._coefficients import as_coefficient, coefficient_at
from ._directions import Directions
from ._random import random_vectors, scaled_vectors
from ._tangents import Coordinates, Vectors


class WeightedLaplacian(AbstractSecondOrder):
    r"""The second-order operator of a diffusion, $\operatorname{tr}(\sigma \sigma^T H) = \sum_{ij}
    (\sigma\sigma^T)_{ij} \partial_i \partial_j u$.

    Its directions are the columns of $\sigma$; at random, $\sigma v$ for any $v$ with $\mathbb{E}[v v^T] = I$ (Shi et
    al. 2024, eq. 20).

    **Arguments:**

    - `sigma`: a scalar, the diagonal of a diagonal matrix, shape `(dim,)`, or a matrix of shape `(dim, columns)`, with
        few columns where the diffusion has low rank; or a function of the point that returns one of these.

    **Raises:** on use, `ValueError` for any other shape.
    """

    sigma: Float[Array, "..."] | Callable[..., Any]

    def __init__(self, sigma: ArrayLike | Callable[..., Any]):
        self.sigma = as_coefficient(sigma)

    def num_terms(self, x: Float[Array, " point"], *, dim: int) -> int:
        sigma = self._at(x, dim)
        return sigma.shape[1] if sigma.ndim == 2 else dim

    def directions(self, x: Float[Array, " point"], rows: Int[Array, " rows"] | None = None, *, dim: int) -> Directions:
        sigma = self._at(x, dim)
        one = jnp.ones((), x.dtype)
        if sigma.ndim == 2:
            return Directions(Vectors(sigma.T if rows is None else sigma.T[rows]), one, 2)
        chosen = np.arange(dim) if rows is None else rows
        values = sigma[chosen] if sigma.ndim == 1 else jnp.broadcast_to(sigma, chosen.shape)
        return Directions(Coordinates(chosen[:, None], values[:, None], dim), one, 2)

    def flux(self, x: Float[Array, " point"], vector: Float[Array, " dim"]) -> Float[Array, " dim"]:
        sigma = self._at(x, vector.shape[0])
        return sigma @ (sigma.T @ vector) if sigma.ndim == 2 else sigma**2 * vector

    def magnitudes(self, x: Float[Array, " point"], *, dim: int) -> Float[Array, " terms"]:
        sigma = self._at(x, dim)
        return jnp.sum(sigma**2, 0) if sigma.ndim == 2 else jnp.broadcast_to(sigma**2, (dim,))

    def random_directions(
        self,
        x: Float[Array, " point"],
        num_samples: int,
        distribution: AbstractDistribution,
        *,
        dim: int,
        key: PRNGKeyArray,
    ) -> Directions:
        sigma = self._at(x, dim)
        columns = sigma.shape[1] if sigma.ndim == 2 else dim
        vectors, design = random_vectors(distribution, num_samples, columns, x.dtype, key=key)
        return scaled_vectors(Directions(vectors, jnp.full((), 1 / num_samples, x.dtype), 2, design=design), sigma)

    def _at(self, x: Float[Array, " point"], dim: int) -> Float[Array, "..."]:
        sigma = coefficient_at(self.sigma, x, name="sigma")
        if sigma.ndim > 2 or (sigma.ndim and sigma.shape[0] != dim):
            raise ValueError(
                f"sigma must be a scalar or have the shape ({dim},) or ({dim}, columns) for an operator on {dim} "
                f"coordinates, got {sigma.shape}."
            )
        return sigma
