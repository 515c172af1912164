import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ._base import AbstractDistribution, AbstractOperator
from ._directions import Coordinates, Directions, Vectors


class Laplacian(AbstractOperator):
    r"""The Laplacian $\Delta u = \sum_i \partial_i^2 u$.

    Its directions are the coordinate vectors $e_i$ with weight one. At random, $\Delta u = \mathbb{E}\, v^T H v$ for
    any $v$ with $\mathbb{E}[v v^T] = I$ (Hutchinson 1989; Shi et al. 2024, eq. 17).
    """

    def num_directions(self, dim: int) -> int:
        return dim

    def directions(self, x: Float[Array, " dim"], rows: Int[Array, " rows"] | None = None) -> Directions:
        rows = jnp.arange(x.shape[0]) if rows is None else rows
        return Directions(Coordinates(rows[:, None], jnp.ones((rows.shape[0], 1), x.dtype)), jnp.ones((), x.dtype), 2)

    def random_directions(
        self, x: Float[Array, " dim"], num_samples: int, distribution: AbstractDistribution, *, key: PRNGKeyArray
    ) -> Directions:
        vectors = distribution.sample(num_samples, x.shape[0], x.dtype, key=key)
        return Directions(Vectors(vectors), jnp.full((), 1 / num_samples, x.dtype), 2)
