"""Type aliases shared by the whole package."""

from collections.abc import Callable
from typing import Any, TypeAlias

from jaxtyping import Array, Float


Field: TypeAlias = Callable[..., Any]
"""An unknown, `u(x)` or `u(t, x)`: one point in, its value out, an array or a PyTree. Batching is the caller's
`jax.vmap`. A network, a trial function and an exact solution are fields."""

#: Points of space-time: times and positions, batched along the leading axis.
TimesAndPoints: TypeAlias = tuple[Float[Array, " points"], Float[Array, "points dim"]]

#: Any PyTree.
PyTreeLike: TypeAlias = Any
