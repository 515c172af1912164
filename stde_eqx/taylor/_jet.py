import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array

from ._coefficient import Dense
from ._interpreter import expand
from ._sweep import coefficient_of, primal_of, series as make_series, Sweep


def jet(
    fun: Callable[..., Any], primals: Sequence[Any], series: Sequence[Sequence[Any]], factorial_scaled: bool = True
) -> tuple[Any, Any]:
    r"""Taylor-mode differentiation along one curve: a drop-in for `jax.experimental.jet.jet` that takes any function.

    For a curve $x(t)$ with $x(0)$ = `primals` and derivatives $x^{(k)}(0)$ = `series`, the derivatives of $f(x(t))$ at
    $t = 0$.

    !!! example

        ```python
        y, (first, second) = stde.jet(jnp.sin, (1.0,), ((1.0, 0.0),))  # sin, cos, -sin at 1
        ```

    **Arguments:**

    - `fun`: a function of arrays, or PyTrees of arrays, returning an array or a PyTree of arrays.
    - `primals`: one value per argument of `fun`.
    - `series`: for each argument its terms of order $1, \ldots, K$, each with the structure of that argument.
    - `factorial_scaled`: whether terms, given and returned, are derivatives; otherwise they are the coefficients of
        $t^k$, smaller by $k!$.

    **Returns:** `fun(*primals)`, and the same structure with a list of $K$ terms in place of each array.

    **Raises:** `ValueError` where `primals` and `series` do not match, or integers or booleans are to vary.
    """
    order = _order(primals, series)
    scale = [float(math.factorial(k)) if factorial_scaled else 1.0 for k in range(1, order + 1)]
    leaves, structure = jax.tree.flatten(tuple(primals))
    terms = [jax.tree.leaves(tuple(argument[k] for argument in series)) for k in range(order)]
    inputs = []
    for i, leaf in enumerate(leaves):
        leaf = jnp.asarray(leaf)
        if not jnp.issubdtype(leaf.dtype, jnp.inexact):
            _check_constant(leaf, [term[i] for term in terms])
            inputs.append(leaf)
            continue
        coefficients = []
        for k in range(order):
            if jnp.shape(terms[k][i]) != leaf.shape:
                raise ValueError(
                    f"Every term has the shape of its argument: the term of order {k + 1} has shape "
                    f"{jnp.shape(terms[k][i])}, its argument has shape {leaf.shape}."
                )
            coefficients.append(Dense((jnp.asarray(terms[k][i], leaf.dtype) / scale[k])[None], summed=False))
        inputs.append(make_series(leaf, coefficients))
    sweep = Sweep(order, 1, collapsed=False)
    outputs, out_structure = expand(lambda *leaves: fun(*jax.tree.unflatten(structure, leaves)), inputs, sweep)

    def out_terms(out):
        like = primal_of(out)
        coefficients = [coefficient_of(out, k) for k in range(1, order + 1)]
        return [
            jnp.zeros_like(like) if c is None else c.dense().array[0] * factor
            for c, factor in zip(coefficients, scale, strict=True)
        ]

    values = jax.tree.unflatten(out_structure, [primal_of(out) for out in outputs])
    return values, jax.tree.unflatten(out_structure, [out_terms(out) for out in outputs])


def _check_constant(leaf: Array, terms: Sequence[Any]) -> None:
    """Raises where a primal that cannot vary continuously is given terms that are not zero, or not known to be."""
    for term in terms:
        # JAX's own tangents of integers have no entries to look at.
        if getattr(term, "dtype", None) == jax.dtypes.float0:
            continue
        traced = isinstance(term, Tracer)
        if jnp.issubdtype(jnp.result_type(term), jnp.inexact) if traced else np.any(np.asarray(term)):
            raise ValueError(
                f"A primal of dtype {leaf.dtype} is given terms, and only floating-point (or complex) numbers vary "
                "continuously: pass `x.astype(float)`, or zeros of its own dtype as its terms where it is a constant."
            )


def _order(primals, series) -> int:
    if len(primals) != len(series):
        raise ValueError(f"jet takes one series per argument: got {len(primals)} primals and {len(series)} series.")
    lengths = [len(terms) for terms in series]
    if not lengths or len(set(lengths)) > 1 or lengths[0] < 1:
        raise ValueError(
            f"All arguments need the same number of terms, at least one: got series of lengths {lengths}. "
            "Pad the shorter ones with zeros."
        )
    for i, (primal, terms) in enumerate(zip(primals, series, strict=True)):
        for k, term in enumerate(terms, 1):
            if jax.tree.structure(term) != jax.tree.structure(primal):
                raise ValueError(
                    f"The term of order {k} of argument {i} has structure {jax.tree.structure(term)}, "
                    f"but the argument itself has structure {jax.tree.structure(primal)}."
                )
    return lengths[0]
