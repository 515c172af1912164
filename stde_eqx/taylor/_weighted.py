import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._algebra import collapse
from ._coefficient import Coefficient
from ._interpreter import expand
from ._sweep import coefficient_of, primal_of, series, Sweep


def weighted_derivative(
    fn: Callable[[Array], Any],
    x: Array,
    tangents: Coefficient,
    *,
    order: int,
    weights: Float[Array, " directions"] | None = None,
    size: int,
) -> tuple[Any, Any]:
    r"""`fn(x)` and $\sum_r w_r D^K f(x)[v_r, \ldots, v_r]$, from one collapsed Taylor sweep.

    **Arguments:**

    - `fn`: any function from an array to a PyTree of inexact arrays. It is traced once.
    - `x`: where to differentiate.
    - `tangents`: the directions $v_r$, as a per-direction coefficient of the shape of `x`.
    - `order`: $K \ge 1$.
    - `weights`: $w_r$ of shape `(directions,)`; all one if `None`.
    - `size`: the number of directions.

    **Returns:** two PyTrees of the structure of `fn`'s output.

    **Raises:** `ValueError` where `order` is below 1, or where `x` or an output has integers or booleans;
    `NotImplementedError` where the function depends on `x` through something without a derivative, and the line.

    ??? cite "Reference"

        Dangel, Siebert, Zeinhofer and Walther, *Collapsing Taylor Mode Automatic Differentiation*, NeurIPS 2025.
    """
    if order < 1:
        raise ValueError(f"order must be at least 1, got {order}; the function itself needs no sweep.")
    if not jnp.issubdtype(jnp.result_type(x), jnp.inexact):
        raise ValueError(
            f"x has dtype {jnp.result_type(x)}, and only floating-point (or complex) numbers vary continuously: "
            "pass `x.astype(float)`."
        )
    sweep = Sweep(order, size, collapsed=True, weights=weights)
    first = collapse(tangents, sweep) if order == 1 else tangents
    outputs, structure = expand(fn, [series(x, (first, *(None,) * (order - 1)))], sweep)
    values, derivatives = [], []
    for out in outputs:
        value = primal_of(out)
        if not jnp.issubdtype(jnp.result_type(value), jnp.inexact):
            raise ValueError(
                f"The function returns an array of dtype {jnp.result_type(value)} and shape {jnp.shape(value)}, which "
                "has no derivative: return floating-point (or complex) numbers only."
            )
        c = coefficient_of(out, order)
        values.append(value)
        derivatives.append(jnp.zeros_like(value) if c is None else math.factorial(order) * c.dense().array)
    return jax.tree.unflatten(structure, values), jax.tree.unflatten(structure, derivatives)
