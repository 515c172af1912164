"""`stde.jet` against `jax.experimental.jet.jet` wherever that one works, and against nested forward mode beyond."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from jax.experimental.jet import jet as jax_jet
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

import stde_eqx as stde

from .helpers import tree_allclose


ORDER = 5

_mlp = eqx.nn.MLP(4, 3, 8, 2, activation=jnp.tanh, key=jr.key(0))

SHARED = {
    "mlp": (_mlp, (4,)),
    "scalar": (jnp.sin, ()),
    "products": (lambda x, y: x * y / (2 + y**2), (3,), (3,)),
    "matrix product": (lambda a, b: jnp.tanh(a @ b), (2, 3), (3, 2)),
    "pytree out": (lambda x: {"a": jnp.exp(x), "b": [x[0], jnp.log(2 + x**2)]}, (3,)),
    "logistic": (jax.nn.sigmoid, (3,)),
    "max": (lambda x: jnp.max(x) * jnp.sum(x), (3,)),
    "logsumexp": (jax.nn.logsumexp, (3,)),
    "einsum": (lambda x, y: jnp.einsum("ij,j->i", x, y) ** 3, (2, 3), (3,)),
    "unused argument": (lambda x, y: x**2, (3,), (3,)),
}


def _arguments(shapes):
    draw = lambda i, shape: 0.5 * jr.normal(jr.key(i), shape)
    primals = tuple(draw(i, shape) for i, shape in enumerate(shapes))
    series = tuple([draw(100 * i + k, shape) for k in range(1, ORDER + 1)] for i, shape in enumerate(shapes))
    return primals, series


@pytest.mark.parametrize("factorial_scaled", [True, False])
@pytest.mark.parametrize("case", SHARED.values(), ids=SHARED.keys())
def test_same_as_jax(case, factorial_scaled):
    fn, *shapes = case
    primals, series = _arguments(shapes)
    found = jax.jit(lambda p, s: stde.jet(fn, p, s, factorial_scaled=factorial_scaled))(primals, series)
    expected = jax.jit(lambda p, s: jax_jet(fn, p, s, factorial_scaled=factorial_scaled))(primals, series)
    # jax_jet's own factorials are exp(lgamma): correct to a few ulps only.
    assert tree_allclose(found, expected, rtol=1e-10, atol=1e-10)


def test_curve_of_softplus():
    """Beyond JAX's: softplus along x(t) = x + v t + w t^2 / 2, by nested derivatives in t."""
    x, v, w = (jr.normal(jr.key(i), (3,)) for i in range(3))
    value, terms = stde.jet(jax.nn.softplus, (x,), ((v, w, jnp.zeros(3)),))
    curve = lambda t: jax.nn.softplus(x + v * t + w * t**2 / 2)
    for k, term in enumerate([value, *terms]):
        derivative = curve
        for _ in range(k):
            derivative = jax.jacfwd(derivative)
        assert jnp.allclose(term, derivative(0.0), rtol=1e-10)


def test_pytree_arguments():
    layer = {"weight": jr.normal(jr.key(0), (2, 3)), "bias": jnp.ones(2)}
    zero = jax.tree.map(jnp.zeros_like, layer)
    direction = jax.tree.map(lambda a: jnp.cos(a), layer)
    x, v = jr.normal(jr.key(1), (3,)), jr.normal(jr.key(2), (3,))
    fn = lambda layer, x: jnp.tanh(layer["weight"] @ x + layer["bias"])
    value, (first, second) = stde.jet(fn, (layer, x), ((direction, zero), (v, jnp.zeros(3))))
    curve = lambda t: fn(jax.tree.map(lambda a, b: a + t * b, layer, direction), x + t * v)
    assert jnp.allclose(value, curve(0.0))
    assert jnp.allclose(first, jax.jacfwd(curve)(0.0), rtol=1e-12)
    assert jnp.allclose(second, jax.jacfwd(jax.jacfwd(curve))(0.0), rtol=1e-12)


@pytest.mark.parametrize(
    "primals, series, match",
    [
        ((1.0,), ((1.0,), (1.0,)), "1 primals and 2 series"),
        ((1.0, 2.0), ((1.0,), (1.0, 0.0)), r"lengths \[1, 2\].*Pad"),
        ((1.0,), ((),), "at least one"),
        ((jnp.ones(3),), ((jnp.ones(2),),), r"shape \(2,\), its argument has shape \(3,\)"),
        (({"a": 1.0},), ((1.0,),), "structure"),
    ],
)
def test_mismatches(primals, series, match):
    with pytest.raises(ValueError, match=match):
        stde.jet(lambda *args: jax.tree.leaves(args[0])[0], primals, series)


def _primitive(name, fn):
    """A primitive as a user would define one, with a derivative by JAX."""
    primitive = Primitive(name)
    primitive.def_impl(fn)
    primitive.def_abstract_eval(lambda x: x)
    mlir.register_lowering(primitive, mlir.lower_fun(fn, multiple_results=False))
    batching.defvectorized(primitive)
    ad.defjvp(primitive, lambda t, x: jax.jvp(fn, (x,), (t,))[1])
    return primitive


def test_declared_rules_take_the_place_of_the_fallback():
    """`ode` by its differential equation, `linear` by saying so; each is right, and is the rule that runs."""
    tanh, twist = _primitive("declared_tanh", jnp.tanh), _primitive("declared_twist", lambda x: 2 * x[..., ::-1])
    fn = lambda x: jnp.sum(twist.bind(tanh.bind(x)) ** 2)
    same = lambda x: jnp.sum((2 * jnp.tanh(x)[::-1]) ** 2)
    x, v = jnp.array([0.3, -0.7, 0.5]), jnp.array([1.0, 2.0, -0.5])
    series = (v, jnp.zeros(3), jnp.zeros(3), jnp.zeros(3))
    expected = stde.jet(same, (x,), (series,))[1]
    np.testing.assert_allclose(stde.jet(fn, (x,), (series,))[1], expected, rtol=1e-12)
    rules = lambda: str(stde.taylor.explain(fn, x, order=4, num_directions=1))
    assert "without a rule of their own: declared_tanh, declared_twist" in rules()
    stde.taylor.rules.ode("declared_tanh", derivative=lambda x, y: 1 - y * y)
    stde.taylor.rules.linear(twist)
    assert "without a rule of their own: none" in rules()
    np.testing.assert_allclose(stde.jet(fn, (x,), (series,))[1], expected, rtol=1e-12)
    stde.taylor.rules.ode("declared_tanh", derivative=lambda x, y: 1 + y * y)  # a wrong one is used, too
    assert not np.allclose(stde.jet(fn, (x,), (series,))[1], expected)


def test_an_integer_does_not_vary():
    with pytest.raises(ValueError, match="dtype int.*pass `x.astype"):
        stde.jet(jnp.sin, (1,), ((1.0, 0.0),))
    value, (slope, _) = stde.jet(lambda x, n: x**n, (2.0, 3), ((1.0, 0.0), (0, 0)))
    assert (float(value), float(slope)) == (8.0, 12.0)
