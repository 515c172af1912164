from jaxtyping import Array, Float, PRNGKeyArray

from ._base import AbstractDirectionalOperator, AbstractOperator, AbstractSampler
from ._directions import AbstractDirections
from ._selection import Axes, Selection


class Restricted(AbstractOperator):
    """An operator that acts on some of the coordinates; made by [`on`][stde_eqx.AbstractOperator.on]."""

    operator: AbstractDirectionalOperator
    selection: Selection

    def __init__(self, operator: AbstractDirectionalOperator, selection: Axes):
        self.operator = operator
        self.selection = Selection(selection)

    def __repr__(self) -> str:
        return f"{self.operator!r}.on({self.selection!r})"

    def draw(
        self, sampler: AbstractSampler, x: Float[Array, " dim"], *, key: PRNGKeyArray | None
    ) -> AbstractDirections:
        inside = sampler.sample_terms(self.operator, x, dim=self.selection.size(x.shape[0]), key=key)
        return inside.embedded(self.selection, x.shape[0])

    def most_terms(self, x: Float[Array, " dim"]) -> int:
        return self.operator.num_terms(x, dim=self.selection.size(x.shape[0]))

    def on(self, selection: Axes) -> AbstractOperator:
        raise ValueError(f"{self} has its coordinates already: choose all of them in one call of `on`.")
