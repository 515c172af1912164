import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


class AbstractTangents(eqx.Module):
    """A set of vectors in input space, along which to differentiate."""

    @abc.abstractmethod
    def dense(self, dim: int) -> Float[Array, "directions dim"]:
        """The vectors written out, one a row."""


class Vectors(AbstractTangents):
    """Tangents stored in full."""

    array: Float[Array, "directions dim"]

    def dense(self, dim: int) -> Float[Array, "directions dim"]:
        return self.array


class Coordinates(AbstractTangents):
    """Tangents with few non-zero coordinates, stored as indices and values, never as one-hot vectors."""

    indices: Int[Array, "directions nonzeros"]
    values: Float[Array, "directions nonzeros"]

    def dense(self, dim: int) -> Float[Array, "directions dim"]:
        rows = jnp.arange(self.indices.shape[0])[:, None]
        zeros = jnp.zeros((self.indices.shape[0], dim), self.values.dtype)
        return zeros.at[rows, self.indices].add(self.values)


class Directions(eqx.Module):
    """A weighted set of directions: one homogeneous differential operator, or one draw of its estimate."""

    tangents: AbstractTangents
    weights: Float[Array, " directions"] | Float[Array, ""]
    order: int = eqx.field(static=True)

    def value_and_apply(self, u: Callable, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        # PLACEHOLDER for the collapsed Taylor sweep: nested forward mode, same results.
        def derivative(v):
            fn = u
            for _ in range(self.order):
                fn = lambda z, fn=fn: jax.jvp(fn, (z,), (v,))[1]
            return fn(x)

        per_direction = jax.vmap(derivative)(self.tangents.dense(x.shape[0]))
        weights = jnp.broadcast_to(self.weights, per_direction.shape[:1])
        return u(x), jnp.tensordot(weights, per_direction, 1)
