"""Primitives whose Jacobian is locally constant: y_k = J(x_0) x_k, with JAX's own choice of J at kinks and ties."""

import jax.numpy as jnp
from jax.extend.core import primitives as p

from ..._jaxprs import bind
from .._algebra import scale
from .._interpreter import register
from .._sweep import coefficient_of, primal_of, Series, series, Sweep
from ._fallback import fallback, jacobian_times


def piecewise_rule(sweep: Sweep, eqn, inputs):
    primals = [primal_of(value) for value in inputs]
    positions = [i for i, value in enumerate(inputs) if isinstance(value, Series)]
    columns = [
        jacobian_times(eqn, primals, positions, [coefficient_of(inputs[i], k) for i in positions])
        for k in range(1, sweep.order + 1)
    ]
    outputs = bind(eqn, primals)
    return [series(primal, (column[i] for column in columns)) for i, primal in enumerate(outputs)]


def constant_rule(sweep: Sweep, eqn, inputs):
    """Locally constant functions, and those that JAX declares constant."""
    return bind(eqn, [primal_of(value) for value in inputs])


def _real_only(rule):
    """|z| and z/|z| are curved where z is complex."""

    def checked(sweep, eqn, inputs):
        return (fallback if jnp.iscomplexobj(primal_of(inputs[0])) else rule)(sweep, eqn, inputs)

    return checked


def _abs(sweep: Sweep, eqn, inputs):
    (x,) = inputs
    return [series(jnp.abs(x.primal), (scale(c, jnp.sign(x.primal)) for c in x.coefficients))]


register(p.abs_p, rule=_real_only(_abs))
register(p.sign_p, rule=_real_only(constant_rule))
register(
    p.max_p,
    p.min_p,
    p.clamp_p,
    p.reduce_max_p,
    p.reduce_min_p,
    p.cummax_p,
    p.cummin_p,
    p.reduce_window_max_p,
    p.reduce_window_min_p,
    p.sort_p,
    p.top_k_p,
    p.rem_p,
    rule=piecewise_rule,
)
register(
    p.floor_p,
    p.ceil_p,
    p.round_p,
    p.stop_gradient_p,
    p.is_finite_p,
    p.argmax_p,
    p.argmin_p,
    p.eq_p,
    p.ne_p,
    p.lt_p,
    p.le_p,
    p.gt_p,
    p.ge_p,
    # What only prints or inspects sees the value, once.
    "debug_callback",
    "debug_print",
    "inspect_sharding",
    "dce_sink",
    rule=constant_rule,
)
