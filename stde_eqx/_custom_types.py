"""Type aliases shared by the whole package."""

from collections.abc import Callable
from typing import Any, TypeAlias

from jaxtyping import Array, Float


#: A stationary unknown: one point in, its value out, an array or a PyTree. Batching is the caller's `jax.vmap`.
Field: TypeAlias = Callable[[Float[Array, " dim"]], Any]

#: Any PyTree.
PyTreeLike: TypeAlias = Any
