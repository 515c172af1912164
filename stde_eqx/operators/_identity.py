from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field
from ._base import AbstractOperator, AbstractSampler
from ._design import AbstractDesign, Draws
from ._directions import AbstractDirections, AbstractTerms, moments_of_terms
from ._selection import Axes


class Identity(AbstractOperator):
    """The function itself: the zeroth-order term of an operator, as in `stde.Laplacian() + 3 * stde.Identity()`."""

    def draw(
        self, sampler: AbstractSampler, x: Float[Array, " dim"], *, key: PRNGKeyArray | None
    ) -> AbstractDirections:
        return NoDirections()

    def most_terms(self, x: Float[Array, " dim"]) -> int:
        return 1

    def on(self, selection: Axes) -> AbstractOperator:
        return self


class NoDirections(AbstractTerms):
    """The draw of the identity."""

    @property
    def designs(self) -> tuple[AbstractDesign, ...]:
        return (Draws(1, 1),)

    def value_and_apply(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        value = u(x)
        return value, value

    def value_and_terms(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        value = u(x)
        return value, jax.tree.map(lambda y: jnp.asarray(y)[None], value)

    def value_and_moments(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any, Any]:
        return moments_of_terms(self, u, x)
