"""Coordinate directions that are known while tracing, all of them in order: what is computed everywhere serves each."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import stde_eqx as stde


X = jnp.array([0.31, 0.42, 0.73, 0.18])

ELEMENTWISE = {
    **{name: getattr(jnp, name) for name in ("square", "exp", "exp2", "expm1", "log", "log1p", "tanh", "sqrt", "cbrt")},
    **{name: getattr(jnp, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "arcsin", "arccos", "arctan")},
    **{name: getattr(jnp, name) for name in ("arcsinh", "arctanh", "reciprocal", "abs")},
    **{name: getattr(jax.nn, name) for name in ("sigmoid", "softplus", "relu", "gelu", "silu", "elu")},
    "rsqrt": jax.lax.rsqrt,
    "erf": jax.lax.erf,
    "lgamma": jax.lax.lgamma,
    "integer power": lambda x: x**3,
    "power": lambda x: x**0.7,
    "power by a variable": lambda x: x**x,
    "maximum": lambda x: jnp.maximum(x, 0.4),
}


@pytest.mark.parametrize(
    "operator, order",
    [(stde.Laplacian(), 2), pytest.param(stde.DiagonalOperator(4), 4, marks=pytest.mark.slow)],
    ids=str,
)
def test_every_elementwise_function(operator, order):
    # Twice: so that the second one meets a coefficient of its own making.
    curves = {name: lambda x, f=f: f(f(x) * 0.3 + 0.2) for name, f in ELEMENTWISE.items()}
    found = jax.jit(lambda x: operator(lambda x: {n: jnp.sum(f(x)) for n, f in curves.items()}, x))(X)

    def derivative(f):
        for _ in range(order):
            f = jax.grad(f)
        return f

    for name, f in curves.items():
        wanted = jnp.sum(jax.vmap(derivative(f))(X))
        assert jnp.allclose(found[name], wanted, rtol=1e-9, atol=1e-10), name


def test_the_square_has_a_number_as_its_second_coefficient():
    u = lambda x: jnp.sum(jnp.square(x)) ** 2
    laplacian = lambda x: jnp.trace(jax.hessian(u)(x))
    assert jnp.allclose(stde.Laplacian().on(slice(1, None))(u, X), jnp.trace(jax.hessian(u)(X)[1:, 1:]), rtol=1e-10)
    assert jnp.allclose(stde.Biharmonic()(u, X), jnp.trace(jax.hessian(laplacian)(X)), rtol=1e-10)


def test_weights_take_the_precision_of_the_point():
    tangents = stde.operators.Coordinates(np.arange(4)[:, None], jnp.ones((4, 1)))
    directions = stde.Directions(tangents, jnp.array([1.0, 2.0, 0.5, 3.0]), 2)
    assert directions.weights.dtype == jnp.float64
    for u in (lambda x: jnp.sum(x**3), lambda x: jnp.tanh(x) ** 2):
        assert directions.value_and_apply(u, X.astype(jnp.float32))[1].dtype == jnp.float32


def test_a_complex_power():
    u = lambda x: jnp.sum((x + 0j) ** 0.5 + (x + 0j) ** (1 + 2j))
    wanted = sum(a * (a - 1) * jnp.sum((X + 0j) ** (a - 2)) for a in (0.5, 1 + 2j))
    assert jnp.allclose(stde.Laplacian()(u, X), wanted, rtol=1e-10)
