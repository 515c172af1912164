"""High orders along one direction: `stde.jet` beside JAX's own, run time, compile time and accuracy, in one process.

python benchmarks/high_order.py --orders 2 4 6 8 12
"""

import functools
import math
import pathlib
import statistics
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import tyro
from jax.experimental.jet import jet as jax_jet

import stde_eqx as stde
from _table import machine, publish
from _timing import interleaved, ratio, repeated


HEADER = ("K", "jet", "compile s", "one point us", "batch ms", "JAX / this", "error of c_K")
JETS: dict[str, Callable] = {"stde.jet": stde.jet, "jax.experimental.jet": jax_jet}
WIDTH, DEPTH = 128, 4
# Beyond, repeated forward mode takes too long.
NESTED_UP_TO = 6


def derivative(jet: Callable, order: int, net: eqx.nn.MLP, x: jax.Array, v: jax.Array) -> jax.Array:
    """The `order`-th Taylor coefficient of the network along x + v t."""
    zeros = [jnp.zeros_like(v)] * (order - 1)
    return jet(net, (x,), ([v, *zeros],), factorial_scaled=False)[1][-1]


def nested(order: int, net: eqx.nn.MLP, x: jax.Array, v: jax.Array) -> jax.Array:
    """The same coefficient by `jax.jvp` of `jax.jvp` of ..."""
    fn: Callable = net
    for _ in range(order):
        fn = lambda z, fn=fn: jax.jvp(fn, (z,), (v,))[1]
    return fn(x) / math.factorial(order)


def reference(order: int, net: eqx.nn.MLP, x: jax.Array, v: jax.Array) -> float:
    """The same coefficient in double precision, about which two ways agree."""
    other = functools.partial(nested, order) if order <= NESTED_UP_TO else functools.partial(derivative, jax_jet, order)
    with jax.enable_x64(True):
        double = lambda a: jnp.asarray(np.asarray(a, np.float64)) if eqx.is_array(a) else a
        arguments = [jax.tree.map(double, argument) for argument in (net, x, v)]
        found, expected = float(derivative(stde.jet, order, *arguments)), float(other(*arguments))
    if not abs(found - expected) <= 1e-8 * abs(expected):
        raise ValueError(f"In float64 the coefficient of order {order} is {found} by stde.jet, and else {expected}.")
    return expected


def compare(order: int, num_points: int, rounds: int) -> list[tuple[str, ...]]:
    net = eqx.nn.MLP(WIDTH, "scalar", WIDTH, DEPTH, activation=jnp.tanh, key=jr.key(0))
    params, static = eqx.partition(net, eqx.is_array)
    points = jr.normal(jr.key(1), (num_points, WIDTH)) / WIDTH**0.5
    v = jr.normal(jr.key(2), (WIDTH,)) / WIDTH**0.5
    exact = reference(order, net, points[0], v)
    single: dict[str, Callable[[], Any]] = {}
    batch: dict[str, Callable[[], Any]] = {}
    seconds, errors = {}, {}
    for name, jet in JETS.items():

        def one(params, x, v, jet=jet):
            return derivative(jet, order, eqx.combine(params, static), x, v)

        start = time.perf_counter()
        program = jax.jit(one).lower(params, points[0], v).compile()
        seconds[name] = time.perf_counter() - start
        many = jax.jit(jax.vmap(one, in_axes=(None, 0, None))).lower(params, points, v).compile()
        single[name] = functools.partial(program, params, points[0], v)
        batch[name] = functools.partial(many, params, points, v)
        errors[name] = abs(float(single[name]()) - exact) / abs(exact)
    timed = lambda calls: {name: repeated(call) for name, call in calls.items()}
    one_times = interleaved(timed(single), rounds=rounds, block_seconds=0.05)
    batch_times = interleaved(timed(batch), rounds=rounds, block_seconds=0.1)
    other = "jax.experimental.jet"
    return [
        (
            f"{order}",
            name,
            f"{seconds[name]:.2f}",
            f"{1e6 * statistics.median(one_times[name]):.0f}",
            f"{1e3 * statistics.median(batch_times[name]):.2f}",
            f"{ratio(batch_times[other], batch_times[name]):.2f}",
            f"{errors[name]:.0e}",
        )
        for name in JETS
    ]


def main(
    orders: tuple[int, ...] = (2, 4, 6, 8, 12),
    *,
    num_points: int = 100,
    rounds: int = 15,
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Time one directional derivative of a 4 x 128 tanh network at high order, and write a table.

    Args:
        orders: The orders K.
        num_points: Points of the batch.
        rounds: Turns each method takes.
        output: The folder for the results.
    """
    rows = [row for order in orders for row in compare(order, num_points, rounds)]
    caption = (
        f"Measured on {machine()}; median of {rounds} interleaved rounds; error against nested `jax.jvp` in float64, "
        f"above order {NESTED_UP_TO} against JAX's jet in float64."
    )
    publish(output, "high_order", HEADER, rows, caption)


if __name__ == "__main__":
    tyro.cli(main)
