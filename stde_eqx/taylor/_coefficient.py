import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

from ._positions import as_array, Index, read_runs, same, single_run, write_runs


# An array, or whatever JAX puts in an array's place when it takes a PyTree apart: shapes, axes, None.
Leaf: TypeAlias = Any


# For JAX's registry: part of a PyTree's structure, not one of its leaves.
_STATIC = {"static": True}


# A coefficient of a Taylor series in R directions, for a variable of shape `shape`, is one of
#
# - `None`: zero, in every direction;
# - `Dense`: all entries;
# - `Sparse`: zero off a few positions of some axes, as that of a coordinate direction e_i is.
#
# Each comes in two kinds. *Per direction*, it has a leading axis of length R. *Summed*, it stands for the weighted sum
# over the directions: the highest order of a collapsed sweep, in which every rule is linear, so that the separate terms
# are never needed (Dangel, Siebert, Zeinhofer & Walther, "Collapsing Taylor Mode AD", NeurIPS 2025).


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Dense:
    """All entries: `array` has shape `(directions, *shape)` per direction, `shape` when summed."""

    array: Leaf
    summed: bool = dataclasses.field(metadata=_STATIC)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape if self.summed else self.array.shape[1:]

    @property
    def dtype(self) -> Any:
        return self.array.dtype

    def dense(self) -> "Dense":
        return self

    def map(self, fn: Callable[[Array], Array]) -> "Dense":
        """Apply a linear map from `shape` to another shape."""
        return Dense((fn if self.summed else jax.vmap(fn))(self.array), self.summed)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Entry:
    """One non-zero position per direction: an index per sparse axis, known or of shape `(directions,)`, and the values.

    `values` has shape `(directions, *rest)`, `rest` being the axes that are not sparse. Positions are always in bounds;
    an entry that has left the array (by slicing, say) keeps some valid position and the value zero.
    """

    indices: tuple[Index, ...]
    values: Leaf

    @property
    def positions(self) -> tuple[Array, ...]:
        """The indices as arrays."""
        return tuple(map(as_array, self.indices))

    def at_same_position(self, other: "Entry") -> bool:
        """Whether the positions are known to be equal without looking at the indices' values."""
        return len(self.indices) == len(other.indices) and all(
            same(i, j) for i, j in zip(self.indices, other.indices, strict=True)
        )

    def replace(self, values: Array) -> "Entry":
        return Entry(self.indices, values)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Sparse:
    """A sum of entries, each zero off one position of `axes` (sorted). Several entries may share a position.

    When summed, what it stands for is the sum over directions as well; the entries stay apart until they have to meet.
    """

    shape: tuple[int, ...] = dataclasses.field(metadata=_STATIC)
    axes: tuple[int, ...] = dataclasses.field(metadata=_STATIC)
    entries: tuple[Entry, ...]
    summed: bool = dataclasses.field(metadata=_STATIC)

    @property
    def rest(self) -> tuple[int, ...]:
        """The axes that are not sparse."""
        return tuple(axis for axis in range(len(self.shape)) if axis not in self.axes)

    @property
    def dtype(self) -> Any:
        return self.entries[0].values.dtype

    @property
    def is_full(self) -> bool:
        """Whether the entries, all at known positions, are as many numbers as the array: then it is cheaper."""
        size = sum(entry.values.shape[0] for entry in self.entries)
        known = all(single_run(entry.indices) for entry in self.entries)
        return known and size >= math.prod(self.shape[axis] for axis in self.axes)

    def with_entries(self, entries: Iterable["Entry"]) -> "Sparse":
        return Sparse(self.shape, self.axes, tuple(entries), self.summed)

    def map_values(self, fn: Callable[[Array], Array]) -> "Sparse":
        """Apply an entrywise linear map to the values."""
        return self.with_entries(entry.replace(fn(entry.values)) for entry in self.entries)

    def dense(self) -> Dense:
        """Write out every entry, at the cost of a full array."""
        sparse_shape = tuple(self.shape[axis] for axis in self.axes)
        rest_shape = tuple(self.shape[axis] for axis in self.rest)
        num = self.entries[0].values.shape[0]
        leading = () if self.summed else (num,)
        array = jnp.zeros(leading + sparse_shape + rest_shape, self.dtype)
        rows = () if self.summed else (jnp.arange(num),)
        for entry in self.entries:
            if self.summed and single_run(entry.indices):
                array = array + write_runs(entry.values, entry.indices)
            else:
                array = array.at[rows + entry.positions].add(entry.values, mode="promise_in_bounds")
        source = range(len(leading), len(leading) + len(self.shape))
        target = [len(leading) + axis for axis in self.axes + self.rest]
        return Dense(jnp.moveaxis(array, tuple(source), tuple(target)), self.summed)

    def restrict(self, axes: tuple[int, ...]) -> "Coefficient":
        """The same coefficient, sparse along the given subset of its axes only."""
        if axes == self.axes:
            return self
        if not axes:
            return self.dense()
        written_out = [axis for axis in self.axes if axis not in axes]
        rest = tuple(axis for axis in range(len(self.shape)) if axis not in axes)
        entries = []
        for entry in self.entries:
            kept = tuple(i for axis, i in zip(self.axes, entry.indices, strict=True) if axis in axes)
            dropped = tuple(i for axis, i in zip(self.axes, entry.positions, strict=True) if axis not in axes)
            num = entry.values.shape[0]
            shape = (num, *(self.shape[axis] for axis in (*written_out, *self.rest)))
            values = jnp.zeros(shape, self.dtype)
            values = values.at[(jnp.arange(num), *dropped)].add(entry.values, mode="promise_in_bounds")
            order = (*written_out, *self.rest)
            values = jnp.transpose(values, (0, *(1 + order.index(axis) for axis in rest)))
            entries.append(Entry(kept, values))
        return Sparse(self.shape, axes, tuple(entries), self.summed)


Coefficient: TypeAlias = Dense | Sparse | None


def gather(array: ArrayLike, axes: tuple[int, ...], indices: tuple[Index, ...]) -> Array:
    """Read `array`, which has no direction axis, at an entry's position: shape `(directions, *rest)`."""
    if single_run(indices):
        return read_runs(jnp.asarray(array), axes, indices)
    # Indexed in place: moving the axes to the front first would copy what may be the largest array of the program.
    index: list = [slice(None)] * jnp.ndim(array)
    for axis, i in zip(axes, indices, strict=True):
        index[axis] = as_array(i)
    found = jnp.asarray(array).at[tuple(index)].get(mode="promise_in_bounds")
    # As NumPy does, index arrays put their axis where they stand if they are neighbours, and in front otherwise.
    neighbours = axes == tuple(range(axes[0], axes[0] + len(axes)))
    return jnp.moveaxis(found, axes[0], 0) if neighbours else found


def gather_per_direction(array: ArrayLike, axes: tuple[int, ...], indices: tuple[Index, ...]) -> Array:
    """Read `array` of shape `(directions, *shape)` at each direction's own position: shape `(directions, *rest)`."""
    index: list = [slice(None)] * jnp.ndim(array)
    index[0] = jnp.arange(jnp.shape(array)[0])
    for axis, i in zip(axes, indices, strict=True):
        index[1 + axis] = as_array(i)
    return jnp.asarray(array).at[tuple(index)].get(mode="promise_in_bounds")
