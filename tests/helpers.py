"""What several test files share: dense oracles, built from nested forward mode and nothing of the library."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import jax.tree_util as jtu


def tree_allclose(x: Any, y: Any, *, rtol: float = 1e-10, atol: float = 1e-12) -> bool:
    """Whether two PyTrees have the same structure, shapes and dtypes, and leaves that agree to tolerance."""
    if jtu.tree_structure(x) != jtu.tree_structure(y):
        return False
    same = lambda a, b: a.shape == b.shape and a.dtype == b.dtype and bool(jnp.allclose(a, b, rtol=rtol, atol=atol))
    leaves = zip(jtu.tree_leaves(x), jtu.tree_leaves(y), strict=True)
    return all(same(jnp.asarray(a), jnp.asarray(b)) for a, b in leaves)


def derivative_tensor(u: Callable, x: jax.Array, order: int) -> jax.Array:
    """All partial derivatives of one order, of shape `(*out, dim, ..., dim)`."""
    for _ in range(order):
        u = jax.jacfwd(u)
    return u(x)


def directional_derivative(u: Callable, x: jax.Array, vectors: Sequence[jax.Array]) -> jax.Array:
    """The mixed directional derivative of `u` at `x` along each of `vectors` in turn."""
    for vector in vectors:
        u = lambda z, u=u, vector=vector: jax.jvp(u, (z,), (vector,))[1]
    return u(x)


def laplacian(u: Callable, x: jax.Array) -> jax.Array:
    """The trace of the dense Hessian of `u` at `x`."""
    return jnp.trace(derivative_tensor(u, x, 2), axis1=-2, axis2=-1)
