"""The universal fallback: any primitive that `jax.jvp` accepts, at any order.

Along a curve x(t), d/dt f(x(t)) = Jf(x(t)) x'(t). So the Taylor coefficients of f up to order K are those of its
Jacobian-vector product up to order K - 1, a function of x and x', divided by k: y_k = g_{k-1} / k. The product's own
jaxpr is made of primitives that mostly have rules; those that have none recurse, one order lower each time.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core

from ..._jaxprs import bind
from .._algebra import add, collapse, scale
from .._coefficient import Coefficient, Dense
from .._interpreter import expand
from .._source import source_line
from .._sweep import coefficient_of, primal_of, Series, series, Sweep


def fallback(sweep: Sweep, eqn: core.JaxprEqn, inputs: Sequence[Any]) -> list[Any]:
    """The rule for a primitive that has none: the Taylor coefficients of its Jacobian-vector product, by recursion."""
    primals = [primal_of(value) for value in inputs]
    varying = [i for i, value in enumerate(inputs) if isinstance(value, Series)]
    outputs = bind(eqn, primals)
    differentiable = [jnp.issubdtype(out.dtype, jnp.inexact) for out in outputs]

    def fn(*arrays):
        operands = list(primals)
        for i, array in zip(varying, arrays, strict=True):
            operands[i] = array
        return [out for out, keep in zip(bind(eqn, operands), differentiable, strict=True) if keep]

    try:
        columns = taylor_by_jvp(
            fn,
            [primals[i] for i in varying],
            [inputs[i].coefficients for i in varying],
            sweep,
            _top(eqn, primals, varying),
        )
    except NotImplementedError as error:
        # Not of a primitive inside this one's derivative, which has been named already.
        if f"'{eqn.primitive.name}'" not in str(error):
            raise
        raise NotImplementedError(
            f"Cannot differentiate `{eqn.primitive.name}`, at {source_line(eqn)}: JAX has no derivative of it. Declare "
            "one by `jax.custom_jvp`, or pass it `jax.lax.stop_gradient` of its arguments."
        ) from error
    expanded = iter(zip(*columns, strict=True))
    return [series(out, next(expanded)) if keep else out for out, keep in zip(outputs, differentiable, strict=True)]


def over_directions(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`jax.vmap`; or a loop, for the few primitives that JAX cannot batch, whatever way it says so."""

    def mapped(*arrays):
        try:
            return jax.vmap(fn)(*arrays)
        except Exception:
            return jax.lax.map(lambda row: fn(*row), arrays)

    return mapped


def jacobian_times(eqn, primals: Sequence, positions: Sequence[int], coefficients: Sequence[Coefficient]) -> list:
    """The Jacobian of an equation, times coefficients of the operands at `positions`; one coefficient per output."""
    present = [c for c in coefficients if c is not None]
    if not present:
        return [None] * len(eqn.outvars)
    summed = present[0].summed

    def fn(*arrays):
        operands = list(primals)
        for i, array in zip(positions, arrays, strict=True):
            operands[i] = array
        return bind(eqn, operands)

    def jvp(*given):
        # All of them, some zero: a rule that is told which operands are perturbed (`symbolic_zeros=True`, as those of
        # Equinox's and Diffrax's loops) may drop the others, which do vary, if in another coefficient.
        found = iter(given)
        rows = zip(positions, coefficients, strict=True)
        tangents = [jnp.zeros_like(primals[i]) if c is None else next(found) for i, c in rows]
        return jax.jvp(fn, [primals[i] for i in positions], tangents)[1]

    arrays = [c.dense().array for c in present]
    outputs = jvp(*arrays) if summed else over_directions(jvp)(*arrays)
    return [Dense(array, summed) if jnp.issubdtype(array.dtype, jnp.inexact) else None for array in outputs]


def _top(eqn, primals, varying):
    def jacobian(coefficients):
        found = jacobian_times(eqn, primals, varying, coefficients)
        return [c for c, var in zip(found, eqn.outvars, strict=True) if jnp.issubdtype(var.aval.dtype, jnp.inexact)]

    return jacobian


def taylor_by_jvp(
    fn: Callable[..., Any],
    primals: Sequence,
    coefficients: Sequence[Sequence[Coefficient]],
    sweep: Sweep,
    jacobian: Callable[[Sequence[Coefficient]], list[Coefficient]],
) -> list[list[Coefficient]]:
    """Coefficients 1..K of each output of `fn` (arrays in, list of inexact arrays out); one list per order.

    `jacobian` multiplies coefficients by the Jacobian at the primals: the highest coefficients of the inputs enter
    by it alone, and are left out of the recursion.
    """
    order = sweep.order
    linear = jacobian([c[-1] for c in coefficients])
    if order == 1:
        return [linear]
    lower = [[None if c is None else c.dense().array for c in cs[:-1]] for cs in coefficients]
    flat, structure = jax.tree.flatten(lower)
    if not flat:
        nothing: list[Coefficient] = [None] * len(linear)
        return [nothing] * (order - 1) + [linear]

    def one_direction(flat):
        lower = jax.tree.unflatten(structure, flat)
        single = Sweep(order - 1, 1, collapsed=False)
        lifted = [[None if array is None else Dense(array[None], False) for array in cs] for cs in lower]
        points = [series(x, cs) for x, cs in zip(primals, lifted, strict=True)]
        # x'(t) = sum_k k x_k t^(k-1), the highest coefficient left out
        velocities = []
        for x, arrays, cs in zip(primals, lower, lifted, strict=True):
            first = jnp.zeros_like(x) if arrays[0] is None else arrays[0]
            velocities.append(series(first, [*(scale(c, k) for k, c in enumerate(cs[1:], 2)), None]))
        n = len(primals)
        outputs, _ = expand(lambda *args: jax.jvp(fn, args[:n], args[n:])[1], [*points, *velocities], single)

        def value(out, k):
            if k == 1:
                return primal_of(out)
            c = coefficient_of(out, k - 1)
            return jnp.zeros_like(primal_of(out)) if c is None else c.dense().array[0] / k

        return [[value(out, k) for out in outputs] for k in range(1, order + 1)]

    columns: list[list[Coefficient]] = [
        [Dense(array, False) for array in column] for column in over_directions(one_direction)(flat)
    ]
    columns[-1] = [add(collapse(c, sweep), top) for c, top in zip(columns[-1], linear, strict=True)]
    return columns
