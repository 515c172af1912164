import functools
import math
from collections.abc import Callable, Mapping
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
    lower: Mapping[int, Float[Array, " directions"]] | None = None,
    size: int,
) -> tuple[Any, Any]:
    r"""`fn(x)` and $\sum_r w_r D^K f(x)[v_r, \ldots, v_r]$, from one collapsed Taylor sweep.

    **Arguments:**

    - `fn`: any function from an array to a PyTree of inexact arrays. It is traced once.
    - `x`: where to differentiate.
    - `tangents`: the directions $v_r$, as a per-direction coefficient of the shape of `x`.
    - `order`: $K \ge 1$.
    - `weights`: $w_r$ of shape `(directions,)`; all one if `None`.
    - `lower`: weights of lower orders, whose sums are added: the sweep passes through their derivatives anyway.
    - `size`: the number of directions.

    **Returns:** two PyTrees of the structure of `fn`'s output.

    **Raises:** `ValueError` where `order` is below 1, or where `x` or an output has integers or booleans;
    `NotImplementedError` where the function depends on `x` through something without a derivative, and the line.

    ??? cite "Reference"

        Dangel, Siebert, Zeinhofer and Walther, *Collapsing Taylor Mode Automatic Differentiation*, NeurIPS 2025.
    """
    sweep = Sweep(order, size, collapsed=True, weights=weights)
    lower = {} if lower is None else lower

    def total(value, out):
        highest = coefficient_of(out, order)
        result = jnp.zeros_like(value) if highest is None else float(math.factorial(order)) * highest.dense().array
        for k, w in lower.items():
            w = w.astype(jnp.result_type(value))
            if k == 0:
                result = result + jnp.sum(w) * value
            elif (c := coefficient_of(out, k)) is not None:
                result = result + float(math.factorial(k)) * jnp.tensordot(w, c.dense().array, 1)
        return result

    values, outputs, structure = _expanded(fn, x, tangents, sweep)
    totals = map(total, values, outputs)
    return jax.tree.unflatten(structure, values), jax.tree.unflatten(structure, totals)


def directional_derivatives(
    fn: Callable[[Array], Any], x: Array, tangents: Coefficient, *, order: int, size: int
) -> tuple[Any, tuple[Any, ...]]:
    r"""`fn(x)` and $D^k f(x)[v_r, \ldots, v_r]$ for $k = 1, \ldots, K$ and every direction, from one Taylor sweep.

    Arguments and errors as for [`stde_eqx.taylor.weighted_derivative`][].

    **Returns:** a PyTree of the structure of `fn`'s output, and a tuple of $K$ of them whose arrays have a leading axis
    of length `size`.
    """

    values, outputs, structure = _expanded(fn, x, tangents, Sweep(order, size, collapsed=False))

    def derivative(k, value, out):
        c = coefficient_of(out, k)
        zero = jnp.zeros((size, *value.shape), value.dtype)
        return zero if c is None else float(math.factorial(k)) * c.dense().array

    derivatives = [map(functools.partial(derivative, k), values, outputs) for k in range(1, order + 1)]
    return jax.tree.unflatten(structure, values), tuple(jax.tree.unflatten(structure, d) for d in derivatives)


def _expanded(fn, x, tangents, sweep: Sweep) -> tuple[list[Any], list[Any], Any]:
    """Values, the series that they belong to, and the structure of the output."""
    if sweep.order < 1:
        raise ValueError(f"order must be at least 1, got {sweep.order}; the function itself needs no sweep.")
    if not jnp.issubdtype(jnp.result_type(x), jnp.inexact):
        raise ValueError(
            f"x has dtype {jnp.result_type(x)}, and only floating-point (or complex) numbers vary continuously: "
            "pass `x.astype(float)`."
        )
    first = collapse(tangents, sweep) if sweep.order == 1 else tangents
    outputs, structure = expand(fn, [series(x, (first, *(None,) * (sweep.order - 1)))], sweep)
    values = [primal_of(out) for out in outputs]
    for value in values:
        if not jnp.issubdtype(jnp.result_type(value), jnp.inexact):
            raise ValueError(
                f"The function returns an array of dtype {jnp.result_type(value)} and shape {jnp.shape(value)}, which "
                "has no derivative: return floating-point (or complex) numbers only."
            )
    return values, outputs, structure
