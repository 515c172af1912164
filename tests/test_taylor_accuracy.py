"""Digits at high order, against series in 60-digit arithmetic; in float32, beside those of `jax.experimental.jet`."""

import math

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from jax.experimental.jet import jet as jax_jet

import stde_eqx as stde


ORDER = 12

_rng = np.random.default_rng(0)
_weights = [_rng.normal(size=shape) / shape[1] ** 0.5 for shape in ((16, 1), (16, 16), (1, 16))]


def _mlp(x):
    """A tanh network of one number, of each of the numbers by itself."""
    first, second, last = (jnp.asarray(w, x.dtype) for w in _weights)
    return (last @ jnp.tanh(second @ jnp.tanh(first @ x[None])))[0]


def _exact_mlp(x):
    hidden = mpmath.matrix([x])
    for w in _weights[:2]:
        hidden = (mpmath.matrix(w.tolist()) * hidden).apply(mpmath.tanh)
    return (mpmath.matrix(_weights[2].tolist()) * hidden)[0]


FUNCTIONS = {
    "exp": (jnp.exp, mpmath.exp),
    "sin": (jnp.sin, mpmath.sin),
    "tanh": (jnp.tanh, mpmath.tanh),
    "logistic": (jax.nn.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "log1p": (jnp.log1p, mpmath.log1p),
    "rational": (lambda x: (1 + 2 * x - x**3) / (2 + x + x**2), lambda x: (1 + 2 * x - x**3) / (2 + x + x**2)),
    "mlp": (_mlp, _exact_mlp),
}


def _exact(fn, points):
    """The coefficients 0..ORDER at each point: shape `(ORDER + 1, points)`."""
    with mpmath.workdps(60):
        return np.array([[float(c) for c in mpmath.taylor(fn, mpmath.mpf(float(x)), ORDER)] for x in points]).T


def _found(jet, fn, points):
    terms = [jnp.ones_like(points)] + [jnp.zeros_like(points)] * (ORDER - 1)
    value, found = jax.jit(lambda x: jet(fn, (x,), (terms,), factorial_scaled=False))(points)
    return np.array([value, *found], np.float64)


def _errors(jet, fn, points, exact):
    """For each order the error over all points, relative to the coefficients."""
    return np.linalg.norm(_found(jet, fn, points) - exact, axis=1) / np.linalg.norm(exact, axis=1)


ENDS = {
    "asin": (jnp.arcsin, mpmath.asin, 0.9999),
    "acos": (jnp.arccos, mpmath.acos, -0.9999),
    "acosh": (jnp.arccosh, mpmath.acosh, 1.0001),
    "atanh": (jnp.arctanh, mpmath.atanh, 0.99999),
}


@pytest.mark.parametrize("fn, exact, x", ENDS.values(), ids=ENDS.keys())
def test_single_precision_near_the_end_of_a_domain(fn, exact, x):
    x = jnp.float32(x)
    _, found = stde.jet(fn, (x,), ((jnp.float32(1), jnp.float32(0)),))
    with mpmath.workdps(60):
        expected = [float(mpmath.diff(exact, mpmath.mpf(float(x)), k)) for k in (1, 2)]
    assert all(term.dtype == jnp.float32 for term in found)
    assert np.allclose(np.array(found, np.float64), expected, rtol=1e-6)


@pytest.mark.parametrize("order", [13, 21])
def test_factorials_that_no_whole_number_of_32_bits_holds(order):
    with jax.enable_x64(False):
        x = jnp.full(2, 0.25)
        assert x.dtype == jnp.float32
        found = stde.PartialDerivative((0,) * order)(lambda x: jnp.exp(x[0]) * x[1], x)
    assert np.allclose(found, 0.25 * np.exp(0.25), rtol=1e-5)


@pytest.mark.parametrize("exponent", range(4))
def test_a_power_that_is_known_later_at_zero(exponent):
    """Nested `jax.jvp` has NaN for the second derivative of x^1."""
    terms = ((1.0, 0.0, 0.0, 0.0),)
    _, found = jax.jit(lambda x, n: stde.jet(lambda x: x**n, (x,), terms))(jnp.zeros(()), exponent)
    assert found == [math.factorial(k) if k == exponent else 0 for k in (1, 2, 3, 4)]


def test_a_cube_root_has_an_infinite_slope_at_zero():
    assert stde.PartialDerivative(0)(lambda x: jnp.cbrt(x[0]), jnp.zeros(2)) == jnp.inf


@pytest.mark.parametrize("fn, exact", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_float64(fn, exact):
    points = jnp.linspace(-0.8, 0.9, 5)
    wanted = _exact(exact, points)
    assert np.max(np.abs(_found(stde.jet, fn, points) - wanted) / np.abs(wanted)) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32_beside_jax(name):
    fn, exact = FUNCTIONS[name]
    with jax.enable_x64(False):
        points = jnp.linspace(-0.8, 0.9, 24)
        assert points.dtype == jnp.float32
        wanted = _exact(exact, points)
        ours, theirs = (_errors(jet, fn, points, wanted) for jet in (stde.jet, jax_jet))
    assert ours[6] <= 1.5 * theirs[6]
    # Of exp and sin both have the same recurrence, bit by bit, and quotients and logistic differ in the last one only.
    assert ours[12] <= 1.2 * theirs[12]
    if name in ("tanh", "log1p", "mlp"):
        assert ours[12] < theirs[12]
