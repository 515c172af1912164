"""Type aliases shared by the whole package."""

from collections.abc import Callable
from typing import Any, TypeAlias

from jaxtyping import Array, Float


#: A stationary unknown: one point in, its value out. Batching is the caller's `jax.vmap`.
Field: TypeAlias = Callable[[Float[Array, " dim"]], Float[Array, "*out"]]

#: Any PyTree.
PyTreeLike: TypeAlias = Any
