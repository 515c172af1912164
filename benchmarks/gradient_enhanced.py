"""Gradient-enhanced training: loss and parameter gradient of a residual together with its derivatives.

python benchmarks/gradient_enhanced.py --dim 10000

The Sine-Gordon problem with V sampled coordinates in the Laplacian, and the derivatives of the residual along as many:
the way of `stde.GradientEnhanced`, one more tangent of the residual each, beside 7-jets, one for every pair of
coordinates, as in the STDE paper, and beside forward mode through Hessian-vector products.
"""

import functools
import math
import pathlib
import statistics
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import tyro
from jax.experimental.jet import jet as jax_jet

import stde_eqx as stde
import zoo
from _agreement import relative_difference
from _leave_out import check_leave_out
from _table import machine, publish
from _timing import interleaved, ratio, repeated


HEADER = ("d", "V", "method", "ms", "x residual alone", "jets / this", "difference")
WEIGHT = 0.1
Parts = Callable[[Callable, jax.Array, jax.Array, jax.Array], jax.Array]


def ours(problem: zoo.SineGordon, num_samples: int) -> Parts:
    """The library's own way, with the draws given by the caller."""

    def parts(u, x, rows, columns):
        def residual(z):
            directions = stde.Laplacian().directions(z, rows, dim=problem.dim)
            value, laplacian = directions.value_and_apply(u, z)
            return laplacian * problem.dim / num_samples + problem.nonlinearity(value) - problem.source(z)

        tangents = stde.operators.Coordinates(columns[:, None], jnp.ones((num_samples, 1)))
        value, (slopes,) = stde.taylor.directional_derivatives(
            residual, x, tangents.coefficient(x), order=1, size=num_samples
        )
        return jnp.concatenate([value[None], slopes])

    return parts


def residual_alone(problem: zoo.SineGordon, num_samples: int) -> Parts:
    def parts(u, x, rows, columns):
        del columns
        directions = stde.Laplacian().directions(x, rows, dim=problem.dim)
        value, laplacian = directions.value_and_apply(u, x)
        r = laplacian * problem.dim / num_samples + problem.nonlinearity(value) - problem.source(x)
        return jnp.concatenate([r[None], jnp.zeros(num_samples)])

    return parts


def jets(problem: zoo.SineGordon, num_samples: int) -> Parts:
    """Along x + t^2 e_i + t^3 e_j the coefficient of order 7 is u_iij / 2, that of order 4 u_ii / 2, of order 3 u_j."""

    def parts(u, x, rows, columns):
        unit = lambda i: jax.nn.one_hot(i, problem.dim, dtype=x.dtype)
        zero = jnp.zeros_like(x)

        def pair(i, j):
            series = [zero, 2 * unit(i), 6 * unit(j), zero, zero, zero, zero]
            value, d = jax_jet(u, (x,), (series,))
            return value, d[3] / 12, d[2] / 6, d[6] * 2 / math.factorial(7)

        over_j = jax.vmap(pair, in_axes=(None, 0), out_axes=(None, 0, 0, 0))
        values, seconds, firsts, thirds = jax.vmap(over_j, in_axes=(0, None), out_axes=(None, 0, 0, 0))(rows, columns)
        factor = problem.dim / num_samples
        laplacian, slope = factor * jnp.sum(seconds[:, 0]), factor * jnp.sum(thirds, 0)
        rest = lambda j: jax.jvp(problem.source, (x,), (unit(j),))
        source, source_slopes = jax.vmap(rest, out_axes=(None, 0))(columns)
        value, gradient = values, firsts[0]
        r = laplacian + problem.nonlinearity(value) - source
        slopes = slope + jax.grad(problem.nonlinearity)(value) * gradient - source_slopes
        return jnp.concatenate([r[None], slopes])

    return parts


def forward_of_hvp(problem: zoo.SineGordon, num_samples: int) -> Parts:
    """The residual by forward-over-reverse products, differentiated forward."""

    def parts(u, x, rows, columns):
        unit = lambda i: jax.nn.one_hot(i, problem.dim, dtype=x.dtype)

        def residual(z):
            second = lambda i: jax.jvp(lambda y: jax.grad(u)(y), (z,), (unit(i),))[1][i]
            laplacian = jnp.sum(jax.vmap(second)(rows)) * problem.dim / num_samples
            return laplacian + problem.nonlinearity(u(z)) - problem.source(z)

        along = lambda j: jax.jvp(residual, (x,), (unit(j),))
        r, slopes = jax.vmap(along, out_axes=(None, 0))(columns)
        return jnp.concatenate([r[None], slopes])

    return parts


ALONE, OURS = "residual alone, ours", "one more tangent, ours"
METHODS = {
    ALONE: residual_alone,
    "7-jets": jets,
    "forward of HVP": forward_of_hvp,
    OURS: ours,
}


def main(
    dim: int = 10_000,
    num_samples: int = 16,
    *,
    num_points: int = 100,
    rounds: int = 7,
    leave_out: tuple[str, ...] = (),
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Time loss and parameter gradient, and write a table.

    Args:
        dim: Dimension of the problem.
        num_samples: Coordinates of the Laplacian, and of the gradient of the residual.
        num_points: Points a call.
        rounds: Turns each method takes.
        leave_out: Methods to leave out.
        output: The folder for the results.
    """
    check_leave_out(leave_out, METHODS, needed=(ALONE, OURS))
    problem = zoo.SineGordon(zoo.TwoBody(dim, key=jr.key(0)))
    net = eqx.nn.MLP(dim, "scalar", 128, 3, activation=jnp.tanh, key=jr.key(1))
    params, static = eqx.partition(net, eqx.is_array)
    points = problem.sample(num_points, key=jr.key(2))
    rows, columns = (jr.permutation(key, dim)[:num_samples] for key in jr.split(jr.key(3)))
    scale = jnp.concatenate([jnp.ones(1), jnp.full(num_samples, (WEIGHT * dim / num_samples) ** 0.5)])

    calls, results = {}, {}
    for name, method in METHODS.items():
        if name in leave_out:
            continue
        parts = method(problem, num_samples)

        def loss(params, points, parts=parts):
            u = problem.ansatz(eqx.combine(params, static))
            values = jax.vmap(lambda x: scale * parts(u, x, rows, columns))(points)
            return jnp.sum(values**2) / num_points

        program = jax.jit(jax.value_and_grad(loss)).lower(params, points).compile()
        calls[name] = functools.partial(program, params, points)
        results[name] = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(calls[name]())]).astype(float)
        print(f"compiled {name}", flush=True)
    differences = {name: relative_difference(result, results[OURS]) for name, result in results.items()}
    for name, difference in differences.items():
        if name != ALONE and not difference <= 1e-2:
            raise ValueError(f"{name} differs by {difference:.1e}.")
    runs = {name: repeated(call) for name, call in calls.items()}
    times = interleaved(runs, rounds=rounds, block_seconds=0.2)
    versus = lambda name: f"{ratio(times['7-jets'], times[name]):.2f}" if "7-jets" in times else "-"
    rows_ = [
        (
            f"{dim}",
            f"{num_samples}",
            name,
            f"{1e3 * statistics.median(times[name]):.4g}",
            f"{ratio(times[name], times[ALONE]):.2f}",
            versus(name),
            "-" if name == ALONE else f"{differences[name]:.0e}",
        )
        for name in calls
    ]
    caption = f"Measured on {machine()}; {num_points} points, median of {rounds} interleaved rounds."
    publish(output, "gradient_enhanced", HEADER, rows_, caption)


if __name__ == "__main__":
    tyro.cli(main)
