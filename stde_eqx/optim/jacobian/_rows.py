"""The rows that one leaf of the parameters has in a Jacobian, written out or as sums of outer products."""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


class AbstractLeafRows(eqx.Module):
    r"""The gradients $J_n$ of a batch of residuals with respect to one array of parameters."""

    @abc.abstractmethod
    def cross(self, other: Any) -> Float[Array, "rows others"]:
        r"""$\langle J_n, J'_m \rangle$ for all rows of the two."""

    @abc.abstractmethod
    def pull(self, weights: Float[Array, " rows"]) -> Float[Array, "..."]:
        r"""$\sum_n w_n J_n$, of the shape of the parameter."""

    @abc.abstractmethod
    def push(self, tangent: Float[Array, "..."]) -> Float[Array, " rows"]:
        r"""$\langle J_n, \delta \rangle$ for every row."""


class Written(AbstractLeafRows):
    """All gradients written out, of shape `(rows, *shape)`."""

    array: Float[Array, "rows ..."]

    def cross(self, other: "Written") -> Float[Array, "rows others"]:
        axes = tuple(range(1, self.array.ndim))
        return jnp.tensordot(self.array, other.array, (axes, axes), precision="highest")

    def pull(self, weights: Float[Array, " rows"]) -> Float[Array, "..."]:
        return jnp.tensordot(weights, self.array, 1, precision="highest")

    def push(self, tangent: Float[Array, "..."]) -> Float[Array, " rows"]:
        return jnp.tensordot(self.array, tangent, tangent.ndim, precision="highest")


class Outer(AbstractLeafRows):
    r"""Gradients with respect to a matrix as sums of outer products, of which one factor may be a unit vector.

    $$J_n = \sum_k g_{nk} \, a_{nk}^T + \sum_k h_{nk} \, e_{i_{nk}}^T$$

    The inner products of two such matrices are products of inner products of their factors, so nothing of the size
    of the matrix is made.

    **Attributes:**

    - `left`: $g$, and `right`: $a$, of shapes `(rows, k, width)` and `(rows, k, length)`.
    - `values`: $h$, of shape `(rows, k, width)`.
    - `indices`: $i$, of shape `(rows, k)`, or `(k,)` if all rows have the same.
    - `transposed`: whether the parameter is $J_n^T$, its first axis being that of $a$.
    """

    left: Float[Array, "rows products width"]
    right: Float[Array, "rows products length"]
    values: Float[Array, "rows columns width"]
    indices: Int[Array, "..."]
    transposed: bool = eqx.field(static=True)

    def cross(self, other: "Outer") -> Float[Array, "rows others"]:
        products = _pairs(_inner(self.left, other.left) * _inner(self.right, other.right), self.left, other.left)
        mixed = self._with_columns(other) + other._with_columns(self).T
        return products + mixed + _columns_cross(self, other)

    def _with_columns(self, other: "Outer") -> Float[Array, "rows others"]:
        """The outer products of these rows against the columns of others: <g a^T, h e_i^T> = (g . h) a_i."""
        rows, others = self.left.shape[0], other.values.shape[0]
        if other.indices.ndim == 1:
            # sum_kl (g_nk . h_ml) a_nk[i_l] = sum_l (sum_k a_nk[i_l] g_nk) . h_ml
            seen = jnp.einsum("nkl,nkw->nlw", self.right[:, :, other.indices], self.left, precision="highest")
            return jnp.tensordot(seen, other.values, ((1, 2), (1, 2)), precision="highest")
        entries = self.right.reshape(-1, self.right.shape[-1])[:, other.indices.reshape(-1)]
        return _pairs(_inner(self.left, other.values) * entries, self.left, other.values).reshape(rows, others)

    def pull(self, weights: Float[Array, " rows"]) -> Float[Array, "..."]:
        weighted = lambda array: (weights[:, None, None] * array).reshape(-1, array.shape[-1])
        length = self.right.shape[-1]
        total = jnp.matmul(weighted(self.left).T, self.right.reshape(-1, length), precision="highest")
        values = self.values
        if self.indices.ndim == 1:
            columns, indices = jnp.tensordot(weights, values, 1, precision="highest"), self.indices
        else:
            columns, indices = weighted(values), self.indices.reshape(-1)
        total = total.at[:, indices].add(columns.T, mode="promise_in_bounds")
        return total.T if self.transposed else total

    def push(self, tangent: Float[Array, "..."]) -> Float[Array, " rows"]:
        tangent = tangent.T if self.transposed else tangent
        length = self.right.shape[-1]
        met = jnp.matmul(self.right.reshape(-1, length), tangent.T, precision="highest").reshape(self.left.shape)
        read = tangent.at[:, self.indices].get(mode="promise_in_bounds")
        columns = (
            jnp.einsum("wk,nkw->n", read, self.values, precision="highest")
            if self.indices.ndim == 1
            else jnp.einsum("wnk,nkw->n", read, self.values, precision="highest")
        )
        return jnp.sum(met * self.left, (1, 2)) + columns


def _inner(a: Float[Array, "n k w"], b: Float[Array, "m l w"]) -> Float[Array, "nk ml"]:
    """Inner products of all vectors of the one with all of the other."""
    return jnp.matmul(a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1]).T, precision="highest")


def _pairs(products: Float[Array, "nk ml"], a: Array, b: Array) -> Float[Array, "n m"]:
    """Sum over the vectors of each pair of rows."""
    return jnp.sum(products.reshape(*a.shape[:2], *b.shape[:2]), (1, 3))


def _columns_cross(a: Outer, b: Outer) -> Float[Array, "rows others"]:
    """Columns against columns: they meet where their indices are equal."""
    if a.indices.ndim == b.indices.ndim == 1:
        same = (a.indices[:, None] == b.indices[None]).astype(a.values.dtype)
        met = jnp.einsum("kl,mlw->mkw", same, b.values, precision="highest")
        return jnp.tensordot(a.values, met, ((1, 2), (1, 2)), precision="highest")

    indices, others = (jnp.broadcast_to(rows.indices, rows.values.shape[:2]) for rows in (a, b))

    def one(row):
        values, indices = row
        inner = jnp.einsum("kw,mlw->kml", values, b.values, precision="highest")
        return jnp.sum(jnp.where(indices[:, None, None] == others[None], inner, 0), (0, 2))

    # A few rows at a time: all pairs of all columns may be more than memory holds.
    return jax.lax.map(one, (a.values, indices), batch_size=min(16, a.values.shape[0]))
