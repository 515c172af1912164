r"""Elementwise functions of one operand, each defined by its differential equation.

At low order a series is composed with the function's own Taylor coefficients F_j = f^(j)(x_0) / j! (Faa di Bruno):
y_k = sum_j F_j P_{j,k}, where P_{j,k} is the k-th coefficient of (x(t) - x_0)^j. The powers are summed over the
directions *before* they meet F_j, which never carries the direction axis; and where they are sparse, F_j is computed
at their positions only. At high order, where powers cost O(K^3), the differential equation is solved for y itself in
O(K^2).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax
from jax.core import Tracer
from jax.extend import core
from jax.extend.core import primitives as p
from jaxtyping import Array

from ..._jaxprs import bind
from .. import _stream as stream
from .._algebra import add, collapse, multiply, scale
from .._coefficient import Coefficient, Dense, gather, Sparse
from .._interpreter import expand, register
from .._positions import Index, Run, single_run
from .._stream import Stream
from .._sweep import coefficient_of, Series, series, Sweep


#: Given x_0, f(x_0) and K: the Taylor coefficients F_1..F_K; `None` for zero.
TowerFn = Callable[[Array, Array, int], Sequence]

#: Given the series x and f(x_0): the series f(x).
StreamFn = Callable[[Stream, Array], Stream]

# From this order on, the differential equation is solved for the series itself.
_DIRECT_ORDER = 5


class Tower:
    """F_1..F_K at x_0: everywhere, or at an entry's position.

    `any_shape`: whether `fn` takes arrays of any shape, and so can be evaluated at the positions alone.
    """

    def __init__(self, fn: TowerFn, primal: Array, value: Array, order: int, *, any_shape: bool = True):
        self._fn, self._primal, self._value, self._order = fn, primal, value, order
        self._any_shape = any_shape
        self._at = {}

    def everywhere(self) -> Sequence:
        return self.at((), ())

    def at(self, axes: tuple[int, ...], indices: tuple[Index, ...]) -> Sequence:
        # The index arrays are kept beside the result, so that their identities stay unique.
        name = (axes, *(i if isinstance(i, Run) else id(i) for i in indices))
        if name not in self._at:
            # Where all positions are read in order, what is computed everywhere serves every entry.
            if axes and (not self._any_shape or (single_run(indices) and self._covers(axes, indices))):
                # F_j may be a number, as F_2 of the square is.
                read = lambda f: f if f is None or jnp.ndim(f) == 0 else gather(f, axes, indices)
                factors = [read(f) for f in self.everywhere()]
            else:
                primal, value = self._primal, self._value
                if axes:
                    primal, value = gather(primal, axes, indices), gather(value, axes, indices)
                factors = self._fn(primal, value, self._order)
            self._at[name] = indices, factors
        return self._at[name][1]

    def _covers(self, axes: tuple[int, ...], indices: tuple[Index, ...]) -> bool:
        return indices[0].size >= math.prod(jnp.shape(self._primal)[axis] for axis in axes)

    def times(self, j: int, c: Coefficient) -> Coefficient:
        """F_j c."""
        if isinstance(c, Dense):
            factor = self.everywhere()[j - 1]
            return None if factor is None else scale(c, factor)
        if isinstance(c, Sparse):
            entries = []
            for entry in c.entries:
                factor = self.at(c.axes, entry.indices)[j - 1]
                if factor is None:
                    return None
                entries.append(entry.replace(entry.values * factor))
            return c.with_entries(entries)
        return None


def compose(sweep: Sweep, x: Series, tower: Tower) -> list[Coefficient]:
    """The coefficients of f(x), from those of x and the Taylor coefficients of f."""
    order = sweep.order
    result = [tower.times(1, x[k]) for k in range(1, order + 1)]
    power = {k: x[k] for k in range(1, order)}
    for j in range(2, order + 1):
        power = {k: _next_power(x, power, j, k) for k in range(j, order + 1)}
        for k, c in power.items():
            term = collapse(c, sweep) if k == order else c
            result[k - 1] = add(result[k - 1], tower.times(j, term))
        power.pop(order, None)
    return result


def _next_power(x: Series, power: dict[int, Coefficient], j: int, k: int) -> Coefficient:
    """The k-th coefficient of (x(t) - x_0)^j from those of the (j-1)-th power."""
    total = None
    if j == 2:
        # Symmetric: count each pair once.
        for i in range(1, (k + 1) // 2):
            total = add(total, multiply(x[i], x[k - i]))
        total = scale(total, 2.0)
        return total if k % 2 else add(total, multiply(x[k // 2], x[k // 2]))
    for i in range(1, k - j + 2):
        total = add(total, multiply(x[i], power.get(k - i)))
    return total


def solve_directly(sweep: Sweep, x: Series, value: Array, fn: StreamFn, tower: Tower) -> list[Coefficient]:
    """The coefficients of f(x) by the recurrence of its differential equation, all of them dense."""
    order = sweep.order
    # The recurrence needs every direction; the highest coefficient is added by linearity, already summed.
    arrays = [x.primal[None], *(None if c is None else c.dense().array for c in x.coefficients)]
    top = x[order]
    if sweep.collapsed:
        arrays[order] = None
    y = fn(Stream(lambda k: arrays[k]), value[None])
    result: list[Coefficient] = []
    for k in range(1, order + 1):
        c = None if y[k] is None else Dense(jnp.broadcast_to(y[k], (sweep.size, *value.shape)), False)
        if k == order and sweep.collapsed:
            c = add(collapse(c, sweep), tower.times(1, top))
        result.append(c)
    return result


def apply_elementwise(sweep: Sweep, x: Series, value: Array, tower_fn: TowerFn, stream_fn: StreamFn | None):
    """f(x) as a series, given its value f(x_0)."""
    tower = Tower(tower_fn, x.primal, value, sweep.order)
    has_sparse = any(isinstance(c, Sparse) for c in x.coefficients)
    if stream_fn is not None and sweep.order >= _DIRECT_ORDER and not has_sparse:
        return series(value, solve_directly(sweep, x, value, stream_fn, tower))
    return series(value, compose(sweep, x, tower))


def tower_of(stream_fn: StreamFn) -> TowerFn:
    """The Taylor coefficients of f at x_0: the series of f(x_0 + t)."""

    def tower(x0, value, order):
        y = stream_fn(Stream(lambda k: x0 if k == 0 else 1 if k == 1 else None), value)
        return [y[k] for k in range(1, order + 1)]

    return tower


def elementwise(*primitives, stream_fn: StreamFn | None = None, tower: TowerFn | None = None) -> None:
    """Register a function of one operand by its differential equation, or by its Taylor coefficients, or by both."""
    if tower is None:
        assert stream_fn is not None
        tower = tower_of(stream_fn)

    def rule(sweep, eqn, inputs):
        (x,) = inputs
        (value,) = bind(eqn, [x.primal])
        return [apply_elementwise(sweep, x, value, tower, stream_fn)]

    register(*primitives, rule=rule)


def ode(*primitives: core.Primitive | str, derivative: Callable[[Stream, Stream], Stream]) -> None:
    r"""Declares elementwise functions by their differential equation, $y' = z(x, y)\, x'$.

    From it $k\, y_k = \sum_{j=1}^k j\, x_j\, z_{k-j}$ gives one Taylor coefficient after the other.

    !!! example

        ```python
        stde.taylor.rules.ode("tanh", derivative=lambda x, y: 1 - y * y)
        ```

    **Arguments:**

    - `primitives`: JAX primitives of one operand, or their names.
    - `derivative`: $z$ by sums, products and quotients of power series and numbers.

    ??? cite "Reference"

        Griewank & Walther, *Evaluating Derivatives*, SIAM 2008, section 13.2.
    """
    elementwise(*primitives, stream_fn=lambda x, y0: stream.solve(y0, x, lambda y: derivative(x, y)))


ode(p.exp_p, derivative=lambda x, y: y)
ode(p.exp2_p, derivative=lambda x, y: math.log(2) * y)
ode(p.expm1_p, derivative=lambda x, y: y + 1)
ode(p.log_p, derivative=lambda x, y: 1 / x)
ode(p.log1p_p, derivative=lambda x, y: 1 / (x + 1))
ode(p.tanh_p, derivative=lambda x, y: 1 - y * y)
ode(p.tan_p, derivative=lambda x, y: 1 + y * y)
ode(p.logistic_p, derivative=lambda x, y: y - y * y)
ode(p.sqrt_p, derivative=lambda x, y: 0.5 / y)
ode(p.rsqrt_p, derivative=lambda x, y: -0.5 * y / x)
ode(p.cbrt_p, derivative=lambda x, y: (1 / 3) / (y * y))
ode(p.sin_p, derivative=lambda x, y: stream.cos(x, y))
ode(p.cos_p, derivative=lambda x, y: -stream.sin(x, y))
ode(p.sinh_p, derivative=lambda x, y: stream.cosh(x, y))
ode(p.cosh_p, derivative=lambda x, y: stream.sinh(x, y))
# Factors, as 1 - x^2 loses the figures of a small 1 - x.
ode(p.asin_p, derivative=lambda x, y: 1 / stream.sqrt((1 - x) * (1 + x)))
ode(p.acos_p, derivative=lambda x, y: -1 / stream.sqrt((1 - x) * (1 + x)))
ode(p.atan_p, derivative=lambda x, y: 1 / (1 + x * x))
ode(p.asinh_p, derivative=lambda x, y: 1 / stream.sqrt(1 + x * x))
ode(p.acosh_p, derivative=lambda x, y: 1 / stream.sqrt((x - 1) * (x + 1)))
ode(p.atanh_p, derivative=lambda x, y: 1 / ((1 - x) * (1 + x)))
ode(p.erf_p, derivative=lambda x, y: (2 / math.sqrt(math.pi)) * stream.exp(-(x * x)))
ode(p.erfc_p, derivative=lambda x, y: (-2 / math.sqrt(math.pi)) * stream.exp(-(x * x)))
ode(p.erf_inv_p, derivative=lambda x, y: (math.sqrt(math.pi) / 2) * stream.exp(y * y))
elementwise(p.square_p, stream_fn=lambda x, y0: x * x)


def _polygamma(n: int, x: Array) -> Array:
    return lax.polygamma(jnp.full_like(x, n), x)


elementwise(
    p.lgamma_p,
    tower=lambda x, y, order: [
        lax.digamma(x) if j == 1 else _polygamma(j - 1, x) / math.factorial(j) for j in range(1, order + 1)
    ],
)
elementwise(p.digamma_p, tower=lambda x, y, order: [_polygamma(j, x) / math.factorial(j) for j in range(1, order + 1)])


def _power_tower(exponent, power: Callable[..., Any]) -> TowerFn:
    """F_j = binom(a, j) x^(a - j): sound at x = 0 too, where the differential equation y' = a y / x is singular."""

    def tower(x, y, order):
        binomial, coefficients = 1.0, []
        for j in range(1, order + 1):
            binomial = binomial * (exponent - j + 1) / j
            if not isinstance(binomial, float | complex):
                # An exponent that is known later only. Where it is whole and used up, 0 x^(a - j), which is 0 at 0.
                used_up = (binomial == 0) & (x == 0)
                coefficients.append(binomial * power(x, jnp.where(used_up, 1, exponent - j)))
            elif binomial == 0:
                coefficients.append(None)
            else:
                coefficients.append(binomial * power(x, exponent - j))
        return coefficients

    return tower


