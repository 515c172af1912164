"""Functions of one point at many of them."""

from collections.abc import Callable
from typing import Any

import jax


def at_all(fn: Callable[[Any], Any], items: Any, *, chunk_size: int | None = None, out_axes: Any = 0) -> Any:
    """`jax.vmap` of a function, or the same a few items at a time.

    Where a point takes much more memory than the parameters, as with exact operators of networks that have few, all
    points at once overflow the processor's caches: chunks can be several times as fast. Reverse mode computes each
    chunk anew rather than storing what it needs.

    **Arguments:**

    - `fn`: a function of one item.
    - `items`: a PyTree, batched along the leading axis.
    - `chunk_size`: how many items at once, a divisor of how many there are; all if `None`.
    - `out_axes`: as of `jax.vmap`, 0 or `None` for what does not depend on the item.
    """
    if chunk_size is None:
        return jax.vmap(fn, out_axes=out_axes)(items)
    chunks = jax.tree.map(lambda leaf: leaf.reshape(-1, chunk_size, *leaf.shape[1:]), items)
    results = jax.lax.map(jax.checkpoint(lambda chunk: jax.vmap(fn, out_axes=out_axes)(chunk)), chunks)
    whole = lambda axis, tree: jax.tree.map(
        lambda leaf: leaf[0] if axis is None else leaf.reshape(-1, *leaf.shape[2:]), tree
    )
    return jax.tree.map(whole, out_axes, results, is_leaf=lambda axis: axis is None)
