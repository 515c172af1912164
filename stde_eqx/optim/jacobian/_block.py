from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Block(eqx.Module):
    """A batch of residuals: rows of a least-squares problem.

    **Attributes:**

    - `residual`: a function of the parameters, of what belongs to one point and of what all points share, with a scalar
        or a vector of parts as value.
    - `items`: what belongs to the points, batched along the leading axis.
    - `common`: what all of them share.
    """

    residual: Callable[[Any, Any, Any], Float[Array, "..."]]
    items: Any
    common: Any

    @property
    def num_items(self) -> int:
        """How many points there are."""
        return jax.tree.leaves(self.items)[0].shape[0]

    def __call__(self, params: Any) -> Float[Array, " rows"]:
        """All residuals, part by part of point by point."""
        return jax.vmap(lambda item: jnp.ravel(self.residual(params, item, self.common)))(self.items).ravel()

    def times(self, factor: Any) -> "Block":
        """The block with every residual multiplied by a number."""
        return Block(lambda params, item, common: factor * self.residual(params, item, common), self.items, self.common)

    def one(self) -> Any:
        """The shapes of what belongs to one point."""
        return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), self.items)


def square_of(blocks: Sequence[Block], params: Any) -> Float[Array, ""]:
    """The sum of the squares of all residuals."""
    return jnp.sum(jnp.stack([jnp.sum(block(params) ** 2) for block in blocks]))
