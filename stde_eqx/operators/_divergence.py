import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ._base import AbstractDirectionalOperator, AbstractDistribution
from ._random import random_vectors
from ._tangents import Coordinates
from ._trace import TraceDirections


class Divergence(AbstractDirectionalOperator):
    r"""The divergence $\nabla \cdot u = \sum_i \partial_i u_i$ of a function with as many values as coordinates.

    At random, $\nabla \cdot u = \mathbb{E}\, v \cdot Du[v]$ for any $v$ with $\mathbb{E}[v v^T] = I$.
    """

    def num_terms(self, x: Float[Array, " point"], *, dim: int) -> int:
        return dim

    def directions(
        self, x: Float[Array, " point"], rows: Int[Array, " rows"] | None = None, *, dim: int
    ) -> TraceDirections:
        chosen = np.arange(dim) if rows is None else rows
        ones = jnp.ones(chosen.shape, x.dtype)
        return TraceDirections(Coordinates(chosen[:, None], ones[:, None], dim), ones)

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
    ) -> TraceDirections:
        vectors, design = random_vectors(distribution, num_samples, dim, x.dtype, key=key)
        return TraceDirections(vectors, jnp.full(num_samples, 1 / num_samples, x.dtype), design)
