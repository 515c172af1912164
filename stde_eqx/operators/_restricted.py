from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, PRNGKeyArray

from ._base import AbstractDirectionalOperator, AbstractOperator, AbstractSampler
from ._directions import AbstractDirections
from ._tangents import Selection


class Restricted(AbstractOperator):
    """An operator that acts on some of the coordinates; made by [`on`][stde_eqx.AbstractOperator.on]."""

    operator: AbstractDirectionalOperator
    selection: Selection

    def __init__(self, operator: AbstractDirectionalOperator, selection: Selection | Sequence[int]):
        self.operator = operator
        self.selection = _indices(selection)

    def __repr__(self) -> str:
        return f"{self.operator!r}.on({self.selection!r})"

    def draw(
        self, sampler: AbstractSampler, x: Float[Array, " dim"], *, key: PRNGKeyArray | None
    ) -> AbstractDirections:
        inside = sampler.sample_terms(self.operator, x, dim=self._size(x), key=key)
        return inside.embedded(self.selection, x.shape[0])

    def most_terms(self, x: Float[Array, " dim"]) -> int:
        return self.operator.num_terms(x, dim=self._size(x))

    def _size(self, x: Float[Array, " dim"]) -> int:
        """How many coordinates are chosen; `ValueError` for none, one twice, or one that the point does not have."""
        dim = x.shape[0]
        if isinstance(self.selection, Tracer):
            # Which they are is not known; JAX brings them into the range.
            return self.selection.shape[0]
        if isinstance(self.selection, slice):
            size = distinct = len(range(*self.selection.indices(dim)))
            ends = [end for end in (self.selection.start, self.selection.stop) if end is not None]
            # One before the first is where a slice ends that runs backwards.
            outside = any(not -dim - 1 <= end <= dim for end in ends)
        else:
            chosen = np.asarray(self.selection)
            size, distinct = chosen.size, np.unique(chosen % dim).size
            outside = bool(np.any((chosen < -dim) | (chosen >= dim)))
        if outside or size == 0 or distinct < size:
            what = "coordinates that are not there" if outside else "a coordinate twice" if size else "no coordinates"
            raise ValueError(f"{self} chooses {what}: the point has {dim}, which are 0 to {dim - 1}.")
        return size

    def on(self, selection: Selection | Sequence[int]) -> AbstractOperator:
        raise ValueError(f"{self} has its coordinates already: choose all of them in one call of `on`.")


def _indices(selection: Any) -> Selection:
    if isinstance(selection, slice):
        for end in (selection.start, selection.stop, selection.step):
            if not (end is None or isinstance(end, int | np.integer)):
                raise ValueError(f"The ends of a slice of coordinates are whole numbers, got {selection!r}.")
        return selection
    if isinstance(selection, Sequence):
        selection = np.asarray(selection)
    if getattr(selection, "ndim", None) != 1 or not np.issubdtype(selection.dtype, np.integer):
        raise ValueError(
            "`on` takes the coordinates to act on, as a slice or as a sequence of their indices, such as "
            f"`on(slice(1, None))` or `on([0, 2])`; got {selection!r}."
        )
    return selection
