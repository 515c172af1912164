"""Three ways to get a set of partial derivatives out of Taylor sweeps."""

import abc
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...taylor import directional_derivatives, Entry, jet, Sparse
from .._tangents import Coordinates
from ._multi_index import MultiIndex


class AbstractScheme(eqx.Module):
    """A set of partial derivatives of a function at a point, from one kind of sweep."""

    @abc.abstractmethod
    def value_and_partials(self, u: Callable[..., Any], x: Float[Array, " dim"]) -> tuple[Any, dict[MultiIndex, Any]]:
        """`u(x)` and the partial derivatives by multi-index."""

    @property
    @abc.abstractmethod
    def num_coefficients(self) -> int:
        """How many arrays are pushed through the function beside its value: what a linear layer costs."""

    @property
    @abc.abstractmethod
    def num_products(self) -> int:
        """How many products of coefficients a product of two functions takes."""

    @property
    @abc.abstractmethod
    def amplification(self) -> float:
        """By how much rounding in what the sweeps return can grow in the partial derivatives."""


class Fan(AbstractScheme):
    """Univariate sweeps along several directions, whose derivatives are combined linearly.

    **Arguments:**

    - `vectors`: the directions, sparse: for each the axes and components that are not zero.
    - `order`: of the sweep.
    - `recipes`: for each multi-index the weights of the directions.

    ??? cite "Reference"

        Griewank, Utke and Walther, *Evaluating higher derivative tensors by forward propagation of univariate Taylor
        series*, Mathematics of Computation 69 (2000).
    """

    vectors: tuple[tuple[tuple[int, float], ...], ...] = eqx.field(static=True)
    order: int = eqx.field(static=True)
    recipes: Mapping[MultiIndex, tuple[float, ...]] = eqx.field(static=True)

    def tangents(self, dtype: Any) -> Coordinates:
        width = max(map(len, self.vectors))
        padded = [vector + ((0, 0.0),) * (width - len(vector)) for vector in self.vectors]
        table = np.array(padded)
        return Coordinates(jnp.asarray(table[..., 0], int), jnp.asarray(table[..., 1], dtype))

    def value_and_partials(self, u: Callable[..., Any], x: Float[Array, " dim"]) -> tuple[Any, dict[MultiIndex, Any]]:
        tangents = self.tangents(x.dtype)
        value, derivatives = directional_derivatives(
            u, x, tangents.coefficient(x), order=self.order, size=tangents.size
        )
        combined = lambda weights, y: jnp.tensordot(jnp.asarray(weights, y.dtype), y, 1)
        return value, {
            index: jax.tree.map(functools.partial(combined, weights), derivatives[len(index) - 1])
            for index, weights in self.recipes.items()
        }

    @property
    def num_coefficients(self) -> int:
        return len(self.vectors) * self.order

    @property
    def num_products(self) -> int:
        return len(self.vectors) * (self.order * (self.order + 3)) // 2

    @property
    def amplification(self) -> float:
        lengths = np.array([math.hypot(*(c for _, c in vector)) for vector in self.vectors])
        return max(float(np.sum(np.abs(w) * lengths ** len(index))) for index, w in self.recipes.items())


