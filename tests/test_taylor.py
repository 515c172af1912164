"""The Taylor engine against nested forward mode in float64: every function, order, and way to store directions."""

import jax
import jax.numpy as jnp
import jax.random as jr
import pytest

from stde_eqx.operators import Coordinates, Directions, Vectors

from .helpers import tree_allclose
from .taylor_functions import DIM, FUNCTIONS


_weights = jnp.array([0.3, -0.5, 1.0, 2.0])
_single = jnp.array([[0], [3], [DIM - 1], [3]])
_values = jnp.array([[1.0], [0.5], [2.0], [1.0]])

TANGENTS = {
    "coordinates": Coordinates(_single, _values),
    "several coordinates": Coordinates(
        jnp.concatenate([_single, (_single + 1) % DIM], 1), jnp.concatenate([_values, 0.3 * _values], 1)
    ),
    "vectors": Vectors(jr.normal(jr.key(1), (4, DIM))),
}


def oracle(fn, x, directions):
    """sum_r w_r D^K f(x)[v_r, ..., v_r] by nested `jax.jvp`, direction by direction."""

    def derivative(v):
        g = fn
        for _ in range(directions.order):
            g = lambda z, g=g: jax.jvp(g, (z,), (v,))[1]
        return g(x)

    each = jax.vmap(derivative)(directions.tangents.dense(DIM))
    return jax.tree.map(lambda y: jnp.tensordot(jnp.broadcast_to(directions.weights, (4,)), y, 1), each)


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize("order", [2, *(pytest.param(k, marks=pytest.mark.slow) for k in (1, 3, 4, 6))])
@pytest.mark.parametrize("fn", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_matches_nested_forward_mode(fn, order):
    directions = [Directions(tangents, _weights, order) for tangents in TANGENTS.values()]
    x = 0.5 * jr.normal(jr.key(0), (DIM,))
    found = jax.jit(lambda x: [one.value_and_apply(fn, x) for one in directions])(x)
    expected = jax.jit(lambda x: [oracle(fn, x, one) for one in directions])(x)
    for (value, result), derivative in zip(found, expected, strict=True):
        assert tree_allclose(value, fn(x), rtol=1e-13, atol=1e-13)
        for got, want in zip(jax.tree.leaves(result), jax.tree.leaves(derivative), strict=True):
            # Where the derivative vanishes identically both sides are rounding: hence a floor to the scale.
            assert jnp.max(jnp.abs(got - want)) <= 1e-10 * jnp.maximum(jnp.max(jnp.abs(want)), 10.0)
