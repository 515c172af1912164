"""Mixed partial derivatives: the three equations of the STDE paper's table 11, residual and parameter gradient.

python benchmarks/partial_derivatives.py --depths 4 8 --widths 128

Ours (nested sweeps, and interpolated ones) beside repeated backward mode and the jets of the paper.
"""

import dataclasses
import functools
import pathlib
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import tyro
from jax.experimental.jet import jet as jax_jet

import stde_eqx as stde
from _agreement import relative_difference
from _leave_out import check_leave_out
from _table import machine, publish
from _timing import interleaved, ratio, repeated
from stde_eqx.operators.planner import Interpolation, Nesting, Plan, SparseJet


HEADER = ("equation", "L", "h", "method", "compile s", "ms", "backward / this", "jets / this", "float32 error")
BACKWARD, JETS, NESTED = "repeated backward", "jets of the paper", "ours, nested"
Index = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Equation:
    """The derivatives that an equation needs, its residual (parts) made of them, and jets that yield them."""

    name: str
    dim: int
    indices: Mapping[str, Index]
    residual: Callable[[Mapping[str, jax.Array]], jax.Array]
    jets: tuple[tuple[tuple[tuple[int, int], ...], tuple[str, ...]], ...]
    hardest: str


def _kdv_2d(d):
    return d["ty"] + d["xxxy"] + 3 * (d["xy"] * d["x"] + d["y"] * d["xx"]) - d["xx"] + 2 * d["yy"]


def _kp(d):
    return d["tx"] + 6 * (d["x"] ** 2 + d["u"] * d["xx"]) + d["xxxx"] + 3 * d["yy"]


def _gradient_kdv(d):
    r = d["t"] + 6 * d["u"] * d["x"] + d["xxx"]
    r_t = d["tt"] + 6 * (d["t"] * d["x"] + d["u"] * d["tx"]) + d["txxx"]
    r_x = d["tx"] + 6 * (d["x"] ** 2 + d["u"] * d["xx"]) + d["xxxx"]
    return jnp.stack([r, r_t, r_x])


def _indices(names: str, axes: str) -> dict[str, Index]:
    return {name: tuple(axes.index(axis) for axis in name) for name in names.split()} | {"u": ()}


EQUATIONS = (
    Equation(
        "2D KdV",
        3,
        _indices("ty xxxy x y xy xx yy", "txy"),
        _kdv_2d,
        ((((1, 3), (2, 4)), ("xxxy", "x", "y", "xy", "xx", "yy")), (((0, 2), (2, 3)), ("ty",))),
        "xxxy",
    ),
    Equation(
        "2D KP",
        3,
        _indices("tx xxxx x xx yy", "txy"),
        _kp,
        ((((1, 1),), ("x", "xx", "xxxx")), (((0, 2), (1, 3)), ("tx",)), (((2, 1),), ("yy",))),
        "xxxx",
    ),
    Equation(
        "1D g-KdV",
        2,
        _indices("t x xxx tt tx xx txxx xxxx", "tx"),
        _gradient_kdv,
        ((((1, 3), (0, 4)), ("tx", "txxx")), (((1, 1),), ("x", "xx", "xxx", "xxxx")), (((0, 1),), ("t", "tt"))),
        "txxx",
    ),
)

Partials = Callable[[Callable, jax.Array], Mapping[str, Any]]


def backward(equation: Equation) -> Partials:
    """`jax.grad` of `jax.grad` of ..., one partial derivative after the other; what they share is shared."""

    def partials(u, x):
        @functools.cache
        def function(index: Index) -> Callable:
            if not index:
                return u
            inner, axis = function(index[:-1]), index[-1]
            return lambda z: jax.grad(inner)(z)[axis]

        return {name: function(index)(x) for name, index in equation.indices.items()}

    return partials


def planned(equation: Equation, plan: Plan) -> Partials:
    def partials(u, x):
        found = plan(u, x)
        return {name: found[tuple(sorted(index))] for name, index in equation.indices.items()}

    return partials


