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
    **{name: getattr(jnp, name) for name in ("arcsinh", "arctanh", "reciprocal", "abs", "maximum")},
    **{name: getattr(jax.nn, name) for name in ("sigmoid", "softplus", "relu", "gelu", "silu", "elu")},
    "rsqrt": jax.lax.rsqrt,
    "erf": jax.lax.erf,
    "lgamma": jax.lax.lgamma,
    "integer power": lambda x: x**3,
    "power": lambda x: x**0.7,
    "power by a variable": lambda x: x**x,
    "maximum": lambda x: jnp.maximum(x, 0.4),
}


@pytest.mark.parametrize("operator, order", [(stde.Laplacian(), 2), (stde.DiagonalOperator(4), 4)], ids=str)
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


@pytest.mark.parametrize("operator", [stde.Laplacian().on(slice(1, None)), stde.Biharmonic()], ids=str)
def test_the_square_has_a_number_as_its_second_coefficient(operator):
    u = lambda x: jnp.sum(jnp.square(x)) ** 2
    hessian = lambda f: jax.hessian(f)(X)
    wanted = {
        4: lambda: jnp.trace(hessian(u)[1:, 1:]),
        2: lambda: jnp.trace(jax.hessian(lambda x: jnp.trace(jax.hessian(u)(x)))(X)),
    }
    expected = wanted[2 if isinstance(operator, stde.operators.Polyharmonic) else 4]()
    assert jnp.allclose(operator(u, X), expected, rtol=1e-10)


def test_weights_take_the_precision_of_the_point():
    weights = stde.WeightedLaplacian(jnp.asarray(np.array([1.0, 2.0, 0.5, 3.0])))
    for u in (lambda x: jnp.sum(x**3), lambda x: jnp.sum(jnp.tanh(x)) ** 2):
        assert weights(u, X.astype(jnp.float32)).dtype == jnp.float32
