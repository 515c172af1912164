import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core
from jaxtyping import Array

from .._jaxprs import bind
from ._coefficient import Dense, Entry, Sparse
from ._interpreter import expand, rule_for
from ._source import source_line
from ._sweep import Series, series, Sweep


# Equations that only run others, which are reported themselves.
_CONTAINERS = {"calls", "control_flow"}


@dataclasses.dataclass(frozen=True)
class ExplainedEquation:
    """What a sweep does with one equation of the program.

    **Attributes:**

    - `primitive`: its name.
    - `rule`: the kind of rule that ran: `linear`, `elementwise`, `arithmetic`, `contraction`, `piecewise`, `calls`, or
        `fallback` for a primitive that has none.
    - `storage`: how the coefficients that come out are stored: `sparse`, `dense`, both, or `constant`.
    - `shape`: of the value that comes out.
    - `flops`: of the rule, as the compiler's cost analysis estimates them, primal included. In the body of a loop, of
        one trip.
    - `ratio`: these over the flops of the equation alone.
    - `source`: file, line and function.
    """

    primitive: str
    rule: str
    storage: str
    shape: tuple[int, ...]
    flops: float
    ratio: float
    source: str


@dataclasses.dataclass(frozen=True)
class Explanation:
    """The equations that a sweep transforms, in the order of the program; prints as a table."""

    equations: tuple[ExplainedEquation, ...]

    def __str__(self) -> str:
        header = ("primitive", "rule", "coefficients", "shape", "Mflop", "x primal", "source")
        rows: list[tuple[str, ...]] = [header]
        for e in self.equations:
            ratio = "-" if e.ratio == float("inf") else f"{e.ratio:.1f}"
            shape = "x".join(map(str, e.shape)) or "scalar"
            rows.append((e.primitive, e.rule, e.storage, shape, f"{e.flops / 1e6:.3f}", ratio, e.source))
        widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
        aligned = lambda i, cell: cell.rjust(widths[i]) if i in (4, 5) else cell.ljust(widths[i])
        lines = ["  ".join(aligned(i, cell) for i, cell in enumerate(row)).rstrip() for row in rows]
        lines.insert(1, "  ".join("-" * width for width in widths))
        total = sum(e.flops for e in self.equations)
        fallbacks = sorted({e.primitive for e in self.equations if e.rule == "fallback"})
        lines.append(f"total: {total / 1e6:.3f} Mflop; without a rule of their own: {', '.join(fallbacks) or 'none'}")
        return "\n".join(lines)


def explain(
    fn: Callable[..., Any], x: Array, *, order: int = 2, num_directions: int = 16, coordinates: bool = True
) -> Explanation:
    """Print what a collapsed sweep does with every equation of `fn`, and what it costs: see where a model loses speed.

    Nothing is evaluated, only traced and analysed.

    **Arguments:**

    - `fn`: a function of one array.
    - `x`: the point, or anything with its shape and dtype.
    - `order`: the order of the derivative.
    - `num_directions`: how many directions are swept at once.
    - `coordinates`: whether they are coordinate directions (of a vector `x`), or dense ones.

    **Returns:** the table that was printed, as an [`Explanation`][stde_eqx.taylor.Explanation].

    **Raises:** `ValueError` where coordinate directions are asked for at something else than a vector.
    """
    if coordinates and len(x.shape) != 1:
        raise ValueError(f"Coordinate directions need a vector, got shape {x.shape}: write `coordinates=False`.")
    found: list[ExplainedEquation] = []

    def observe(eqn, inputs, outputs):
        kind = _kind(eqn)
        if kind not in _CONTAINERS or eqn.primitive.name.startswith("custom_jvp"):
            found.append(_explained(eqn, kind, inputs, outputs, sweep))

    sweep = Sweep(order, num_directions, collapsed=order > 1, observer=observe)

    def run(x):
        if coordinates:
            indices = jnp.zeros((num_directions,), jnp.int32)
            first: Any = Sparse(x.shape, (0,), (Entry((indices,), jnp.ones((num_directions,), x.dtype)),), False)
        else:
            first = Dense(jnp.ones((num_directions, *x.shape), x.dtype), False)
        expand(fn, [series(x, (first, *(None,) * (order - 1)))], sweep)

    jax.eval_shape(run, jax.ShapeDtypeStruct(x.shape, x.dtype))
    explanation = Explanation(tuple(found))
    print(explanation)
    return explanation


def _kind(eqn: core.JaxprEqn) -> str:
    rule = rule_for(eqn.primitive)
    while isinstance(rule, functools.partial):
        rule = rule.func
    return rule.__module__.rpartition("._")[2]


def _explained(eqn, kind, inputs, outputs, sweep) -> ExplainedEquation:
    shapes = jax.tree.map(lambda a: jax.ShapeDtypeStruct(jnp.shape(a), jax.dtypes.result_type(a)), list(inputs))
    flops = _flops(lambda values: rule_for(eqn.primitive)(sweep.unobserved(), eqn, values), shapes)
    primals = [value.primal if isinstance(value, Series) else value for value in shapes]
    alone = _flops(lambda values: bind(eqn, values), primals)
    stored = {
        "sparse" if isinstance(c, Sparse) else "dense"
        for out in outputs
        if isinstance(out, Series)
        for c in out.coefficients
        if c is not None
    }
    return ExplainedEquation(
        eqn.primitive.name,
        kind,
        "+".join(sorted(stored)) or "constant",
        tuple(eqn.outvars[0].aval.shape),
        flops,
        flops / alone if alone else float("inf"),
        source_line(eqn),
    )


def _flops(fn, shapes) -> float:
    analysis: Any = jax.jit(fn).lower(shapes).cost_analysis()
    return float((analysis or {}).get("flops", 0.0))
