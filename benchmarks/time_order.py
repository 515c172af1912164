"""The order of convergence in time of networks that follow an equation: fixed steps against much shorter ones.

python benchmarks/time_order.py --dims 1 10
"""

import pathlib
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import tyro

import stde_eqx as stde
from _evolving import PROBLEMS
from _table import publish


HEADER = ("problem", "d", "solver", "order", "difference at T/16", "T/32", "T/64", "error at T/64")

SOLVERS = {"Euler": diffrax.Euler(), "Heun": diffrax.Heun(), "Bosh3": diffrax.Bosh3()}
DIVISIONS = (16, 32, 64)


def main(
    dims: tuple[int, ...] = (1, 10, 100),
    problems: tuple[str, ...] = tuple(PROBLEMS),
    *,
    width: int = 8,
    num_points: int = 300,
    regularisation: float = 1e-4,
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Evolve with steps of a 16th, a 32nd and a 64th of the time, in double precision, and write a table.

    The network is the same at the start, and the points too: the ODE of its parameters is one and the same, and its
    solution with 256 steps of fifth order is what the others are compared with. The order is that of the last halving.

    Args:
        dims: Dimensions.
        problems: Which.
        width: Of the two hidden layers.
        num_points: Of the least-squares problems.
        regularisation: Of these; a smaller one makes the ODE stiffer.
        output: The folder for the results.
    """
    jax.config.update("jax_enable_x64", True)
    rows: list[tuple[str, ...]] = []
    for name in problems:
        for dim in dims:
            problem = PROBLEMS[name](dim)
            network = eqx.nn.MLP(dim, "scalar", width, 2, activation=jnp.tanh, key=jr.key(0))
            options: dict[str, Any] = dict(
                num_points=num_points,
                num_redraws=1,
                fit=stde.timestepping.Fit(steps=1_000, newton_steps=5, num_points=1_000),
                least_squares=stde.timestepping.Dense(regularisation),
                saveat=diffrax.SaveAt(t1=True),
                key=jr.key(1),
                throw=False,
            )
            duration = abs(problem.t1 - problem.t0)
            finest = stde.evolve(problem, network, solver=diffrax.Dopri5(), dt0=duration / 256, **options)
            points = problem.sample_at(jnp.full(500, problem.t1), key=jr.key(2))
            values = lambda evolution, points=points: jax.vmap(evolution.u)(points)
            size = jnp.linalg.norm(values(finest))
            for solver_name, solver in SOLVERS.items():
                runs = [stde.evolve(problem, network, solver=solver, dt0=duration / n, **options) for n in DIVISIONS]
                differences = [float(jnp.linalg.norm(values(run) - values(finest)) / size) for run in runs]
                order = np.log2(differences[-2] / differences[-1])
                error = float(runs[-1].relative_l2(num_points=2_000, key=jr.key(3))[-1])
                figures = [*(f"{d:.1e}" for d in differences), f"{error:.1e}"]
                rows.append((name, str(dim), solver_name, f"{order:.2f}", *figures))
                publish(output, "time_order", HEADER, rows, "float64; relative differences of values at the final time")


if __name__ == "__main__":
    tyro.cli(main)
