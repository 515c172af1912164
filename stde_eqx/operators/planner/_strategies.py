"""How to choose the sweeps for a set of multi-indices."""

import abc
import itertools
import math
from collections.abc import Iterable, Sequence

import equinox as eqx
import numpy as np

from ._formulas import power_sum
from ._multi_index import exponents, MultiIndex
from ._schemes import AbstractScheme, Fan, Nest


class AbstractStrategy(eqx.Module):
    """How to choose the sweeps that yield a set of partial derivatives."""

    @abc.abstractmethod
    def schemes(self, wanted: Sequence[MultiIndex]) -> tuple[AbstractScheme, ...]:
        """Sweeps that yield every one of the multi-indices, none of which is empty."""


class Interpolation(AbstractStrategy):
    """Directions in the plane or space of the axes involved, each mixed partial a combination of them.

    Lower orders come from the directions of higher ones wherever those suffice. Directions that do not earn their place
    are dropped.
    """

    def schemes(self, wanted: Sequence[MultiIndex]) -> tuple[AbstractScheme, ...]:
        orders: dict[_Vector, int] = {}
        for index in sorted(wanted, key=lambda index: (-len(index), index)):
            if _combination(index, orders) is None:
                for vector in _vectors_for(index):
                    orders[vector] = max(orders.get(vector, 0), len(index))
        for vector in sorted(orders, key=lambda vector: (-orders[vector], vector)):
            others = {other: order for other, order in orders.items() if other != vector}
            if all(_combination(index, others) is not None for index in wanted):
                orders = others
        return tuple(_fans(wanted, orders))


_Vector = tuple[tuple[int, float], ...]


def _vectors_for(index: MultiIndex) -> list[_Vector]:
    powers = exponents(index)
    vectors, _ = power_sum(tuple(powers.values()))
    return [
        tuple((axis, round(float(c), 15)) for axis, c in zip(powers, vector, strict=True) if c) for vector in vectors
    ]


def _combination(index: MultiIndex, orders: dict[_Vector, int]) -> dict[_Vector, float] | None:
    """Weights with which directional derivatives along the vectors sum to a partial derivative, if there are any."""
    order, axes = len(index), set(index)
    usable = [v for v, k in orders.items() if k >= order]
    # Vectors of the axes in question alone, then of one plane or space with them in it, then all that are connected.
    spaces = sorted({frozenset(_axes(v)) for v in usable if axes < _axes(v)}, key=lambda space: (len(space), *space))
    reached = set(axes)
    for _ in usable:
        reached |= {axis for v in usable if reached & _axes(v) for axis in _axes(v)}
    for within in (axes, *spaces, reached):
        vectors = [v for v in usable if _axes(v) <= within]
        if axes <= {axis for v in vectors for axis in _axes(v)}:
            matrix, column = _power_matrix(vectors, sorted(within), order)
            wanted = np.zeros(len(matrix))
            wanted[column[index]] = 1.0
            weights = np.linalg.lstsq(matrix, wanted, rcond=1e-9)[0]
            exact = np.max(np.abs(matrix @ weights - wanted)) < 1e-9
            if exact and np.sum(np.abs(weights)) < _LARGEST_SUM_OF_WEIGHTS:
                return {v: float(w) for v, w in zip(vectors, weights, strict=True) if abs(w) > 1e-12}
    return None


def _axes(vector: _Vector) -> set[int]:
    return {axis for axis, _ in vector}


#: Combinations that cancel more than this are not used: another direction costs less than the digits.
_LARGEST_SUM_OF_WEIGHTS = 30.0


def _power_matrix(vectors: list[_Vector], axes: list[int], order: int) -> tuple[np.ndarray, dict[MultiIndex, int]]:
    """The multinomial coefficient times v^beta, for every multi-index beta (rows) and vector (columns)."""
    rows, column = [], {}
    components = [dict(vector) for vector in vectors]
    for index in itertools.combinations_with_replacement(axes, order):
        column[index] = len(rows)
        multinomial = math.factorial(order) / math.prod(math.factorial(e) for e in exponents(index).values())
        rows.append([multinomial * math.prod(v.get(axis, 0.0) for axis in index) for v in components])
    return np.array(rows), column


def _fans(wanted: Sequence[MultiIndex], orders: dict[_Vector, int]) -> Iterable[Fan]:
    """One sweep an order; what combines directions of several orders is swept at the highest of them."""
    combinations = {index: _combination(index, orders) or {} for index in wanted}
    while any(len({orders[v] for v in combination}) > 1 for combination in combinations.values()):
        for combination in combinations.values():
            orders = orders | {v: max(orders[w] for w in combination) for v in combination}
    for order in sorted(set(orders.values()), reverse=True):
        vectors = tuple(v for v, k in orders.items() if k == order)
        recipes = {
            index: tuple(combination.get(v, 0.0) for v in vectors)
            for index, combination in combinations.items()
            if set(combination) <= set(vectors)
        }
        yield Fan(vectors, order, recipes)


class Nesting(AbstractStrategy):
    """Sweeps inside sweeps, one level an axis; boxes of exponents are merged where that saves coefficients."""

    def schemes(self, wanted: Sequence[MultiIndex]) -> tuple[AbstractScheme, ...]:
        boxes = [dict(exponents(index)) for index in wanted]
        while (merger := _best_merger(boxes)) is not None:
            i, j, merged = merger
            boxes = [box for k, box in enumerate(boxes) if k not in (i, j)] + [merged]
        nests, left = [], list(wanted)
        for box in sorted(boxes, key=lambda box: -_volume(box)):
            inside = tuple(index for index in left if _contains(box, exponents(index)))
            left = [index for index in left if index not in inside]
            # The highest order innermost: it is then expanded once at the lowest cost.
            levels = tuple(sorted(box.items(), key=lambda level: (-level[1], level[0])))
            nests.append(Nest(levels, inside))
        return tuple(nests)


def _volume(box: dict[int, int]) -> int:
    return math.prod(order + 1 for order in box.values())


def _contains(box: dict[int, int], other) -> bool:
    return all(box.get(axis, 0) >= order for axis, order in other.items())


def _best_merger(boxes: list[dict[int, int]]) -> tuple[int, int, dict[int, int]] | None:
    """The pair whose common box saves most coefficients beside the value; one sweep beats two of the same cost."""
    best, chosen = -1, None
    for (i, a), (j, b) in itertools.combinations(enumerate(boxes), 2):
        merged = {axis: max(a.get(axis, 0), b.get(axis, 0)) for axis in sorted({*a, *b})}
        saved = (_volume(a) - 1) + (_volume(b) - 1) - (_volume(merged) - 1)
        if saved > best:
            best, chosen = saved, (i, j, merged)
    return chosen


class Cheapest(AbstractStrategy):
    """Whichever of the strategies pushes the fewest coefficients through the function."""

    strategies: tuple[AbstractStrategy, ...] = (Nesting(), Interpolation())

    def schemes(self, wanted: Sequence[MultiIndex]) -> tuple[AbstractScheme, ...]:
        plans = [strategy.schemes(wanted) for strategy in self.strategies]
        return min(plans, key=lambda schemes: sum(scheme.num_coefficients for scheme in schemes))
