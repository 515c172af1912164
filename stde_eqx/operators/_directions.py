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
        """The vectors as the first Taylor coefficient of a series at `x`."""


class Vectors(AbstractTangents):
    """Tangents stored in full."""

    array: Float[Array, "directions dim"]

    @property
    def size(self) -> int:
        return self.array.shape[0]

    def dense(self, dim: int) -> Float[Array, "directions dim"]:
        return self.array

    def coefficient(self, x: Float[Array, " dim"]) -> Coefficient:
        if self.array.shape[1] != x.shape[0]:
            raise ValueError(
                f"These directions have {self.array.shape[1]} coordinates, the point has {x.shape[0]}: "
                "sample them for a point of the same dimension."
            )
        return Dense(self.array.astype(x.dtype), summed=False)


class Coordinates(AbstractTangents):
    """Tangents with few non-zero coordinates, stored as indices and values, never as one-hot vectors.

    Row r is the vector with `values[r, p]` at coordinate `indices[r, p]`, added up where an index repeats.
    """

    indices: Int[Array, "directions nonzeros"]
    values: Float[Array, "directions nonzeros"]

    @property
    def size(self) -> int:
        return self.indices.shape[0]

    def dense(self, dim: int) -> Float[Array, "directions dim"]:
        rows = jnp.arange(self.size)[:, None]
        return jnp.zeros((self.size, dim), self.values.dtype).at[rows, self.indices].add(self.values)

    def coefficient(self, x: Float[Array, " dim"]) -> Coefficient:
        columns = range(self.indices.shape[1])
        entries = tuple(Entry((self.indices[:, p],), self.values[:, p].astype(x.dtype)) for p in columns)
        return Sparse(x.shape, (0,), entries, summed=False)


class Directions(eqx.Module):
    r"""A weighted set of directions: $L u(x) = \sum_r w_r D^K u(x)[v_r, \ldots, v_r]$.

    One object is both a homogeneous differential operator and one draw of its estimate. A draw may be used at many
    points: under `jax.vmap` over points alone, it is shared, and the work that depends on the directions only is done
    once.

    **Arguments:**

    - `tangents`: the vectors $v_r$.
    - `weights`: one weight $w_r$ per direction, or a scalar that is common to all.
    - `order`: $K \ge 1$.

    ??? cite "Reference"

        Every homogeneous operator has this form by polarisation: Griewank, Utke and Walther, *Evaluating higher
        derivative tensors by forward propagation of univariate Taylor series*, Mathematics of Computation 69 (2000).
    """

    tangents: AbstractTangents
    weights: Float[Array, " directions"] | Float[Array, ""]
    order: int = eqx.field(static=True)

    def value_and_apply(self, u: Callable, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        """`u(x)` and the weighted sum of directional derivatives there, from one sweep that traces `u` once.

        **Arguments:**

        - `u`: a function of one point, returning an array or a PyTree of arrays.
        - `x`: the point, of shape `(dim,)`.

        **Returns:** two PyTrees of the structure of `u(x)`.
        """
        # A common weight is applied to the result, once, rather than to every direction.
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
