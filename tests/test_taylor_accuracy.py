"""Digits at high order, against series in 60-digit arithmetic; in float32, beside those of `jax.experimental.jet`."""

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
