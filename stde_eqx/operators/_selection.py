from collections.abc import Sequence
from typing import TypeAlias

import equinox as eqx
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Int


#: Which coordinates of a point: a slice, or their indices.
Axes: TypeAlias = slice | Sequence[int] | Int[Array, " coordinates"] | Int[np.ndarray, " coordinates"]


class Selection(eqx.Module):
    """Some of the coordinates of a point.

    What is known of them while tracing is static, so that it is checked inside `jax.jit`, too, and takes part in what
    a program is compiled for. Numbers in place of a slice can be hashed before Python 3.12.
    """

    _slice: tuple[int | None, int | None, int | None] | None = eqx.field(static=True)
    _indices: tuple[int, ...] | None = eqx.field(static=True)
    _traced: Int[Array, " coordinates"] | None

    def __init__(self, selection: Axes):
        self._slice = self._indices = self._traced = None
        if isinstance(selection, slice):
            ends = (selection.start, selection.stop, selection.step)
            if not all(end is None or isinstance(end, int | np.integer) for end in ends):
                raise ValueError(f"The ends of a slice of coordinates are whole numbers, got {selection!r}.")
            start, stop, step = (end if end is None else int(end) for end in ends)
            self._slice = (start, stop, step)
            return
        if isinstance(selection, Sequence):
            selection = np.asarray(selection)
        if getattr(selection, "ndim", None) != 1 or not np.issubdtype(selection.dtype, np.integer):
            raise ValueError(
                "`on` takes the coordinates to act on, as a slice or as a sequence of their indices, such as "
                f"`on(slice(1, None))` or `on([0, 2])`; got {selection!r}."
            )
        if isinstance(selection, Tracer):
            self._traced = selection
        else:
            self._indices = tuple(np.asarray(selection).tolist())

    @property
    def index(self) -> slice | Int[np.ndarray, " coordinates"] | Int[Array, " coordinates"]:
        """A slice or an array of indices."""
        if self._slice is not None:
            return slice(*self._slice)
        if self._indices is not None:
            return np.array(self._indices, np.int32)
        assert self._traced is not None
        return self._traced

    def __repr__(self) -> str:
        if self._slice is not None or self._indices is None:
            return repr(self.index)
        return repr(list(self._indices))

    def size(self, dim: int) -> int:
        """How many of `dim` coordinates they are; `ValueError` for none, one twice, or one that is not there."""
        index = self.index
        if isinstance(index, slice):
            size = distinct = len(range(*index.indices(dim)))
            ends = [end for end in (index.start, index.stop) if end is not None]
            # One before the first is where a slice ends that runs backwards.
            outside = any(not -dim - 1 <= end <= dim for end in ends)
        elif isinstance(index, np.ndarray):
            size, distinct = index.size, np.unique(index % dim).size
            outside = bool(np.any((index < -dim) | (index >= dim)))
        else:
            # Which they are is not known; JAX brings them into the range.
            return index.shape[0]
        if outside or size == 0 or distinct < size:
            what = "coordinates that are not there" if outside else "a coordinate twice" if size else "no coordinates"
            raise ValueError(f"on({self}) chooses {what}: the point has {dim}, which are 0 to {dim - 1}.")
        return size
