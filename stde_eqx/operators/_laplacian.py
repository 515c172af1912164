import jax.numpy as jnp

from ._base import AbstractOperator
from ._directions import Coordinates, Directions, Vectors


class Laplacian(AbstractOperator):
    r"""$\Delta u = \sum_i \partial_i^2 u$."""

    def num_directions(self, dim):
        return dim

    def directions(self, x, rows=None):
        rows = jnp.arange(x.shape[0]) if rows is None else rows
        ones = jnp.ones((rows.shape[0], 1), x.dtype)
        return Directions(Coordinates(rows[:, None], ones), jnp.ones((), x.dtype), 2)

    def randomised(self, x, vectors, distribution):
        return Directions(Vectors(vectors), jnp.full((), 1 / vectors.shape[0], x.dtype), 2)
