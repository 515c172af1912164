from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..._batching import at_all


class Block(eqx.Module):
    """A batch of residuals: rows of a least-squares problem.

    **Attributes:**

    - `residual`: a function of the parameters, of what belongs to one point and of what all points share, with a scalar
        or a vector of parts as value.
    - `items`: what belongs to the points, batched along the leading axis.
    - `common`: what all of them share.
    - `chunk_size`: how many points to work on at once; all if `None`.
    """

    residual: Callable[[Any, Any, Any], Float[Array, "..."]]
    items: Any
    common: Any
    chunk_size: int | None = eqx.field(static=True, default=None)

    @property
    def num_items(self) -> int:
        """How many points there are."""
        return jax.tree.leaves(self.items)[0].shape[0]

    def __call__(self, params: Any) -> Float[Array, " rows"]:
        """All residuals, part by part of point by point."""
        at_item = lambda item: jnp.ravel(self.residual(params, item, self.common))
        return at_all(at_item, self.items, chunk_size=self.chunk_size).ravel()

    def times(self, factor: Any) -> "Block":
        """The block with every residual multiplied by a number."""
        scaled = lambda params, item, common: factor * self.residual(params, item, common)
        return Block(scaled, self.items, self.common, self.chunk_size)

    def one(self) -> Any:
        """The shapes of what belongs to one point."""
        return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), self.items)


def square_of(blocks: Sequence[Block], params: Any) -> Float[Array, ""]:
    """The sum of the squares of all residuals."""
    return jnp.sum(jnp.stack([jnp.sum(block(params) ** 2) for block in blocks]))
