"""Operators made from operators: sums, multiples, products."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Inexact, PRNGKeyArray

from .._custom_types import Field
from ..taylor import traced
from ._base import AbstractOperator, AbstractSampler
from ._coefficients import as_coefficient, describe_coefficient, factor_at
from ._design import AbstractDesign
from ._directions import AbstractDirections, AbstractTerms, Directions, moments_of_terms
from ._selection import Axes
from ._tangents import concatenate


def added(first: AbstractOperator, second: Any) -> AbstractOperator:
    _check_operand(first, second)
    parts = lambda operator: operator.operators if isinstance(operator, Sum) else (operator,)
    return Sum((*parts(first), *parts(second)))


def subtracted(first: AbstractOperator, second: Any) -> AbstractOperator:
    _check_operand(first, second)
    return added(first, scaled(-1.0, second))


def _check_operand(first: AbstractOperator, second: Any) -> None:
    if not isinstance(second, AbstractOperator):
        raise ValueError(
            f"Only an operator can be added to {first} or subtracted, got {second!r}; c u is `c * stde.Identity()`."
        )


def scaled(factor: Any, operator: AbstractOperator) -> AbstractOperator:
    if isinstance(factor, AbstractOperator):
        raise ValueError("The product of two operators, one applied after the other, is written `first @ second`.")
    if callable(factor):
        return Scaled(as_coefficient(factor), operator)
    # Whole numbers would overflow when they are multiplied.
    factor = jnp.asarray(1.0 * factor)
    if isinstance(operator, Scaled) and not callable(operator.factor):
        return Scaled(factor * operator.factor, operator.operator)
    return Scaled(factor, operator)


def composed(outer: AbstractOperator, inner: Any) -> AbstractOperator:
    if not isinstance(inner, AbstractOperator):
        raise ValueError(f"{outer} composes with operators, got {inner!r}; to apply it to a function, call it.")
    return Composition(outer, inner)


class Sum(AbstractOperator):
    """A sum of operators, each of which is sampled on its own."""

    operators: tuple[AbstractOperator, ...]

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.operators))

    def draw(
        self, sampler: AbstractSampler, x: Float[Array, " dim"], *, key: PRNGKeyArray | None
    ) -> AbstractDirections:
        keys = _split(key, len(self.operators))
        return SumDirections(tuple(each.draw(sampler, x, key=k) for each, k in zip(self.operators, keys, strict=True)))

    def most_terms(self, x: Float[Array, " dim"]) -> int:
        return max(each.most_terms(x) for each in self.operators)

    def on(self, selection: Axes) -> AbstractOperator:
        return Sum(tuple(each.on(selection) for each in self.operators))


class Scaled(AbstractOperator):
    """An operator multiplied by a number or by a function of the point."""

    factor: Array | Callable[..., Any]
    operator: AbstractOperator

    def __repr__(self) -> str:
        inner = f"({self.operator!r})" if isinstance(self.operator, Sum) else repr(self.operator)
        return f"{describe_coefficient(self.factor)} * {inner}"

    def draw(
        self, sampler: AbstractSampler, x: Float[Array, " dim"], *, key: PRNGKeyArray | None
    ) -> AbstractDirections:
        return ScaledDirections(self.at(x), self.operator.draw(sampler, x, key=key))

    def at(self, x: Float[Array, " dim"]) -> Inexact[Array, ""]:
        """The factor at a point; a complex one makes the result complex."""
        factor = factor_at(self.factor, x)
        if factor.shape != ():
            raise ValueError(f"The factor of {self.operator} must be a scalar, got shape {factor.shape}.")
        return factor

    def most_terms(self, x: Float[Array, " dim"]) -> int:
        return self.operator.most_terms(x)

    def on(self, selection: Axes) -> AbstractOperator:
        return Scaled(self.factor, self.operator.on(selection))


class Composition(AbstractOperator):
    """One operator applied to what another one makes of a function.

    Its estimate takes independent draws of the two, whose product has the product as its expectation: of V and V
    directions it uses all V^2 pairs, at the cost of (V + 2)^2 evaluations.
    """

    outer: AbstractOperator
    inner: AbstractOperator

    def __repr__(self) -> str:
        parts = (repr(o) if not isinstance(o, Sum | Scaled) else f"({o!r})" for o in (self.outer, self.inner))
        return " @ ".join(parts)

    def draw(
        self, sampler: AbstractSampler, x: Float[Array, " dim"], *, key: PRNGKeyArray | None
    ) -> AbstractDirections:
        outer_key, inner_key = _split(key, 2)
        here = self.inner.draw(sampler, x, key=inner_key)
        return ComposedDirections(self.outer.draw(sampler, x, key=outer_key), here, self.inner, sampler, inner_key)

    def most_terms(self, x: Float[Array, " dim"]) -> int:
        return max(self.outer.most_terms(x), self.inner.most_terms(x))

    def on(self, selection: Axes) -> AbstractOperator:
        return Composition(self.outer.on(selection), self.inner.on(selection))


def _split(key: PRNGKeyArray | None, num: int) -> Sequence[PRNGKeyArray | None]:
    return [None] * num if key is None else list(jr.split(key, num))


class SumDirections(AbstractDirections):
    """A draw of a sum: the parts that share an order and a kind are one sweep."""

    parts: tuple[AbstractDirections, ...]

    def value_and_apply(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        u = traced(u, x)
        results = [part.value_and_apply(u, x) for part in _merged(self.parts)]
        return results[0][0], added_up([result for _, result in results])

    def value_and_moments(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any, Any]:
        u = traced(u, x)
        results = [part.value_and_moments(u, x) for part in self.parts]
        _, applied, variances = zip(*results, strict=True)
        return results[0][0], added_up(applied), added_up(variances)


def added_up(results: Sequence[Any]) -> Any:
    """The sum of what the parts of a sum make of one function."""

    def total(*leaves: Array) -> Array:
        if len(shapes := {jnp.shape(leaf) for leaf in leaves}) > 1:
            raise ValueError(
                f"The parts of a sum of operators return values of different shapes, {sorted(shapes)}: the divergence "
                "of a vector, for one, is a scalar, and its Laplacian a vector."
            )
        return functools.reduce(jnp.add, leaves)

    return jax.tree.map(total, *results)


def _merged(parts: Sequence[AbstractDirections]) -> list[AbstractDirections]:
    """The parts that share an order and a kind of tangents as one set of directions.

    A single direction of the order below joins them: the sweep passes through that order anyway, and a derivative in
    time beside a Laplacian in space costs one direction more instead of a sweep of its own.
    """
    others: list[AbstractDirections] = []
    groups: dict[tuple[type, int], list[Directions]] = {}
    for part in _flattened(parts):
        if isinstance(part, Directions):
            groups.setdefault((type(part.tangents), part.order), []).append(part)
        else:
            others.append(part)
    for (kind, order), group in list(groups.items()):
        above = groups.get((kind, order + 1))
        if above is not None and sum(part.tangents.size for part in group) == 1:
            above.extend(map(_raised, groups.pop((kind, order))))
    return others + [_concatenated(group) if len(group) > 1 else group[0] for group in groups.values()]


def _flattened(parts: Sequence[AbstractDirections]) -> list[AbstractDirections]:
    """Sums of sums and multiples written out, as far as they are sets of directions."""
    found: list[AbstractDirections] = []
    for part in parts:
        if isinstance(part, SumDirections):
            found += _flattened(part.parts)
        elif isinstance(part, ScaledDirections) and isinstance(part.directions, SumDirections):
            found += _flattened([ScaledDirections(part.factor, each) for each in part.directions.parts])
        elif isinstance(part, ScaledDirections) and isinstance(part.directions, ScaledDirections):
            inner = part.directions
            found += _flattened([ScaledDirections(part.factor * inner.factor, inner.directions)])
        elif isinstance(part, ScaledDirections) and isinstance(part.directions, Directions) and part.is_real:
            inner = part.directions
            found.append(inner.drawn(part.factor.astype(inner.weights.dtype), inner.designs[0]))
        else:
            found.append(part)
    return found


def _raised(part: Directions) -> Directions:
    """The same operator as a set of directions of one order more, to which that order contributes nothing."""
    lower = part.lower | {part.order: part.every_weight()}
    return Directions(part.tangents, jnp.zeros_like(part.every_weight()), part.order + 1, lower)


def _concatenated(parts: Sequence[Directions]) -> Directions:
    zeros = lambda part: jnp.zeros(part.tangents.size, part.weights.dtype)
    orders = sorted({k for part in parts for k in part.lower})
    return Directions(
        concatenate([part.tangents for part in parts]),
        jnp.concatenate([part.every_weight() for part in parts]),
        parts[0].order,
        {k: jnp.concatenate([part.lower.get(k, zeros(part)) for part in parts]) for k in orders},
    )


class ScaledDirections(AbstractTerms):
    """A draw of a multiple."""

    factor: Inexact[Array, ""]
    directions: AbstractDirections

    @property
    def is_real(self) -> bool:
        """Whether the factor can go into the weights of directions, which are real."""
        return not jnp.iscomplexobj(self.factor)

    @property
    def designs(self) -> tuple[AbstractDesign, ...]:
        return as_terms(self.directions).designs

    def value_and_apply(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        value, result = self.directions.value_and_apply(u, x)
        return value, multiplied(self.factor, result)

    def value_and_terms(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        value, terms = as_terms(self.directions).value_and_terms(u, x)
        return value, multiplied(self.factor, terms)

    def value_and_moments(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any, Any]:
        value, result, variance = self.directions.value_and_moments(u, x)
        return value, multiplied(self.factor, result), multiplied(jnp.abs(self.factor) ** 2, variance)


def multiplied(factor: Array, tree: Any) -> Any:
    """What an operator makes of a function, times a factor; a real one in the dtype of what it multiplies."""
    return jax.tree.map(lambda y: (factor if jnp.iscomplexobj(factor) else factor.astype(y.dtype)) * y, tree)


def as_terms(directions: AbstractDirections) -> AbstractTerms:
    if not isinstance(directions, AbstractTerms):
        raise ValueError(
            "No standard error is known for a product of operators of which one is a sum: expand the product, "
            "as in `a @ b + a @ c` for `a @ (b + c)`."
        )
    return directions


class ComposedDirections(AbstractTerms):
    """A draw of a product: the inner operator is drawn, always alike, wherever the outer one looks.

    Not once, since its coefficients may be functions that the outer one differentiates.
    """

    outer: AbstractDirections
    inner_here: AbstractDirections
    inner: AbstractOperator
    sampler: AbstractSampler
    key: PRNGKeyArray | None

    def _inner(self, x: Float[Array, " dim"]) -> AbstractDirections:
        return self.inner.draw(self.sampler, x, key=self.key)

    @property
    def designs(self) -> tuple[AbstractDesign, ...]:
        return as_terms(self.outer).designs + as_terms(self.inner_here).designs

    def value_and_apply(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        (value, _), (_, result) = self.outer.value_and_apply(lambda z: self._inner(z).value_and_apply(u, z), x)
        return value, result

    def value_and_terms(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any]:
        inner = lambda z: as_terms(self._inner(z)).value_and_terms(u, z)
        (value, _), (_, terms) = as_terms(self.outer).value_and_terms(inner, x)
        return value, terms

    def value_and_moments(self, u: Field, x: Float[Array, " dim"]) -> tuple[Any, Any, Any]:
        return moments_of_terms(self, u, x)
