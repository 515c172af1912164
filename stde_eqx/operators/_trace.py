from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._custom_types import Field
from ..taylor import directional_derivatives
from ._design import AbstractDesign, Draws
from ._directions import AbstractTerms, moments_of_terms
from ._selection import Selection
from ._tangents import AbstractTangents, Coordinates


class TraceDirections(AbstractTerms):
    r"""A draw of a divergence: $\sum_r w_r \, v_r \cdot (Du(x)[v_r])$, for $u$ with as many values as coordinates.

    Of a PyTree, it is taken of each leaf.

    **Arguments:**

    - `tangents`: the vectors $v_r$ in the coordinates of the values.
    - `weights`: one weight $w_r$ per direction.
    - `design`: how they were drawn; all of them if `None`.
    - `selection`: which coordinates of the point those are; all if `None`.
    """

    tangents: AbstractTangents
    weights: Float[Array, " directions"]
    design: AbstractDesign | None = None
    selection: Selection | None = None

    @property
    def designs(self) -> tuple[AbstractDesign, ...]:
        return (Draws(self.tangents.size, self.tangents.size) if self.design is None else self.design,)

    def value_and_terms(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        dim = x.shape[0]
        inner = self.tangents if self.selection is None else self.tangents.embedded(self.selection, dim)
        size = inner.size
        value, (slopes,) = directional_derivatives(u, x, inner.coefficient(x), order=1, size=size)
        components = dim if self.selection is None else self.selection.size(dim)

        def terms(value: Array, slopes: Array) -> Array:
            if jnp.shape(value) != (components,):
                raise ValueError(
                    f"The divergence over {components} coordinates needs a function with values of shape "
                    f"({components},), got {jnp.shape(value)}."
                )
            if isinstance(self.tangents, Coordinates):
                along = jnp.sum(jnp.take_along_axis(slopes, self.tangents.indices, 1) * self.tangents.values, 1)
            else:
                along = jnp.sum(slopes * self.tangents.dense(components), 1)
            weighted = self.weights.astype(along.dtype) * along
            return jnp.sum(weighted.reshape(self.designs[0].units, -1), 1)

        return value, jax.tree.map(terms, value, slopes)

    def value_and_apply(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        value, terms = self.value_and_terms(u, x)
        return value, jax.tree.map(jnp.sum, terms)

    def value_and_moments(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any, Any]:
        return moments_of_terms(self, u, x)

    def drawn(self, factor: float | Float[Array, "..."], design: AbstractDesign) -> "TraceDirections":
        """The same directions as a draw: weights multiplied by a factor, or by one a term, and a design."""
        return TraceDirections(self.tangents, self.weights * factor, design, self.selection)

    def embedded(self, selection: Selection, dim: int) -> "TraceDirections":
        """The divergence over the selected coordinates."""
        return eqx.tree_at(lambda d: d.selection, self, selection, is_leaf=lambda node: node is None)
