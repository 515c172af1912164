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
        """How many coordinates are chosen; `ValueError` for none, and for those that the point does not have."""
        dim = x.shape[0]
        if isinstance(self.selection, slice):
            ends = [end for end in (self.selection.start, self.selection.stop) if end is not None]
            outside = any(not -dim <= end <= dim for end in ends)
            size = len(range(*self.selection.indices(dim)))
        else:
            # Indices that are traced are not known; JAX brings them into the range.
            known = not isinstance(self.selection, Tracer)
            outside = known and bool(np.any((np.asarray(self.selection) < -dim) | (np.asarray(self.selection) >= dim)))
            size = self.selection.shape[0]
        if outside or size == 0:
            raise ValueError(
                f"{self} chooses {'coordinates that are not there' if outside else 'no coordinates'}: the point has "
                f"{dim}, which are 0 to {dim - 1}."
            )
        return size

    def on(self, selection: Selection | Sequence[int]) -> AbstractOperator:
        raise ValueError(f"{self} has its coordinates already: choose all of them in one call of `on`.")


def _indices(selection: Any) -> Selection:
    if isinstance(selection, slice):
        return selection
    if isinstance(selection, list | tuple):
        selection = np.asarray(selection)
    if getattr(selection, "ndim", None) != 1 or not np.issubdtype(selection.dtype, np.integer):
        raise ValueError(
            "`on` takes the coordinates to act on, as a slice or as a sequence of their indices, such as "
            f"`on(slice(1, None))` or `on([0, 2])`; got {selection!r}."
        )
    return selection
