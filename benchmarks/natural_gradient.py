"""What a step of the natural gradient costs, beside one of Adam on the same network, points and coordinates.

python benchmarks/natural_gradient.py --dims 100 1000 10000 100000
"""

import pathlib
import statistics

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
import tyro

import stde_eqx as stde
import zoo
from _memory import in_fresh_process, own_peak_resident, peak_bytes
from _table import machine, publish
from _timing import interleaved, ratio


HEADER = ("d", "parameters", "optimiser", "ms", "x Adam", "GB by the compiler", "x Adam", "GB resident", "x Adam")
OPTIMISERS = {
    "Adam": lambda: optax.adam(1e-3),
    "ENGD-W": lambda: stde.optim.NaturalGradient(0.1, damping=1e-2),
    "SPRING": lambda: stde.optim.NaturalGradient(0.1, damping=1e-2, momentum=0.9),
    "ENGD-W with a line search": lambda: stde.optim.NaturalGradient(damping=1e-2, step_size=stde.optim.Backtracking()),
}


class _Case:
    """The steps of one optimiser, compiled."""

    def __init__(self, name: str, dim: int, *, width: int, depth: int, num_points: int, num_samples: int):
        problem = zoo.SineGordon(zoo.TwoBody(dim, key=jr.key(0)))
        network = eqx.nn.MLP(dim, "scalar", width, depth, activation=jnp.tanh, key=jr.key(1))
        step = stde.make_step(
            problem, estimator=stde.SparseSTDE(num_samples), optimizer=OPTIMISERS[name](), batch_size=num_points
        )
        self.state = step.init(network, key=jr.key(2))
        self.plan = None if name == "Adam" else step.jacobian_plan(self.state)
        self.parameters = sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(network, eqx.is_inexact_array)))
        self.arrays, static = eqx.partition(step, eqx.is_array)

        def advance(state, arrays, steps):
            # One loop, as in training: stepped from Python, the fastest optimiser would be timed with its calls.
            return jax.lax.fori_loop(0, steps, lambda _, state: eqx.combine(arrays, static)(state)[0], state)

        self.program = jax.jit(advance, donate_argnums=0).lower(self.state, self.arrays, 1).compile()

    def run(self, count: int):
        self.state = self.program(self.state, self.arrays, count)
        return self.state.step


def _resident(name: str, dim: int, settings: dict[str, int]) -> int:
    case = _Case(name, dim, **settings)
    jax.block_until_ready(case.run(2))
    return own_peak_resident()


def main(
    dims: tuple[int, ...] = (100, 1_000, 10_000, 100_000),
    *,
    width: int = 128,
    depth: int = 3,
    num_points: int = 100,
    num_samples: int = 16,
    rounds: int = 7,
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Time whole training steps of each optimiser in turns, measure their memory, and write a table.

    Args:
        dims: Dimensions.
        width: Of the hidden layers.
        depth: How many of them.
        num_points: Points a step.
        num_samples: Coordinates that they share.
        rounds: Turns of each.
        output: The folder for the results.
    """
    settings = dict(width=width, depth=depth, num_points=num_points, num_samples=num_samples)
    rows: list[tuple[str, ...]] = []
    plan = None
    for dim in dims:
        cases = {name: _Case(name, dim, **settings) for name in OPTIMISERS}
        times = interleaved({name: case.run for name, case in cases.items()}, rounds=rounds, block_seconds=0.5)
        compiled = {name: peak_bytes(case.program) for name, case in cases.items()}
        parameters, plan = cases["Adam"].parameters, cases["ENGD-W"].plan
        del cases
        resident = {name: in_fresh_process(_resident, name, dim, settings) for name in OPTIMISERS}
        for name in OPTIMISERS:
            rows.append(
                (
                    str(dim),
                    f"{parameters:,}",
                    name,
                    f"{1e3 * statistics.median(times[name]):.3g}",
                    f"{ratio(times[name], times['Adam']):.2f}",
                    f"{compiled[name] / 1e9:.3f}",
                    f"{compiled[name] / compiled['Adam']:.2f}",
                    f"{resident[name] / 1e9:.2f}",
                    f"{resident[name] / resident['Adam']:.2f}",
                )
            )
        caption = f"{num_points} points, {num_samples} coordinates, {rounds} rounds. {machine()}."
        publish(output, "natural_gradient", HEADER, rows, f"{caption}\n\n```text\n{plan}\n```")


if __name__ == "__main__":
    tyro.cli(main)
