"""The comparison that every function, primitive and random program goes through: ours against nested `jax.jvp`."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import jax.random as jr

from stde_eqx.operators import Coordinates, Directions, Vectors


# Each program runs once: what counts is the time to compile it.
_COMPILE_QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}

_weights = jnp.array([0.3, -0.5, 2.0])


def nested_derivatives(fn: Callable, x, v, order: int) -> list:
    """D^k fn(x)[v, ..., v] for k = 0..order, by `jax.jvp` of `jax.jvp` of ...: one nest returns them all."""
    curve = lambda t: fn(x + t * v)
    for _ in range(order):
        curve = lambda t, inner=curve: jax.jvp(inner, (t,), (jnp.ones_like(t),))
    derivatives = [curve(jnp.zeros((), x.dtype))]
    for _ in range(order):
        # ((f, f'), (f', f'')) and so on: the left spine is the value, and every other leaf a derivative.
        derivatives = [derivatives[0][0], *(d[1] for d in derivatives)]
    return derivatives


def check(fn: Callable, x, orders: Sequence[int], *, plain: Callable | None = None, rtol: float = 1e-9) -> None:
    """Assert that the weighted sums of directional derivatives agree, for sparse directions and for dense ones.

    One compiled function holds all orders and directions of ours, and another all of the oracle's. `plain` stands in
    for `fn` where `jax.jvp` refuses that one.
    """
    dim = x.shape[0]
    single = jnp.array([[0], [dim // 2], [dim - 1]])
    each = [Coordinates(single, jnp.array([[1.0], [0.5], [2.0]])), Vectors(jr.normal(jr.key(1), (3, dim)))]

    def ours(x):
        return [[Directions(one, _weights, order).value_and_apply(fn, x) for order in orders] for one in each]

    def oracle(x):
        # Not `vmap`, which some primitives lack.
        derivatives = lambda v: [nested_derivatives(plain or fn, x, v, max(orders))[order] for order in orders]
        stacked = jax.lax.map(derivatives, jnp.concatenate([one.dense(dim) for one in each]))
        summed = lambda rows: jax.tree.map(lambda y: jnp.tensordot(_weights.astype(y.dtype), y[rows], 1), stacked)
        return fn(x), [summed(slice(0, 3)), summed(slice(3, 6))]

    ours, oracle = (jax.jit(f, compiler_options=_COMPILE_QUICKLY) for f in (ours, oracle))
    found = ours(x)
    value, expected = oracle(x)
    for by_order, wanted_by_order in zip(found, expected, strict=True):
        for order, (got_value, got), want in zip(orders, by_order, wanted_by_order, strict=True):
            assert jax.tree.structure(got) == jax.tree.structure(want)
            for a, b in zip(jax.tree.leaves(got_value), jax.tree.leaves(value), strict=True):
                assert a.dtype == b.dtype and jnp.allclose(a, b, rtol=1e-12, atol=1e-13)
            for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
                assert a.shape == b.shape and a.dtype == b.dtype
                # Where the derivative vanishes identically both sides are rounding: hence a floor to the scale.
                error, scale = jnp.max(jnp.abs(a - b), initial=0), jnp.max(jnp.abs(b), initial=10.0)
                assert error <= rtol * scale, f"order {order}: off by {error} at scale {scale}"
