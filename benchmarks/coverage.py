"""What can be differentiated: function by function and order by order, this library beside JAX's jet and folx.

python benchmarks/coverage.py

Every answer is compared with nested `jax.jvp` in float64; an entry says whether it agreed, was wrong, or what was
raised.
"""

import pathlib
import sys
from collections.abc import Callable
from typing import Any

import folx
import jax
import jax.numpy as jnp
import jax.random as jr
import tyro
from jax.experimental.jet import jet as jax_jet
from rich.progress import track

import stde_eqx as stde
from _table import markdown, write_csv


ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
jax.config.update("jax_enable_x64", True)

from tests.taylor_functions import DIM, FUNCTIONS  # noqa: E402
from tests.taylor_programs import PROGRAMS, SLOW_TO_COMPILE  # noqa: E402


ORDERS = (2, 4, 6)
# Each program runs once: what takes time is to compile it.
QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
ALL = FUNCTIONS | {name: fn for name, fn in PROGRAMS.items() if name not in SLOW_TO_COMPILE}
X = jnp.array([0.31, -0.42, 0.73, 0.18, -0.65, 0.57, -0.11, 0.89])
V = jr.normal(jr.key(1), (DIM,))


def nested(fn: Callable, order: int) -> Any:
    for _ in range(order):
        fn = lambda z, fn=fn: jax.jvp(fn, (z,), (V,))[1]
    return fn(X)


def by_jet(jet: Callable) -> Callable[[Callable, int], Any]:
    def derivative(fn, order):
        _, terms = jet(fn, (X,), ([V] + [jnp.zeros(DIM)] * (order - 1),))
        is_terms = lambda node: isinstance(node, list) and len(node) == order
        return jax.tree.map(lambda node: node[-1], terms, is_leaf=is_terms)

    return derivative


def hessian_trace(fn: Callable) -> Any:
    return jax.tree.map(lambda h: jnp.trace(h, axis1=-2, axis2=-1), jax.jacfwd(jax.jacfwd(fn))(X))


def run(compute: Callable[[], Any]) -> Any:
    return jax.jit(compute, compiler_options=QUICKLY)()


def verdict(compute: Callable[[], Any], expected: Any) -> str:
    """`yes`, `wrong`, or the name of the exception."""
    try:
        found = run(compute)
    except Exception as error:
        return type(error).__name__
    pairs = zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True)
    # Where a derivative vanishes identically both sides are rounding: hence a floor to the scale.
    close = all(jnp.max(jnp.abs(a - b)) <= 1e-9 * jnp.maximum(jnp.max(jnp.abs(b)), 10.0) for a, b in pairs)
    return "yes" if close else "wrong"


def line(name: str, fn: Callable) -> tuple[str, ...]:
    derivatives = {order: run(lambda order=order: nested(fn, order)) for order in ORDERS}
    entries = [
        verdict(lambda jet=jet, order=order: by_jet(jet)(fn, order), derivatives[order])
        for jet in (stde.jet, jax_jet)
        for order in ORDERS
    ]
    laplacian = run(lambda: hessian_trace(fn))
    ours = verdict(lambda: stde.Laplacian()(fn, X), laplacian)
    theirs = verdict(
        lambda: jax.tree.map(
            lambda out: out.laplacian, folx.forward_laplacian(fn)(X), is_leaf=lambda out: hasattr(out, "laplacian")
        ),
        laplacian,
    )
    return name, *entries, ours, theirs


HEADER = (
    "function",
    *(f"stde.jet, K = {order}" for order in ORDERS),
    *(f"JAX jet, K = {order}" for order in ORDERS),
    "stde Laplacian",
    "folx Laplacian",
)


def main(
    functions: tuple[str, ...] = tuple(ALL),
    *,
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
    page: pathlib.Path | None = None,
) -> None:
    """Try every function at every order, and write a table.

    Args:
        functions: Which of them, by name.
        output: The folder for the CSV.
        page: Also write the table as this Markdown page.
    """
    rows = [line(name, ALL[name]) for name in track(functions, description="functions")]
    totals = ("of " + str(len(rows)), *(str(sum(row[i] == "yes" for row in rows)) for i in range(1, len(HEADER))))
    output.mkdir(parents=True, exist_ok=True)
    write_csv(output / "coverage.csv", HEADER, [*rows, totals])
    table = markdown(HEADER, [totals, *rows])
    print(table)
    if page is not None:
        page.write_text(
            "# What can be differentiated\n\n"
            "Function by function (`tests/taylor_functions.py` and `tests/taylor_programs.py` have them) and order by\n"
            "order, beside JAX's own Taylor mode and folx's forward Laplacian, which does second order only. *yes*:\n"
            "equal to nested `jax.jvp` in float64 to 1e-9; otherwise *wrong*, or what was raised. The first row\n"
            f"counts. Made by `benchmarks/coverage.py` with JAX {jax.__version__}.\n\n"
            f"{table}\n"
        )


if __name__ == "__main__":
    tyro.cli(main)
