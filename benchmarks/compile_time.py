"""What it takes to trace and compile: a training step beside the paper's recipe, and deep networks written as a scan.

python benchmarks/compile_time.py
"""

import functools
import pathlib
import statistics
import time
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import tyro
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde
from _methods import BASELINE, catalogue, REGRESSION
from _table import machine, publish
from _training_step import TrainingStep


HEADER = ("what", "trace s", "compile s", "in all s", "x reference", "operations")
NAMES = (BASELINE, "ours sparse", REGRESSION)
Lower = Callable[[], jax.stages.Lowered]


class ScannedNetwork(eqx.Module):
    """`depth` layers of equal width under one `lax.scan`."""

    first: eqx.nn.Linear
    hidden: eqx.nn.Linear
    last: eqx.nn.Linear

    def __init__(self, dim: int, width: int, depth: int, *, key: PRNGKeyArray):
        first, last, *hidden = jr.split(key, depth + 2)
        self.first = eqx.nn.Linear(dim, width, key=first)
        self.hidden = eqx.filter_vmap(lambda key: eqx.nn.Linear(width, width, key=key))(jnp.stack(hidden))
        self.last = eqx.nn.Linear(width, "scalar", key=last)

    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        params, static = eqx.partition(self.hidden, eqx.is_array)
        step = lambda y, layer: (jnp.tanh(eqx.combine(layer, static)(y)), None)
        return self.last(jax.lax.scan(step, jnp.tanh(self.first(x)), params)[0])


def training_steps(dim: int, num_samples: int) -> dict[str, Lower]:
    """The step of `step_time.py`, whose network has four layers, by several methods."""
    step = TrainingStep(dim, 100, key=jr.key(0))
    return {
        method.name: functools.partial(step.lower, method)
        for name in NAMES
        for method in catalogue(num_samples, (name,))
        if method.name == name
    }


def scanned(depth: int, num_samples: int) -> Lower:
    """The parameter gradient of a mean squared Laplacian estimate."""
    net = ScannedNetwork(1_000, 128, depth, key=jr.key(0))
    params, static = eqx.partition(net, eqx.is_array)
    points = jr.normal(jr.key(1), (100, 1_000)) / 1_000**0.5
    estimator = stde.SparseSTDE(num_samples)

    def loss(params, points, key):
        laplacian = lambda x: stde.Laplacian()(eqx.combine(params, static), x, estimator=estimator, key=key)
        return jnp.mean(jax.vmap(laplacian)(points) ** 2)

    return lambda: jax.jit(jax.grad(loss)).lower(params, points, jr.key(2))


def seconds(lower: Lower) -> tuple[float, float, int]:
    """To trace and lower, and to compile, from cold caches; and how many operations the program has."""
    jax.clear_caches()
    start = time.perf_counter()
    lowered = lower()
    traced = time.perf_counter()
    lowered.compile()
    return traced - start, time.perf_counter() - traced, len(lowered.as_text().splitlines())


def measure(programs: dict[str, Lower], rounds: int) -> list[tuple[str, ...]]:
    """The programs in turn, `rounds` times, after a turn that is not counted; the first of them is the reference."""
    taken = [{name: seconds(lower) for name, lower in programs.items()} for _ in range(rounds + 1)][1:]
    reference = next(iter(programs))
    median = statistics.median
    rows = []
    for name in programs:
        trace, compile = ([turn[name][i] for turn in taken] for i in (0, 1))
        ratios = [sum(turn[name][:2]) / sum(turn[reference][:2]) for turn in taken]
        total = median(sum(turn[name][:2]) for turn in taken)
        figures = [f"{figure:.2f}" for figure in (median(trace), median(compile), total, median(ratios))]
        rows.append((name, *figures, f"{taken[0][name][2]}"))
    return rows


def main(
    depths: tuple[int, ...] = (2, 8, 32, 128),
    *,
    dim: int = 1_000,
    num_samples: int = 16,
    rounds: int = 7,
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Time tracing and compiling, and write a table.

    Args:
        depths: Layers of the scanned networks; the first is their reference.
        dim: Dimension of the training step's problem.
        num_samples: Sampled directions.
        rounds: Turns each program takes.
        output: The folder for the results.
    """
    steps = {f"step, {name}": lower for name, lower in training_steps(dim, num_samples).items()}
    rows = measure(steps, rounds)
    rows += measure({f"scan of {depth} layers, ours": scanned(depth, num_samples) for depth in depths}, rounds)
    caption = f"Measured on {machine()}; median of {rounds} rounds, caches cleared before each program."
    publish(output, "compile_time", HEADER, rows, caption)


if __name__ == "__main__":
    tyro.cli(main)
