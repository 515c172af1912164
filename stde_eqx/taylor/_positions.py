import dataclasses
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class Run:
    """Positions known before the program runs: `start + step * r` for direction r, kept inside `[0, length)`.

    Where all coordinates are differentiated in order, reading an array at their positions is a slice, and writing there
    is padding: on most machines far cheaper than the gather and the scatter of positions that are not known.
    """

    start: int
    step: int  # 0 or 1
    size: int
    length: int

    @property
    def known(self) -> np.ndarray:
        """The positions, before they are kept inside."""
        return self.start + self.step * np.arange(self.size)

    @property
    def inside(self) -> np.ndarray:
        """Which directions have their position inside."""
        return (self.known >= 0) & (self.known < self.length)

    def array(self) -> Array:
        """The positions as an array."""
        return jnp.asarray(np.clip(self.known, 0, self.length - 1), jnp.int32)

    def moved(self, offset: int, length: int) -> "Run":
        """The same positions after `offset` entries have come before them, in an axis of another length."""
        return Run(self.start + offset, self.step, self.size, length)

    def span(self) -> tuple[int, int, int]:
        """How many directions lie before the axis, inside of it, and behind it."""
        before = min(max(-self.start, 0), self.size)
        behind = min(max(self.start + self.size - self.length, 0), self.size - before)
        return before, self.size - before - behind, behind


#: One position a direction: known, or an array of shape `(directions,)`.
Index: TypeAlias = Any


def as_array(index: Index) -> Array:
    """An index as an array."""
    return index.array() if isinstance(index, Run) else index


def same(a: Index, b: Index) -> bool:
    """Whether two indices are known to be equal without looking at their values."""
    return a is b or (isinstance(a, Run) and a == b)


def as_run(indices: Any, length: int) -> Run | None:
    """The run that a known vector of indices is, or `None`.

    **Arguments:**

    - `indices`: a NumPy array of integers; any other is not known before the program runs.
    - `length`: of the axis.
    """
    if not isinstance(indices, np.ndarray) or indices.size == 0:
        return None
    start = int(indices[0])
    for step in (1, 0):
        run = Run(start, step, indices.size, length)
        if np.array_equal(run.known, indices) and run.inside.all():
            return run
    return None


def single_run(indices: tuple[Index, ...]) -> bool:
    """Whether all positions are known, and at most one of them differs from direction to direction."""
    return all(isinstance(i, Run) for i in indices) and sum(i.step for i in indices) <= 1


def read_runs(array: Array, axes: tuple[int, ...], runs: tuple[Run, ...]) -> Array:
    """The array at the positions, `(directions, *rest)`."""
    size, along = runs[0].size, None
    # From the last axis to the first, so that those before keep their numbers.
    for axis, run in sorted(zip(axes, runs, strict=True), key=lambda pair: -pair[0]):
        if run.step == 0:
            array = lax.index_in_dim(array, min(max(run.start, 0), run.length - 1), axis, keepdims=False)
            along = None if along is None else along - 1
            continue
        array, along = _read_in_order(array, axis, run), axis
    if along is None:
        return jnp.broadcast_to(array[None], (size, *array.shape))
    return jnp.moveaxis(array, along, 0)


def _read_in_order(array: Array, axis: int, run: Run) -> Array:
    """A slice, and copies of the first and the last entry for positions before and behind."""
    before, within, behind = run.span()
    first = max(run.start, 0)

    def copies(at, count):
        shape = (*array.shape[:axis], count, *array.shape[axis + 1 :])
        return jnp.broadcast_to(lax.slice_in_dim(array, at, at + 1, axis=axis), shape)

    pieces = [
        *([copies(0, before)] if before else []),
        *([lax.slice_in_dim(array, first, first + within, axis=axis)] if within else []),
        *([copies(run.length - 1, behind)] if behind else []),
    ]
    return jnp.concatenate(pieces, axis) if len(pieces) > 1 else pieces[0]


def write_runs(values: Array, runs: tuple[Run, ...]) -> Array:
    """Zeros but for the values at the positions, added up over directions: `(*lengths, *rest)`.

    Values of directions whose position is not inside are zero, and are left out.
    """
    zero = jnp.zeros((), values.dtype)
    varying = [run for run in runs if run.step]
    if varying:
        before, within, behind = varying[0].span()
        values = lax.slice_in_dim(values, before, before + within)
        first = max(varying[0].start, 0) if within else 0
        low, high = first, varying[0].length - first - within
    else:
        # All directions at one place.
        inside = bool(np.all([run.inside.all() for run in runs]))
        values = jnp.sum(values, 0, keepdims=True) if inside else jnp.zeros((1, *values.shape[1:]), values.dtype)
        low = high = 0
    padding, shape = [], []
    for run in runs:
        if run.step:
            padding.append((low, high, 0))
            shape.append(values.shape[0])
        else:
            at = min(max(run.start, 0), run.length - 1)
            padding.append((at, run.length - 1 - at, 0))
            shape.append(1)
    rest = values.shape[1:]
    values = jnp.reshape(values, (*shape, *rest))
    return lax.pad(values, zero, (*padding, *((0, 0, 0) for _ in rest)))
