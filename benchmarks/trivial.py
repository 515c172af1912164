"""How small the error of a constant is: the trivial ansatz on each domain, over many draws of the coefficients.

python benchmarks/trivial.py
"""

import pathlib
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import tyro

import zoo
from _table import machine, publish


SOLUTIONS = {"two-body": zoo.TwoBody, "three-body": zoo.ThreeBody, "sine three-body": zoo.SineThreeBody}
DOMAINS = {
    "`Ball(d)`, the unit ball": zoo.UnitBall,
    "`Ball(d, d**0.5)`": lambda dim: zoo.Ball(dim, dim**0.5),
    "`Cube(d)`": zoo.Cube,
    "`Cube(d, 2.0)`": lambda dim: zoo.Cube(dim, half_width=2.0),
    "`WholeSpace(d)`": zoo.WholeSpace,
}

#: Where the three-body solution grows: refused on the whole space, on the large ball all in a few points.
LEFT_OUT = {("three-body", "`Ball(d, d**0.5)`"), ("three-body", "`WholeSpace(d)`")}


def main(
    dims: tuple[int, ...] = (10, 100, 1_000, 10_000),
    *,
    keys: int = 100,
    num_points: int = 1_000,
    chunk: int = 100,
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Fit the best constant to each solution, and write a table of the relative errors that it leaves.

    Args:
        dims: Dimensions.
        keys: Draws of the coefficients, each with points of its own.
        num_points: Points of each.
        chunk: Points that are in memory at a time.
        output: The folder for the results.
    """
    rows = []
    for solution in SOLUTIONS:
        for domain in DOMAINS:
            if (solution, domain) in LEFT_OUT:
                continue
            began = time.perf_counter()
            cells = [_cell(SOLUTIONS[solution], DOMAINS[domain](dim), keys, num_points, chunk) for dim in dims]
            rows.append((solution, domain, *cells))
            print(*rows[-1], f"{time.perf_counter() - began:.0f} s", flush=True)
    caption = f"Median, and the range of the middle 80 %, over {keys} draws of the coefficients; {num_points:,} points"
    publish(output, "trivial", ("solution", "domain", *(f"d = {d:,}" for d in dims)), rows, f"{caption}. {machine()}.")


def _cell(build, domain, keys, num_points, chunk):
    @eqx.filter_jit
    def error(key):
        """That of the best constant times the boundary factor, relative, in the mean square over the points."""
        coefficients, points = jr.split(key)
        solution = build(domain.dim, key=coefficients, domain=domain)

        def values(key):
            x = domain.sample(chunk, key=key)
            return jax.vmap(solution)(x), jax.vmap(domain.boundary_factor)(x)

        exact, factor = jax.tree.map(jnp.ravel, jax.lax.map(values, jr.split(points, num_points // chunk)))
        best = factor * (jnp.vdot(factor, exact) / jnp.vdot(factor, factor))
        return jnp.linalg.norm(exact - best) / jnp.linalg.norm(exact)

    found = np.array([error(key) for key in jr.split(jr.key(0), keys)])
    low, middle, high = np.quantile(found, (0.1, 0.5, 0.9))
    return f"{middle:.2g} ({low:.2g} to {high:.2g})"


if __name__ == "__main__":
    tyro.cli(main)
