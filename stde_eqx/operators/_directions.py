import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..taylor import Coefficient, Dense, Entry, Sparse, weighted_derivative


class AbstractTangents(eqx.Module):
    """A set of vectors in input space, along which to differentiate."""

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """How many vectors there are."""

    @abc.abstractmethod
    def dense(self, dim: int) -> Float[Array, "directions dim"]:
        """The vectors written out, one a row."""

    @abc.abstractmethod
    def coefficient(self, x: Float[Array, " dim"]) -> Coefficient:
        """The vectors as the first Taylor coefficient at `x`."""


class Vectors(AbstractTangents):
    """Tangents stored in full."""

    array: Float[Array, "directions dim"]

    @property
    def size(self) -> int:
        return self.array.shape[0]

    def dense(self, dim: int) -> Float[Array, "directions dim"]:
        return self.array

    def coefficient(self, x: Float[Array, " dim"]) -> Coefficient:
        return Dense(self.array.astype(x.dtype), summed=False)


class Coordinates(AbstractTangents):
    """Tangents with few non-zero coordinates, stored as indices and values, never as one-hot vectors."""

    indices: Int[Array, "directions nonzeros"]
    values: Float[Array, "directions nonzeros"]

    def dense(self, dim: int) -> Float[Array, "directions dim"]:
        rows = jnp.arange(self.indices.shape[0])[:, None]
        zeros = jnp.zeros((self.indices.shape[0], dim), self.values.dtype)
        return zeros.at[rows, self.indices].add(self.values)

    @property
    def size(self) -> int:
        return self.indices.shape[0]

    def coefficient(self, x: Float[Array, " dim"]) -> Coefficient:
        columns = range(self.indices.shape[1])
        entries = tuple(Entry((self.indices[:, j],), self.values[:, j].astype(x.dtype)) for j in columns)
        return Sparse(x.shape, (0,), entries, summed=False)


class Directions(eqx.Module):
    """A weighted set of directions: one homogeneous differential operator, or one draw of its estimate."""

    tangents: AbstractTangents
    weights: Float[Array, " directions"] | Float[Array, ""]
    order: int = eqx.field(static=True)

    def value_and_apply(self, u: Callable, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        """`u(x)` and the weighted sum of directional derivatives there, from one sweep that traces `u` once."""
        common = jnp.ndim(self.weights) == 0
        value, result = weighted_derivative(
            u,
            x,
            self.tangents.coefficient(x),
            order=self.order,
            weights=None if common else self.weights,
            size=self.tangents.size,
        )
        return value, jax.tree.map(lambda y: self.weights.astype(y.dtype) * y, result) if common else result
