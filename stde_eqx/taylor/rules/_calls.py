"""Primitives that call a jaxpr: its equations are run in place."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core
from jax.extend.core import primitives as p

from ..._jaxprs import bind
from .._coefficient import Dense
from .._interpreter import evaluate, register
from .._references import state_to_value
from .._sweep import primal_of, Series, series, Sweep
from ._elementwise import compose, Tower
from ._fallback import fallback


def _closed_call(sweep, eqn, inputs):
    jaxpr = eqn.params["call_jaxpr" if "call_jaxpr" in eqn.params else "jaxpr"]
    if isinstance(jaxpr, core.ClosedJaxpr):
        return evaluate(jaxpr.jaxpr, jaxpr.consts, inputs, sweep)
    return evaluate(jaxpr, (), inputs, sweep)


register(p.jit_p, p.closed_call_p, p.call_p, p.custom_vjp_call_p, "core_call", rule=_closed_call)


def _run_state(sweep, eqn, inputs):
    pure = state_to_value(eqn.params["jaxpr"])
    return evaluate(pure.jaxpr, pure.consts, inputs, sweep)


register("run_state", rule=_run_state)


def _remat(sweep, eqn, inputs):
    """`jax.checkpoint`: the expanded computation is rematerialised as the original one would be."""

    @functools.partial(jax.checkpoint, prevent_cse=eqn.params["prevent_cse"], policy=eqn.params["policy"])
    def run(inputs):
        return evaluate(eqn.params["jaxpr"], (), inputs, sweep)

    return run(list(inputs))


register(p.remat_p, rule=_remat)

# Primitives that act on each entry by itself.
_ENTRYWISE = set(
    """
    abs acos acosh add and asin asinh atan atan2 atanh cbrt ceil clamp convert_element_type copy cos cosh digamma div eq
    erf erf_inv erfc exp exp2 expm1 floor ge gt integer_pow is_finite le lgamma log log1p logistic lt max min mul ne neg
    not or pow rem round rsqrt select_n sign sin sinh sqrt square stop_gradient sub tan tanh
    """.split()
)


def _is_entrywise(jaxpr: core.Jaxpr, shape) -> bool:
    """Whether a jaxpr maps arrays entry by entry: constants are scalars, and no operation mixes positions."""
    constants: list[Any] = [var.aval for var in jaxpr.constvars]
    if any(constant.shape for constant in constants):
        return False
    for eqn in jaxpr.eqns:
        operands: list[Any] = [var.aval for var in eqn.invars]
        inner = eqn.params.get("jaxpr", eqn.params.get("call_jaxpr"))
        if inner is not None:
            inner = inner.jaxpr if isinstance(inner, core.ClosedJaxpr) else inner
            if not _is_entrywise(inner, shape):
                return False
        elif eqn.primitive is p.broadcast_in_dim_p:
            if operands[0].shape:
                return False
        elif eqn.primitive.name not in _ENTRYWISE:
            return False
        outputs: list[Any] = [var.aval for var in eqn.outvars]
        if any(out.shape not in (shape, ()) for out in outputs):
            return False
    return True


def _acts_entrywise(eqn, position: int, primals, order: int) -> bool:
    """Whether a function of one array and scalars is entrywise, and so are the derivatives that it declares."""
    x = primals[position]
    shape, dtype = jnp.shape(x), jnp.result_type(x)

    def fn(x):
        operands = list(primals)
        operands[position] = x
        return bind(eqn, operands)[0]

    # The function, its rule, and the rule of a function in that one, along the direction of ones.
    for _ in range(min(order, 2) + 1):
        if not _is_entrywise(jax.make_jaxpr(fn)(jax.ShapeDtypeStruct(shape, dtype)).jaxpr, shape):
            return False
        fn = lambda x, fn=fn: jax.jvp(fn, (x,), (jnp.ones_like(x),))[1]
    return True


def _custom_jvp(sweep, eqn, inputs):
    """A function with its own derivative rule, which is respected at every order.

    Where it acts entry by entry (`relu`, `softplus`, ...), its Taylor coefficients are found once, in the direction of
    ones, and composed like those of any elementwise function; so sparsity and collapsing are kept.
    """
    varying = [i for i, value in enumerate(inputs) if isinstance(value, Series)]
    if len(varying) != 1 or len(eqn.outvars) != 1:
        return fallback(sweep, eqn, inputs)
    x = inputs[varying[0]]
    shape = jnp.shape(x.primal)
    others = [value for i, value in enumerate(inputs) if i != varying[0]]
    if (
        any(jnp.ndim(value) for value in others)
        or eqn.outvars[0].aval.shape != shape
        or not _acts_entrywise(eqn, varying[0], [primal_of(value) for value in inputs], sweep.order)
    ):
        return fallback(sweep, eqn, inputs)

    def taylor_coefficients(x0, value, order):
        operands = list(inputs)
        operands[varying[0]] = Series(x0, (Dense(jnp.ones_like(x0)[None], False),) + (None,) * (order - 1))
        (out,) = fallback(Sweep(order, 1, collapsed=False), eqn, operands)
        if not isinstance(out, Series):
            return [None] * order
        return [None if c is None else c.dense().array[0] for c in out.coefficients]

    (value,) = bind(eqn, [primal_of(v) for v in inputs])
    # JAX keeps the derivative rule for the shape that it was traced with.
    tower = Tower(taylor_coefficients, x.primal, value, sweep.order, any_shape=False)
    return [series(value, compose(sweep, x, tower))]


register(p.custom_jvp_call_p, rule=_custom_jvp)
