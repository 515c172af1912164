"""The exact Laplacian: this library beside folx and beside code written for this one network, in one process.

python benchmarks/exact_laplacian.py --dims 10 100 1000
"""

import functools
import pathlib
import statistics
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import tyro
from jaxtyping import Array, Float

import stde_eqx as stde
from _agreement import relative_difference, TOLERANCE
from _memory import peak_bytes
from _methods import AbstractMethod, ByHand, ForwardLaplacian, Ours
from _table import machine, publish
from _timing import interleaved, ratio, repeated


HEADER = ("d", "what", "method", "ms", "folx / this", "by hand / this", "MB", "difference")
METHODS = (
    Ours("ours exact", stde.Exact()),
    ByHand("by hand"),
    ForwardLaplacian("folx, dense Jacobians", sparsity_threshold=0.0),
    ForwardLaplacian("folx, sparse Jacobians"),
)


def forward(method: AbstractMethod, net: eqx.nn.MLP, points: Float[Array, "points dim"]) -> Any:
    return method.value_and_laplacian(net, points, key=jr.key(0))


def gradient(method: AbstractMethod, net: eqx.nn.MLP, points: Float[Array, "points dim"]) -> Any:
    """The parameter gradient of the mean squared Laplacian."""

    def loss(net):
        _, laplacians = forward(method, net, points)
        return jnp.mean(laplacians**2)

    return eqx.filter_grad(loss)(net)


def compiled(function: Callable[..., Any], dim: int, num_points: int) -> tuple[list[Callable[[], Any]], list[int]]:
    """Ready calls of one function for every method, and the memory each needs."""
    net = eqx.nn.MLP(dim, "scalar", 128, 3, activation=jnp.tanh, key=jr.key(0))
    points = jr.normal(jr.key(1), (num_points, dim)) / dim**0.5
    params, static = eqx.partition(net, eqx.is_array)
    calls, memory = [], []
    for method in METHODS:

        def program(params, points, method=method):
            return eqx.filter(function(method, eqx.combine(params, static), points), eqx.is_array)

        executable = jax.jit(program).lower(params, points).compile()
        calls.append(functools.partial(executable, params, points))
        memory.append(peak_bytes(executable))
    return calls, memory


def flattened(tree: Any) -> np.ndarray:
    return np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in jax.tree.leaves(tree)])


def compare(what: str, function: Callable[..., Any], dim: int, num_points: int, rounds: int) -> list[tuple[str, ...]]:
    """The lines of the table for one function at one dimension; raises if the methods do not agree."""
    calls, memory = compiled(function, dim, num_points)
    results = [flattened(call()) for call in calls]
    differences = [relative_difference(result, results[0]) for result in results]
    if not max(differences) <= TOLERANCE:
        raise ValueError(f"{what} at d = {dim}: the methods differ by {differences}, at most {TOLERANCE} expected.")
    names = [method.name for method in METHODS]
    times = interleaved(dict(zip(names, map(repeated, calls), strict=True)), rounds=rounds, block_seconds=0.2)
    folx = min((name for name in names if "folx" in name), key=lambda name: statistics.median(times[name]))
    return [
        (
            f"{dim}",
            what,
            name,
            f"{1e3 * statistics.median(times[name]):.4g}",
            f"{ratio(times[folx], times[name]):.2f}",
            f"{ratio(times['by hand'], times[name]):.2f}",
            f"{bytes_ / 1e6:.1f}",
            f"{difference:.1e}",
        )
        for name, bytes_, difference in zip(names, memory, differences, strict=True)
    ]


def main(
    dims: tuple[int, ...] = (10, 100, 1_000),
    *,
    num_points: int = 100,
    rounds: int = 15,
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Time the exact Laplacian of a network, forward and with the parameter gradient, and write a table.

    Args:
        dims: Dimensions of the input.
        num_points: Points a call.
        rounds: Turns each method takes.
        output: The folder for the results.
    """
    rows = []
    for dim in dims:
        rows += compare("forward", forward, dim, num_points, rounds)
        rows += compare("with gradient", gradient, dim, num_points, rounds)
    caption = f"Measured on {machine()}; median of {rounds} interleaved rounds; folx is the faster of its two settings."
    publish(output, "exact_laplacian", HEADER, rows, caption)


if __name__ == "__main__":
    tyro.cli(main)
