"""What is a point, and what is not."""

from typing import Any

import jax.numpy as jnp

from .._arguments import describe


def check_point(x: Any) -> None:
    """`ValueError` for what is not one point with inexact coordinates."""
    if not hasattr(x, "ndim"):
        raise ValueError(f"An operator acts at one point, an array of shape (dim,); got {describe(x)}.")
    if x.ndim != 1:
        raise ValueError(
            f"An operator acts at one point, of shape (dim,); got x of shape {x.shape}. "
            "For a batch of points write `jax.vmap(lambda x: operator(u, x))(points)`."
        )
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        raise ValueError(
            f"An operator acts at a point with floating-point coordinates, got x of dtype {x.dtype}: there are no "
            "derivatives with respect to whole numbers. Convert it, as in `x.astype(float)`."
        )


def check_function_and_point(u: Any, x: Any) -> None:
    """The same, and `ValueError` for a function that is none."""
    if not callable(u):
        raise ValueError(
            "An operator is applied to a function and a point, `operator(u, x)`: got "
            f"{describe(u)} in the place of the function."
        )
    check_point(x)
