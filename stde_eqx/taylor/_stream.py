"""Univariate power series as lazily computed streams of coefficients.

An elementwise function is defined here by its differential equation: y' = z(x, y) x' determines y's coefficients one
after the other, k y_k = sum_{j=1..k} j x_j z_{k-j}, since z_{k-1} needs only y_0..y_{k-1} (Griewank & Walther,
"Evaluating Derivatives", section 13.2; the lazy formulation follows McIlroy, "Power series, power serious", 1999).
Every operation costs O(K^2) for K coefficients. `None` is an exact zero.
"""

from collections.abc import Callable

import jax.numpy as jnp


class Stream:
    """Coefficients 0, 1, 2, ..., each computed when it is first asked for."""

    def __init__(self, coefficient: Callable[[int], object]):
        self._coefficient = coefficient
        self._known = {}

    def __getitem__(self, k: int):
        if k not in self._known:
            self._known[k] = self._coefficient(k)
        return self._known[k]

    def __neg__(self) -> "Stream":
        return Stream(lambda k: _neg(self[k]))

    def __add__(self, other) -> "Stream":
        other = _stream(other)
        return Stream(lambda k: _add(self[k], other[k]))

    def __sub__(self, other) -> "Stream":
        return self + -_stream(other)

    def __rsub__(self, other) -> "Stream":
        return _stream(other) - self

    def __mul__(self, other) -> "Stream":
        if not isinstance(other, Stream):
            return Stream(lambda k: _mul(self[k], other))
        if other is self:
            return self._square()
        return Stream(lambda k: _sum(_mul(self[j], other[k - j]) for j in range(k + 1)))

    def _square(self) -> "Stream":
        def coefficient(k):
            half = _sum(_mul(self[j], self[k - j]) for j in range((k + 1) // 2))
            both = _mul(half, 2)
            return both if k % 2 else _add(both, _mul(self[k // 2], self[k // 2]))

        return Stream(coefficient)

    def __truediv__(self, other) -> "Stream":
        other = _stream(other)

        def coefficient(k):
            known = _sum(_mul(quotient[j], other[k - j]) for j in range(k))
            numerator = _add(self[k], _neg(known))
            return None if numerator is None else numerator / other[0]

        quotient = Stream(coefficient)
        return quotient

    def __rtruediv__(self, other) -> "Stream":
        return _stream(other) / self

    __radd__ = __add__
    __rmul__ = __mul__


def constant(value) -> Stream:
    return Stream(lambda k: value if k == 0 else None)


def solve(initial, x: Stream, derivative: Callable[[Stream], Stream]) -> Stream:
    """The series y with y_0 = `initial` and y' = z x', where z = `derivative(y)` may depend on y."""

    def coefficient(k):
        if k == 0:
            return initial
        return _div(_sum(_mul(_mul(x[j], z[k - j]), j) for j in range(1, k + 1)), k)

    y = Stream(coefficient)
    z = derivative(y)
    return y


def exp(x: Stream) -> Stream:
    return solve(jnp.exp(x[0]), x, lambda y: y)


def sqrt(x: Stream) -> Stream:
    return solve(jnp.sqrt(x[0]), x, lambda y: 0.5 / y)


def cos(x: Stream, sin: Stream) -> Stream:
    return solve(jnp.cos(x[0]), x, lambda y: -sin)


def sin(x: Stream, cos: Stream) -> Stream:
    return solve(jnp.sin(x[0]), x, lambda y: cos)


def cosh(x: Stream, sinh: Stream) -> Stream:
    return solve(jnp.cosh(x[0]), x, lambda y: sinh)


def sinh(x: Stream, cosh: Stream) -> Stream:
    return solve(jnp.sinh(x[0]), x, lambda y: cosh)


def _stream(value) -> Stream:
    return value if isinstance(value, Stream) else constant(value)


def _is_one(a) -> bool:
    return isinstance(a, int | float) and a == 1


def _neg(a):
    return None if a is None else -a


def _add(a, b):
    if a is None:
        return b
    return a if b is None else a + b


def _mul(a, b):
    if a is None or b is None:
        return None
    if _is_one(a):
        return b
    return a if _is_one(b) else a * b


def _div(a, b: int):
    return None if a is None else a if b == 1 else a / b


def _sum(terms):
    total = None
    for term in terms:
        total = _add(total, term)
    return total