def _integer_pow(sweep, eqn, inputs):
    (x,) = inputs
    (value,) = bind(eqn, [x.primal])
    tower = _power_tower(eqn.params["y"], lambda x, n: lax.integer_pow(x, n) if n else jnp.ones_like(x))
    return [apply_elementwise(sweep, x, value, tower, None)]


register(p.integer_pow_p, rule=_integer_pow)


def _pow(sweep, eqn, inputs):
    x, exponent = inputs
    if isinstance(exponent, Series):
        # x^a = exp(a log x)
        if isinstance(x, Series):
            outputs, _ = expand(lambda x, a: jnp.exp(a * jnp.log(x)), inputs, sweep)
            return outputs
        # As JAX has it, 0^a is 0 whatever a is.
        log = jnp.log(jnp.where(x == 0, 1, x))
        ((out,), _) = expand(lambda a: jnp.exp(a * log), [exponent], sweep)
        (value,) = bind(eqn, [x, exponent.primal])
        return [series(value, (coefficient_of(out, k) for k in range(1, sweep.order + 1)))]
    (value,) = bind(eqn, [x.primal, exponent])
    if jnp.ndim(exponent) == 0:
        if not isinstance(exponent, Tracer):
            exponent = complex(exponent) if jnp.iscomplexobj(exponent) else float(exponent)
        tower = _power_tower(exponent, lambda x, n: lax.pow(x, jnp.asarray(n, x.dtype)))
        return [apply_elementwise(sweep, x, value, tower, None)]
    tower = Tower(_power_tower(exponent, lambda x, n: lax.pow(x, n.astype(x.dtype))), x.primal, value, sweep.order)
    dense = Series(x.primal, tuple(None if c is None else c.dense() for c in x.coefficients))
    return [series(value, compose(sweep, dense, tower))]


register(p.pow_p, rule=_pow)
