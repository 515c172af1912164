import abc
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..taylor import as_run, Coefficient, Dense, Entry, Sparse
from ._point import check_point
from ._selection import Selection


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

    @abc.abstractmethod
    def embedded(self, selection: Selection, dim: int) -> "AbstractTangents":
        """The vectors of the selected coordinates as vectors of all `dim` of them, zero elsewhere."""


class Vectors(AbstractTangents):
    """Tangents stored in full."""

    array: Float[Array, "directions dim"]

    @property
    def size(self) -> int:
        return self.array.shape[0]

    def dense(self, dim: int) -> Float[Array, "directions dim"]:
        return self.array

    def coefficient(self, x: Float[Array, " dim"]) -> Coefficient:
        _check_dimension(self.array.shape[1], x)
        return Dense(self.array.astype(x.dtype), summed=False)

    def embedded(self, selection: Selection, dim: int) -> "Vectors":
        return Vectors(jnp.zeros((self.size, dim), self.array.dtype).at[:, selection.index].set(self.array))


class Coordinates(AbstractTangents):
    """Tangents with few non-zero coordinates, stored as indices and values, never as one-hot vectors.

    Row r is the vector with `values[r, p]` at coordinate `indices[r, p]`, added up where an index repeats. Indices in a
    NumPy array are known while tracing: those that count up by one are then read and written as slices.

    **Arguments:**

    - `indices`, `values`: one row a vector.
    - `dim`: how many coordinates the vectors have, zeros included; not checked against the point if `None`.
    """

    indices: Int[Array | np.ndarray, "directions nonzeros"]
    values: Float[Array, "directions nonzeros"]
    dim: int | None = eqx.field(static=True, default=None)

    @property
    def size(self) -> int:
        return self.indices.shape[0]

    def dense(self, dim: int) -> Float[Array, "directions dim"]:
        rows = jnp.arange(self.size)[:, None]
        return jnp.zeros((self.size, dim), self.values.dtype).at[rows, self.indices].add(self.values)

    def coefficient(self, x: Float[Array, " dim"]) -> Coefficient:
        _check_dimension(self.dim, x)
        columns = [self.indices[:, p] for p in range(self.indices.shape[1])]
        known = [as_run(column, x.shape[0]) for column in columns]
        entries = tuple(
            Entry((jnp.asarray(column) if run is None else run,), self.values[:, p].astype(x.dtype))
            for p, (column, run) in enumerate(zip(columns, known, strict=True))
        )
        return Sparse(x.shape, (0,), entries, summed=False)

    def embedded(self, selection: Selection, dim: int) -> "Coordinates":
        if isinstance(selection.index, slice):
            start, _, step = selection.index.indices(dim)
            return Coordinates(start + step * self.indices, self.values, dim)
        chosen = selection.index % dim
        # Indices that are traced do not index an array of NumPy.
        known = isinstance(self.indices, np.ndarray)
        return Coordinates((chosen if known else jnp.asarray(chosen))[self.indices], self.values, dim)


def concatenate(tangents: Sequence[AbstractTangents]) -> AbstractTangents:
    """All the vectors of several sets that are of one kind."""
    dense = [each for each in tangents if isinstance(each, Vectors)]
    sparse = [each for each in tangents if isinstance(each, Coordinates)]
    if dense:
        assert not sparse
        return Vectors(jnp.concatenate([each.array for each in dense]))
    width = max(each.indices.shape[1] for each in sparse)
    padded = lambda xp, a: xp.pad(a, ((0, 0), (0, width - a.shape[1])))
    xp = np if all(isinstance(each.indices, np.ndarray) for each in sparse) else jnp
    return Coordinates(
        # Of one width, also where 64 bits were switched off after some of them had been made.
        xp.concatenate([padded(xp, each.indices.astype(jnp.int32)) for each in sparse]),
        jnp.concatenate([padded(jnp, each.values) for each in sparse]),
        next((each.dim for each in sparse if each.dim is not None), None),
    )


def _check_dimension(dim: int | None, x: Float[Array, " dim"]) -> None:
    check_point(x)
    if dim not in (None, x.shape[0]):
        raise ValueError(
            f"These directions have {dim} coordinates, the point has {x.shape[0]}: "
            "sample them for a point of the same dimension."
        )
