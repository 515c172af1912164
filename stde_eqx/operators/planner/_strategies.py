"""How to choose the sweeps for a set of multi-indices."""

import abc
import heapq
import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence

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
        combinations: dict[MultiIndex, _Combination] = {}
        for index in sorted(wanted, key=lambda index: (-len(index), index)):
            found = _combination(index, orders)
            if found is None:
                found = _formula(index)
                orders |= {vector: max(orders.get(vector, 0), len(index)) for vector in found}
            combinations[index] = found
        # Of other directions there may be better combinations, or none where they connect too many axes.
        current = lambda: {index: _combination(index, orders) or combinations[index] for index in wanted}
        combinations = current()
        droppable = sorted(orders, key=lambda vector: (-orders[vector], vector))
        for vector in droppable if len(droppable) <= _MOST_DROPPABLE else ():
            others = {other: order for other, order in orders.items() if other != vector}
            using = [index for index, combination in combinations.items() if vector in combination]
            instead = {index: found for index in using if (found := _combination(index, others)) is not None}
            if len(instead) == len(using):
                orders, combinations = others, combinations | instead
        return tuple(_fans(current(), orders))


#: Where there are more directions than this none is dropped: each takes a search for other combinations.
_MOST_DROPPABLE = 128

_Vector = tuple[tuple[int, float], ...]
_Combination = dict[_Vector, float]


def _formula(index: MultiIndex) -> _Combination:
    """The combination that is known without a search."""
    powers = exponents(index)
    vectors, weights = power_sum(tuple(powers.values()))
    named = [
        tuple((axis, round(float(c), 15)) for axis, c in zip(powers, vector, strict=True) if c) for vector in vectors
    ]
    return {vector: float(weight) for vector, weight in zip(named, weights, strict=True)}


def _combination(index: MultiIndex, orders: dict[_Vector, int]) -> _Combination | None:
    """Weights with which directional derivatives along the vectors sum to a partial derivative, if there are any."""
    order, axes = len(index), frozenset(index)
    spans = {v: frozenset(axis for axis, _ in v) for v, k in orders.items() if k >= order}
    # Vectors of the axes in question alone, then of one plane or space with them in it, then all that are connected.
    spaces = sorted({span for span in spans.values() if axes < span}, key=lambda space: (len(space), *space))
    for within in (axes, *spaces, *_connected(axes, spans.values(), order)):
        vectors = [v for v, span in spans.items() if span <= within]
        if axes <= frozenset().union(*(spans[v] for v in vectors)):
            matrix, column = _power_matrix(vectors, sorted(within), order)
            wanted = np.zeros(len(matrix))
            wanted[column[index]] = 1.0
            weights = np.linalg.lstsq(matrix, wanted, rcond=1e-9)[0]
            exact = np.max(np.abs(matrix @ weights - wanted)) < 1e-9
            if exact and np.sum(np.abs(weights)) < _LARGEST_SUM_OF_WEIGHTS:
                return {v: float(w) for v, w in zip(vectors, weights, strict=True) if abs(w) > 1e-12}
    return None


#: Combinations that cancel more than this are not used: another direction costs less than the digits.
_LARGEST_SUM_OF_WEIGHTS = 30.0

#: Combinations with more equations than this are not looked for.
_MOST_EQUATIONS = 300


def _connected(axes: frozenset[int], spans: Collection[frozenset[int]], order: int) -> Iterable[frozenset[int]]:
    """The axes that chains of vectors connect with the given ones, unless their monomials are too many."""
    reached, before = axes, None
    while reached != before:
        if math.comb(len(reached) + order - 1, order) > _MOST_EQUATIONS:
            return
        before, reached = reached, reached.union(*(span for span in spans if not span.isdisjoint(reached)))
    yield reached


def _power_matrix(vectors: list[_Vector], axes: list[int], order: int) -> tuple[np.ndarray, dict[MultiIndex, int]]:
    """The multinomial coefficient times v^beta, for every multi-index beta (rows) and vector (columns)."""
    indices = list(itertools.combinations_with_replacement(axes, order))
    place = {axis: i for i, axis in enumerate(axes)}
    components = np.zeros((len(axes), len(vectors)))
    for column, vector in enumerate(vectors):
        for axis, component in vector:
            components[place[axis], column] = component
    multinomials = [
        math.factorial(order) / math.prod(map(math.factorial, exponents(index).values())) for index in indices
    ]
    powers = np.prod(components[[[place[axis] for axis in index] for index in indices]], axis=1)
    return np.array(multinomials)[:, None] * powers, {index: row for row, index in enumerate(indices)}


def _fans(combinations: Mapping[MultiIndex, _Combination], orders: dict[_Vector, int]) -> Iterable[Fan]:
    """One sweep an order; what combines directions of several orders is swept at the highest of them."""
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
        boxes = _merged([dict(exponents(index)) for index in wanted])
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


def _merged(boxes: Iterable[dict[int, int]]) -> list[dict[int, int]]:
    """Pairs are merged while their common box saves coefficients beside the value, or none: one sweep beats two.

    The pair that saves most comes first, and of several the first.
    """
    numbers, kept, offers = itertools.count(), {}, []

    def add(box: dict[int, int]) -> None:
        number = next(numbers)
        for other, before in kept.items():
            # Without a common axis the volume is a product, and nothing is saved.
            if not box.keys().isdisjoint(before):
                saved = _volume(before) + _volume(box) - _volume(_common(before, box)) - 1
                if saved >= 0:
                    heapq.heappush(offers, (-saved, other, number))
        kept[number] = box

    for box in boxes:
        add(box)
    while offers:
        _, i, j = heapq.heappop(offers)
        if i in kept and j in kept:
            add(_common(kept.pop(i), kept.pop(j)))
    return list(kept.values())


def _common(a: dict[int, int], b: dict[int, int]) -> dict[int, int]:
    return {axis: max(a.get(axis, 0), b.get(axis, 0)) for axis in sorted({*a, *b})}


class Cheapest(AbstractStrategy):
    """Whichever of the strategies pushes the fewest coefficients through the function."""

    strategies: tuple[AbstractStrategy, ...] = (Nesting(), Interpolation())

    def schemes(self, wanted: Sequence[MultiIndex]) -> tuple[AbstractScheme, ...]:
        plans = [strategy.schemes(wanted) for strategy in self.strategies]
        return min(plans, key=lambda schemes: sum(scheme.num_coefficients for scheme in schemes))
