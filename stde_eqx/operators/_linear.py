import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from .._custom_types import Field
from ._algebra import scaled, Sum
from ._base import AbstractDirectionalOperator, AbstractDistribution, AbstractOperator, AbstractSampler, Exact
from ._coefficients import as_coefficient, coefficient_at, describe_coefficient
from ._design import AbstractDesign, Draws
from ._directions import AbstractDirections, AbstractTerms, Directions, moments_of_terms
from ._identity import Identity
from ._random import refuse_random_directions
from ._selection import Axes
from ._tangents import Coordinates
from .planner import Plan, plan
from .planner._formulas import power_sum
from .planner._multi_index import as_multi_index, exponents, MultiIndex


Coefficient = Array | Callable[[Float[Array, " point"]], Float[Array, ""]]


class HomogeneousOperator(AbstractDirectionalOperator):
    """The terms of one order of a [`stde_eqx.LinearOperator`][]: mixed partials times numbers or functions."""

    multi_indices: tuple[MultiIndex, ...] = eqx.field(static=True)
    coefficients: tuple[Coefficient, ...]

    def __repr__(self) -> str:
        return f"LinearOperator({{{self.entries()}}})"

    @property
    def order(self) -> int:
        """The order of all terms."""
        return len(self.multi_indices[0])

    def entries(self) -> str:
        """The terms as they are written in a dictionary."""
        pairs = zip(self.multi_indices, self.coefficients, strict=True)
        return ", ".join(f"{index}: {describe_coefficient(c)}" for index, c in pairs)

    def num_terms(self, x: Float[Array, " point"], *, dim: int) -> int:
        return len(self.multi_indices)

    def directions(self, x: Float[Array, " point"], rows: Int[Array, " rows"] | None = None, *, dim: int) -> Directions:
        if (largest := max(map(max, self.multi_indices))) >= dim:
            raise ValueError(f"Axis {largest} is differentiated, but there are only {dim} coordinates.")
        indices, values, weights = map(jnp.asarray, _table(self.multi_indices))
        rows = jnp.arange(len(self.multi_indices)) if rows is None else rows
        weights = weights[rows].astype(x.dtype) * self.at(x)[rows][:, None]
        flat = lambda table: table[rows].reshape(-1, table.shape[-1])
        tangents = Coordinates(flat(indices), flat(values).astype(x.dtype), dim)
        return Directions(tangents, weights.reshape(-1), self.order, design=Draws(rows.shape[0], rows.shape[0]))

    def magnitudes(self, x: Float[Array, " point"], *, dim: int) -> Float[Array, " terms"]:
        return jnp.abs(self.at(x))

    def random_directions(
        self,
        x: Float[Array, " point"],
        num_samples: int,
        distribution: AbstractDistribution,
        *,
        dim: int,
        key: PRNGKeyArray,
    ) -> Directions:
        # A few derivatives beside an operator that does have such an estimate, such as one in time, are taken as they
        # are.
        if len(self.multi_indices) <= num_samples:
            return self.directions(x, dim=dim)
        refuse_random_directions(self, "its terms are single partial derivatives, more than there are samples")

    def num_coefficients(self) -> int:
        """How many arrays a collapsed sweep along all directions pushes through the function beside its value."""
        return _table(self.multi_indices)[2].size * (self.order - 1) + 1

    def at(self, x: Float[Array, " point"]) -> Float[Array, " terms"]:
        """The coefficients at a point."""
        return jnp.stack([_scalar(i, c, x) for i, c in zip(self.multi_indices, self.coefficients, strict=True)])


def _scalar(index: MultiIndex, coefficient: Coefficient, x: Float[Array, " point"]) -> Float[Array, ""]:
    value = coefficient_at(coefficient, x, name=f"The coefficient of {index}")
    if value.shape != ():
        raise ValueError(f"The coefficient of {index} must be a scalar, got shape {value.shape}.")
    return value