def methods(equation: Equation) -> dict[str, Partials]:
    wanted = [index for index in equation.indices.values() if index]
    at = lambda names: tuple(tuple(sorted(equation.indices[name])) for name in names)
    jets = Plan(tuple(SparseJet(powers, at(names), jax_jet) for powers, names in equation.jets))
    ours_jets = Plan(tuple(SparseJet(powers, at(names)) for powers, names in equation.jets))
    return {
        BACKWARD: backward(equation),
        JETS: planned(equation, jets),
        "the same jets, our engine": planned(equation, ours_jets),
        "ours, interpolated": planned(equation, stde.plan(wanted, strategy=Interpolation())),
        NESTED: planned(equation, stde.plan(wanted, strategy=Nesting())),
    }


def loss_and_gradient(equation: Equation, partials: Partials, static: Any) -> Callable:
    def loss(params, points):
        u = eqx.combine(params, static)
        return jnp.mean(jax.vmap(lambda x: equation.residual(partials(u, x)))(points) ** 2)

    return jax.value_and_grad(loss)


def double(tree: Any) -> Any:
    widened = lambda a: jnp.asarray(np.asarray(a, np.float64)) if eqx.is_array(a) else a
    return jax.tree.map(widened, tree)


def compare(
    equation: Equation, depth: int, width: int, num_points: int, rounds: int, leave_out: tuple[str, ...]
) -> list[tuple[str, ...]]:
    net = eqx.nn.MLP(equation.dim, "scalar", width, depth - 1, activation=jnp.tanh, key=jr.key(0))
    params, static = eqx.partition(net, eqx.is_array)
    points = jr.normal(jr.key(1), (num_points, equation.dim))
    hardest = lambda partials, net: lambda xs: jax.vmap(lambda x: partials(net, x)[equation.hardest])(xs)
    chosen = {name: p for name, p in methods(equation).items() if name not in leave_out}
    with jax.enable_x64(True):
        exact = np.asarray(jax.jit(hardest(chosen[NESTED], double(net)))(double(points)))
    calls, seconds, errors, gradients = {}, {}, {}, {}
    for name, partials in chosen.items():
        start = time.perf_counter()
        program = jax.jit(loss_and_gradient(equation, partials, static)).lower(params, points).compile()
        seconds[name] = time.perf_counter() - start
        calls[name] = functools.partial(program, params, points)
        value, gradient = calls[name]()
        gradients[name] = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves((value, gradient))])
        errors[name] = relative_difference(np.asarray(jax.jit(hardest(partials, net))(points), np.float64), exact)
        print(f"{equation.name} L={depth} h={width} {name}: compiled in {seconds[name]:.1f} s", flush=True)
    reference = gradients[NESTED]
    for name, gradient in gradients.items():
        if not (difference := relative_difference(gradient, reference)) <= 1e-2:
            raise ValueError(f"{equation.name}: the gradient of {name} differs by {difference:.1e}.")
    runs = {name: repeated(call) for name, call in calls.items()}
    times = interleaved(runs, rounds=rounds, block_seconds=0.1)
    versus = lambda other, name: f"{ratio(times[other], times[name]):.2f}" if other in times else "-"
    return [
        (
            equation.name,
            f"{depth}",
            f"{width}",
            name,
            f"{seconds[name]:.1f}",
            f"{1e3 * statistics.median(times[name]):.3g}",
            versus(BACKWARD, name),
            versus(JETS, name),
            f"{errors[name]:.0e}",
        )
        for name in chosen
    ]


def main(
    depths: tuple[int, ...] = (4, 8, 16),
    widths: tuple[int, ...] = (128, 512),
    *,
    equations: tuple[str, ...] = tuple(equation.name for equation in EQUATIONS),
    num_points: int = 100,
    rounds: int = 9,
    leave_out: tuple[str, ...] = (),
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Time a residual and its parameter gradient, and write a table.

    Args:
        depths: Layers L of the tanh network.
        widths: Widths h of the hidden layers.
        equations: Which of the equations.
        num_points: Points a call.
        rounds: Turns each method takes.
        leave_out: Methods to leave out.
        output: The folder for the results.
    """
    check_leave_out(leave_out, methods(EQUATIONS[0]), needed=(NESTED,))
    rows = []
    for equation in EQUATIONS:
        if equation.name in equations:
            for depth in depths:
                for width in widths:
                    rows += compare(equation, depth, width, num_points, rounds, leave_out)
    caption = (
        f"Measured on {machine()}; {num_points} points, median of {rounds} interleaved rounds; relative error of the "
        "hardest derivative in float32 against float64."
    )
    publish(output, "partial_derivatives", HEADER, rows, caption)


if __name__ == "__main__":
    tyro.cli(main)
