"""Following an equation in time beside training in space-time, for the same time on the clock, against exact solutions.

python benchmarks/time_stepping.py --dims 1 10
"""

import pathlib
import time
from collections.abc import Callable
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
import tyro
from matplotlib.figure import Figure

import stde_eqx as stde
from _evolving import PROBLEMS
from _table import machine, publish


HEADER = ("problem", "d", "method", "parameters", "error at t1", "indicator", "initial error", "steps", "seconds")


def main(
    dims: tuple[int, ...] = (1, 10, 100),
    problems: tuple[str, ...] = tuple(PROBLEMS),
    *,
    width: int = 24,
    depth: int = 2,
    num_points: int = 1_000,
    newton_steps: int = 15,
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Evolve and train the same network, and write a table and a plot of the error in time.

    Args:
        dims: Dimensions; above 10 the operators are estimated along ten coordinates.
        problems: Which of them.
        width: Of the hidden layers.
        depth: How many there are.
        num_points: Points of the least-squares problems in time.
        newton_steps: Of the initial fit.
        output: The folder for the results.
    """
    rows: list[tuple[str, ...]] = []
    curves: dict[str, tuple[jax.Array, jax.Array]] = {}
    for chosen in problems:
        for dim in dims:
            problem = PROBLEMS[chosen](dim)
            estimator = stde.Exact() if dim <= 10 else stde.SparseSTDE(10)
            network = lambda inputs: eqx.nn.MLP(inputs, "scalar", width, depth, activation=jnp.tanh, key=jr.key(0))
            began = time.perf_counter()
            evolution = stde.evolve(
                problem,
                network(dim),
                estimator=estimator,
                solver=diffrax.Tsit5(),
                num_points=num_points,
                fit=stde.timestepping.Fit(newton_steps=newton_steps),
                key=jr.key(1),
                throw=False,
            )
            seconds = time.perf_counter() - began
            errors = evolution.relative_l2(key=jr.key(2))
            curves[f"{chosen}, d = {dim}"] = evolution.ts, errors
            rows.append(
                (
                    chosen,
                    str(dim),
                    "evolve",
                    str(evolution.params.shape[1]),
                    f"{errors[-1]:.1e}",
                    f"{evolution.error_bounds[-1] / _size(problem):.1e}",
                    f"{evolution.initial_error:.1e}",
                    str(evolution.num_steps),
                    f"{seconds:.0f}",
                )
            )
            publish(output, "time_stepping", HEADER, rows, machine())
            rows.append((chosen, str(dim), *_trained(problem, network(1 + dim), estimator, seconds)))
            publish(output, "time_stepping", HEADER, rows, machine())
    _plot(curves, output / "time_stepping.png")


def _trained(problem, mlp, estimator, seconds: float) -> tuple[str, ...]:
    """A network in space-time, trained for as long, after a short run that finds how many steps that is."""
    network = stde.nn.SpaceTime(mlp)
    options: dict[str, Any] = dict(estimator=estimator, batch_size=500, share_draw=False, key=jr.key(1))
    trial = stde.train(problem, network, steps=300, num_test_points=100, **options)
    pace = trial.metrics.steps_per_second or 1.0
    steps = max(300, int(pace * (seconds - 5)))
    optimizer = optax.adam(optax.cosine_decay_schedule(5e-3, steps))
    began = time.perf_counter()
    solution = stde.train(problem, network, steps=steps, optimizer=optimizer, **options)
    seconds = time.perf_counter() - began
    size = str(sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(network, eqx.is_inexact_array))))
    error = _final_error(problem, solution.u)
    return "train", size, f"{error:.1e}", "-", "-", str(steps), f"{seconds:.0f}"


def _final_error(problem, u: Callable) -> float:
    """The relative L2 error at the final time, at the points at which an evolution is judged."""
    t = jnp.asarray(problem.t1)
    points = problem.sample_at(jnp.full(10_000, problem.t1), key=jr.key(2))
    exact = jax.vmap(lambda x: problem.exact(t, x))(points)
    found = jax.vmap(lambda x: u(t, x))(points)
    return float(jnp.sqrt(jnp.sum((found - exact) ** 2) / jnp.sum(exact**2)))


def _size(problem) -> float:
    """The root mean square of the solution at the final time."""
    points = problem.sample_at(jnp.full(1_000, problem.t1), key=jr.key(2))
    return float(jnp.sqrt(jnp.mean(jax.vmap(lambda x: problem.exact(jnp.asarray(problem.t1), x))(points) ** 2)))


def _plot(curves, path: pathlib.Path) -> None:
    figure = Figure(figsize=(6, 4), layout="constrained")
    axis = figure.subplots()
    for name, (t, errors) in curves.items():
        axis.semilogy(t, errors, marker="o", markersize=3, label=name)
    axis.set(xlabel="t", ylabel="relative $L^2$ error of evolve")
    axis.legend(fontsize="x-small")
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    tyro.cli(main)
