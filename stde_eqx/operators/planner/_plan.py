import functools
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

import equinox as eqx
from jaxtyping import Array, Float

from ..._custom_types import Field
from ...taylor import traced
from .._point import check_point
from ._multi_index import as_multi_index, MultiIndex, name
from ._schemes import AbstractScheme, Fan, Nest, SparseJet
from ._strategies import AbstractStrategy, Cheapest


Name = TypeVar("Name", bound=Hashable)


class Plan(eqx.Module):
    """Which sweeps yield a set of partial derivatives; made by [`stde_eqx.plan`][].

    Call it on a function and a point for the derivatives; print it for a table.

    **Attributes:**

    - `schemes`: the sweeps.
    - `num_coefficients`: how many arrays they push through the function beside its value: what a linear layer costs.
    - `num_products`: how many products of coefficients a product of two functions takes.
    - `amplification`: by how much rounding in what the sweeps return can grow in the derivatives; 1 is ideal.
    """

    schemes: tuple[AbstractScheme, ...]

    @property
    def num_coefficients(self) -> int:
        return sum(scheme.num_coefficients for scheme in self.schemes)

    @property
    def num_products(self) -> int:
        return sum(scheme.num_products for scheme in self.schemes)

    @property
    def amplification(self) -> float:
        return max((scheme.amplification for scheme in self.schemes), default=1.0)

    def __call__(self, u: Field, x: Float[Array, " dim"]) -> dict[MultiIndex, Any]:
        """The partial derivatives of `u` at `x` by multi-index, `()` being `u(x)` itself."""
        check_point(x)
        largest = max((axis for scheme in self.schemes for index in _wanted(scheme) for axis in index), default=-1)
        if largest >= x.shape[0]:
            raise ValueError(f"Axis {largest} is differentiated, but the point has only {x.shape[0]} coordinates.")
        u = traced(u, x)
        if not self.schemes:
            return {(): u(x)}
        results = [scheme.value_and_partials(u, x) for scheme in self.schemes]
        return {(): results[0][0]} | {index: y for _, found in results for index, y in found.items()}

    def __str__(self) -> str:
        lines = [("sweep", "order", "coefficients", "products", "amplification", "yields")]
        for scheme in self.schemes:
            lines.append(
                (
                    _describe(scheme),
                    _order(scheme),
                    f"{scheme.num_coefficients}",
                    f"{scheme.num_products}",
                    f"{scheme.amplification:.3g}",
                    " ".join(map(name, _wanted(scheme))),
                )
            )
        total = f"{self.num_coefficients}", f"{self.num_products}", f"{self.amplification:.3g}"
        lines.append(("all", "", *total, ""))
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        aligned = lambda line: "  ".join(
            cell.ljust(w) if i in (0, 5) else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        return "\n".join(aligned(line).rstrip() for line in lines)


def _wanted(scheme: AbstractScheme) -> tuple[MultiIndex, ...]:
    match scheme:
        case Fan():
            return tuple(scheme.recipes)
        case Nest() | SparseJet():
            return scheme.wanted
    return ()


def _describe(scheme: AbstractScheme) -> str:
    match scheme:
        case Fan():
            axes = sorted({axis for vector in scheme.vectors for axis, _ in vector})
            return f"{len(scheme.vectors)} directions in axes {','.join(map(str, axes))}"
        case Nest():
            return "nested along axes " + ",".join(str(axis) for axis, _ in scheme.levels)
        case SparseJet():
            return "curve " + " ".join(f"t^{power} e_{axis}" for axis, power in scheme.powers)
    return type(scheme).__name__


def _order(scheme: AbstractScheme) -> str:
    if isinstance(scheme, Nest):
        return "x".join(str(order) for _, order in scheme.levels)
    return f"{scheme.order}" if isinstance(scheme, Fan | SparseJet) else ""


def plan(multi_indices: Iterable[Iterable[int]], *, strategy: AbstractStrategy | None = None) -> Plan:
    """The sweeps that yield a set of partial derivatives.

    !!! example

        ```python
        print(stde.plan([(0,), (0, 0), (0, 0, 0, 1)]))
        ```

    **Arguments:**

    - `multi_indices`: each lists the axes that are differentiated, (0, 0, 1) being u_xxy.
    - `strategy`: how to choose; the cheapest way that the library knows
        ([`stde_eqx.operators.planner.Cheapest`][]) if `None`.

    **Returns:** a [`stde_eqx.operators.planner.Plan`][].

    **Raises:** `ValueError` for something else than integers from 0.
    """
    wanted = tuple(dict.fromkeys(index for axes in multi_indices if (index := as_multi_index(axes))))
    return _cheapest(wanted) if strategy is None else _planned(wanted, strategy)


def _planned(wanted: tuple[MultiIndex, ...], strategy: AbstractStrategy) -> Plan:
    return Plan(strategy.schemes(wanted) if wanted else ())


@functools.lru_cache(maxsize=64)
def _cheapest(wanted: tuple[MultiIndex, ...]) -> Plan:
    """Kept, since an operator asks for its plan whenever it is traced."""
    return _planned(wanted, Cheapest())


def partials(
    u: Callable[[Float[Array, " dim"]], Any],
    x: Float[Array, " dim"],
    names: Mapping[Name, Iterable[int]],
    *,
    strategy: AbstractStrategy | None = None,
) -> dict[Name, Any]:
    """Partial derivatives of any order by name, from one plan and one trace of `u`.

    !!! example

        ```python
        d = stde.partials(u, x, {"u": (), "u_x": (0,), "u_xx": (0, 0), "u_xxxy": (0, 0, 0, 1)})
        residual = d["u_xxxy"] + d["u_x"] * d["u_xx"]
        ```

    **Arguments:**

    - `u`: a function of one point of shape `(dim,)`, scalar, vector or PyTree valued.
    - `x`: the point. Use `jax.vmap` for many.
    - `names`: a multi-index for every name: the axes that are differentiated, `()` for `u` itself.
    - `strategy`: how to choose the sweeps, see [`stde_eqx.plan`][].

    **Returns:** a dictionary with the names of `names`, each entry like `u(x)`.

    **Raises:** `ValueError` for a multi-index that does not fit the point.
    """
    if not isinstance(names, Mapping):
        raise ValueError(
            'The derivatives are asked for by name, as in `stde.partials(u, x, {"u_x": (0,), "u_xy": (0, 1)})`; got '
            f"{names!r}. For a collection of multi-indices there is `stde.plan`."
        )
    found = plan(names.values(), strategy=strategy)(u, x)
    return {name: found[as_multi_index(axes)] for name, axes in names.items()}