@functools.lru_cache(maxsize=64)
def _table(multi_indices: tuple[MultiIndex, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Axes and components of shape `(terms, directions, nonzeros)`, and weights, padded with zeros."""
    powers = [exponents(index) for index in multi_indices]
    formulas = [power_sum(tuple(power.values())) for power in powers]
    num, width = max(len(w) for _, w in formulas), max(len(power) for power in powers)
    indices, values = np.zeros((len(powers), num, width), np.int32), np.zeros((len(powers), num, width))
    weights = np.zeros((len(powers), num))
    for i, (power, (vectors, w)) in enumerate(zip(powers, formulas, strict=True)):
        indices[i, :, : len(power)] = list(power)
        values[i, : len(w), : len(power)] = vectors
        weights[i, : len(w)] = w
    return indices, values, weights


class LinearOperator(AbstractOperator):
    r"""Any linear differential operator, $\sum_\alpha C_\alpha(x) \, \partial^\alpha u$.

    A multi-index lists the axes that are differentiated: (0, 0, 1) is $\partial_0^2 \partial_1$, and () is $u$ itself.
    Applied exactly, lower orders share the sweeps of higher ones. [`stde_eqx.SparseSTDE`][] draws terms, from those of
    each order separately. [`stde_eqx.DenseSTDE`][] takes them whole if there are no more than it has samples, and
    refuses otherwise.

    !!! example

        ```python
        kdv = stde.LinearOperator({(2, 1): 1.0, (0, 0, 0, 1): 1.0, (0, 0): -1.0, (1, 1): 2.0})
        ```

    **Arguments:**

    - `terms`: a number, a scalar array or a function of the point for every multi-index.

    **Raises:** `ValueError` for an empty mapping or a multi-index that is not a tuple of axes; on use, for an axis that
    the point does not have.
    """

    parts: tuple[HomogeneousOperator, ...]
    zeroth: tuple[Coefficient, ...]

    @property
    def order(self) -> int:
        """The highest order of the terms; those of order zero aside, 1 means that all are of first order."""
        return max((part.order for part in self.parts), default=0)

    def __repr__(self) -> str:
        zeroth = [f"(): {describe_coefficient(c)}" for c in self.zeroth]
        return f"LinearOperator({{{', '.join([*zeroth, *(part.entries() for part in self.parts)])}}})"

    def __init__(self, terms: Mapping[Iterable[int], float | Coefficient]):
        if not terms:
            raise ValueError("A LinearOperator needs at least one term, as in stde.LinearOperator({(0, 1): 1.0}).")
        found: dict[int, dict[MultiIndex, Coefficient]] = {}
        for axes, coefficient in terms.items():
            index = as_multi_index(axes)
            if index in found.setdefault(len(index), {}):
                raise ValueError(f"The derivative {index} is given twice: the order of the axes makes no difference.")
            found[len(index)][index] = as_coefficient(coefficient)
        self.zeroth = tuple(found.pop(0, {}).values())
        self.parts = tuple(HomogeneousOperator(tuple(t), tuple(t.values())) for _, t in sorted(found.items()))

    def draw(
        self, sampler: AbstractSampler, x: Float[Array, " dim"], *, key: PRNGKeyArray | None
    ) -> AbstractDirections:
        # Derivatives of first order need no plan, and as directions they can join the sweep of another operator.
        if isinstance(sampler, Exact) and any(part.order > 1 for part in self.parts):
            terms = {i: c for part in self.parts for i, c in zip(part.multi_indices, part.at(x), strict=True)}
            planned = plan(terms)
            if planned.num_coefficients <= sum(part.num_coefficients() for part in self.parts):
                zeroth = sum((_scalar((), c, x) for c in self.zeroth), jnp.zeros((), x.dtype))
                return PlannedDirections(planned, terms | {(): zeroth})
        return self._sum().draw(sampler, x, key=key)

    def _sum(self) -> AbstractOperator:
        parts = (*self.parts, *(scaled(c, Identity()) for c in self.zeroth))
        return parts[0] if len(parts) == 1 else Sum(parts)

    def most_terms(self, x: Float[Array, " dim"]) -> int:
        return max((len(part.multi_indices) for part in self.parts), default=1)

    def on(self, selection: Axes) -> AbstractOperator:
        return self._sum().on(selection)


class PlannedDirections(AbstractTerms):
    """Partial derivatives by a plan, and their coefficients: a linear operator applied exactly."""

    plan: Plan
    coefficients: dict[MultiIndex, Float[Array, ""]]

    @property
    def designs(self) -> tuple[AbstractDesign, ...]:
        return (Draws(1, 1),)

    def value_and_apply(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        found = self.plan(u, x)
        combined = lambda *parts: sum(
            c.astype(y.dtype) * y for c, y in zip(self.coefficients.values(), parts, strict=True)
        )
        return found[()], jax.tree.map(combined, *(found[index] for index in self.coefficients))

    def value_and_terms(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        value, result = self.value_and_apply(u, x)
        return value, jax.tree.map(lambda y: y[None], result)

    def value_and_moments(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any, Any]:
        return moments_of_terms(self, u, x)


def PartialDerivative(multi_index: int | Iterable[int]) -> LinearOperator:
    r"""A single partial derivative: `PartialDerivative((0, 0, 1))` is $\partial_0^2 \partial_1 u$.

    **Arguments:**

    - `multi_index`: the axes that are differentiated, each as often as it occurs; a number for a single one.

    **Raises:** `ValueError` for something else than axes counted from 0.
    """
    return LinearOperator({as_multi_index(multi_index): 1.0})