class Nest(AbstractScheme):
    """Sweeps inside sweeps, one a coordinate: every mixed partial up to an order in each of them, and no cancellation.

    **Arguments:**

    - `levels`: pairs of an axis and the highest order along it, the innermost first.
    - `wanted`: the multi-indices.
    """

    levels: tuple[tuple[int, int], ...] = eqx.field(static=True)
    wanted: tuple[MultiIndex, ...] = eqx.field(static=True)

    def value_and_partials(self, u: Callable[..., Any], x: Float[Array, " dim"]) -> tuple[Any, dict[MultiIndex, Any]]:
        fn: Callable[[Array], dict[MultiIndex, Any]] = lambda z: {(): u(z)}
        for axis, order in self.levels:
            fn = functools.partial(_differentiated, fn, axis, order)
        found = fn(x)
        return found[()], {index: found[index] for index in self.wanted}

    @property
    def num_coefficients(self) -> int:
        return math.prod(order + 1 for _, order in self.levels) - 1

    @property
    def num_products(self) -> int:
        return math.prod((order + 1) * (order + 2) // 2 for _, order in self.levels) - 1

    @property
    def amplification(self) -> float:
        return 1.0


def _differentiated(fn: Callable[..., Any], axis: int, order: int, x: Array) -> dict[MultiIndex, Any]:
    """All derivatives of what `fn` returns, along one axis, beside what it returns."""
    tangent = Sparse(x.shape, (0,), (Entry((jnp.full((1,), axis),), jnp.ones((1,), x.dtype)),), False)
    values, derivatives = directional_derivatives(fn, x, tangent, order=order, size=1)
    found = dict(values)
    for k, derivative in enumerate(derivatives, 1):
        for index, y in derivative.items():
            found[tuple(sorted(index + (axis,) * k))] = jax.tree.map(lambda leaf: leaf[0], y)
    return found


class SparseJet(AbstractScheme):
    r"""One sweep of high order along a curve: the recipe of the STDE paper for mixed partials.

    Along $x + \sum_i t^{p_i} e_{a_i}$ the coefficient of order $\sum_i p_i \alpha_i$ is $\partial^\alpha u / \alpha!$,
    if no other multi-index has the same sum. The 13-jet of the paper has $p = 3$ on the first axis and $p = 4$ on the
    second, for u_xxxy.

    **Arguments:**

    - `powers`: pairs of an axis and its power.
    - `wanted`: the multi-indices.
    - `jet`: how the sweep is taken; `jax.experimental.jet.jet` has the same interface.

    **Raises:** `ValueError` where a coefficient mixes a multi-index with others.

    ??? cite "Reference"

        Shi, Hu, Lin and Kawaguchi, *Stochastic Taylor Derivative Estimator*, NeurIPS 2024, section 4.3 and appendix F.
    """

    powers: tuple[tuple[int, int], ...] = eqx.field(static=True)
    wanted: tuple[MultiIndex, ...] = eqx.field(static=True)
    jet: Callable[..., Any] = eqx.field(static=True, default=jet)

    def __check_init__(self) -> None:
        powers = dict(self.powers)
        for index in self.wanted:
            if not set(index) <= set(powers):
                raise ValueError(f"{index} is differentiated along an axis that the curve {self.powers} leaves alone.")
            total = sum(powers[axis] for axis in index)
            if (ways := _count_ways(total, tuple(powers.values()))) != 1:
                raise ValueError(
                    f"Coefficient {total} of a jet with the powers {self.powers} mixes {ways} derivatives, of which "
                    f"{index} is one: choose powers with no other sum {total}."
                )

    @property
    def order(self) -> int:
        powers = dict(self.powers)
        return max(sum(powers[axis] for axis in index) for index in self.wanted)

    def value_and_partials(self, u: Callable[..., Any], x: Float[Array, " dim"]) -> tuple[Any, dict[MultiIndex, Any]]:
        powers = dict(self.powers)
        at = lambda k: [axis for axis, power in self.powers if power == k]
        # The derivatives of the curve: k! times its coefficients, by the convention of `jet`.
        terms = [
            jnp.zeros_like(x).at[jnp.array(at(k), int)].set(float(math.factorial(k))) for k in range(1, self.order + 1)
        ]
        value, derivatives = self.jet(u, (x,), (terms,))
        found = {}
        for index in self.wanted:
            total = sum(powers[axis] for axis in index)
            scale = math.prod(math.factorial(index.count(axis)) for axis in set(index)) / math.factorial(total)
            # `jet` puts a list of terms in the place of each array.
            found[index] = jax.tree.map(lambda _, terms: scale * terms[total - 1], value, derivatives)  # noqa: B023
        return value, found

    @property
    def num_coefficients(self) -> int:
        return sum(1 for k in range(1, self.order + 1) if _count_ways(k, tuple(dict(self.powers).values())))

    @property
    def num_products(self) -> int:
        return self.order * (self.order + 3) // 2

    @property
    def amplification(self) -> float:
        return 1.0


def _count_ways(total: int, powers: tuple[int, ...]) -> int:
    """In how many ways `total` is a sum of the powers, with repetition and in no order."""
    ways = [1] + [0] * total
    for power in powers:
        for k in range(power, total + 1):
            ways[k] += ways[k - power]
    return ways[total]
