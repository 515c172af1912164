"""Sums, products and quotients of series."""

import operator

import jax.numpy as jnp
from jax import lax
from jax.extend.core import primitives as p

from ..._jaxprs import bind
from .._algebra import add, collapse, multiply, scale, subtract
from .._coefficient import Coefficient, Sparse
from .._interpreter import register
from .._sweep import coefficient_of, primal_of, Series, series
from ._sparse_maps import broadcast


def _broadcast(value, shape):
    """Bring an operand to the shape of the result: scalars and axes of size one are stretched."""
    primal = primal_of(value)
    if jnp.shape(primal) == shape or (jnp.ndim(primal) == 0 and not isinstance(value, Series)):
        return value
    dimensions = range(len(shape)) if jnp.ndim(primal) else ()
    stretch = lambda array: lax.broadcast_in_dim(array, shape, dimensions)
    if not isinstance(value, Series):
        return stretch(primal)
    return Series(
        stretch(primal),
        tuple(
            broadcast(c, shape, dimensions) if isinstance(c, Sparse) else c and c.map(stretch)
            for c in value.coefficients
        ),
    )


def _elementwise_binary(combine):
    def rule(sweep, eqn, inputs):
        (out,) = bind(eqn, [primal_of(value) for value in inputs])
        a, b = (_broadcast(value, out.shape) for value in inputs)
        return [series(out, combine(sweep, a, b, out))]

    return rule


def _add(sweep, a, b, out):
    return [add(coefficient_of(a, k), coefficient_of(b, k)) for k in range(1, sweep.order + 1)]


def _sub(sweep, a, b, out):
    return [subtract(coefficient_of(a, k), coefficient_of(b, k)) for k in range(1, sweep.order + 1)]


def _mul(sweep, a, b, out):
    # c_k = sum_i a_i b_{k-i}
    coefficients = []
    for k in range(1, sweep.order + 1):
        ends = add(scale(coefficient_of(a, k), primal_of(b)), scale(coefficient_of(b, k), primal_of(a)))
        middle = None
        for i in range(1, k):
            middle = add(middle, multiply(coefficient_of(a, i), coefficient_of(b, k - i)))
        coefficients.append(add(ends, collapse(middle, sweep) if k == sweep.order else middle))
    return coefficients


def _div(sweep, a, b, out):
    # q b = a, so q_k = (a_k - sum_{i<k} q_i b_{k-i}) / b_0
    quotient: list[Coefficient] = []
    for k in range(1, sweep.order + 1):
        ends = subtract(coefficient_of(a, k), scale(coefficient_of(b, k), out))
        middle = None
        for i in range(1, k):
            middle = add(middle, multiply(quotient[i - 1], coefficient_of(b, k - i)))
        known = subtract(ends, collapse(middle, sweep) if k == sweep.order else middle)
        quotient.append(scale(known, primal_of(b), op=operator.truediv))
    return quotient


register(p.add_p, rule=_elementwise_binary(_add))
register(p.sub_p, rule=_elementwise_binary(_sub))
register(p.mul_p, rule=_elementwise_binary(_mul))
register(p.div_p, rule=_elementwise_binary(_div))
