"""Sums and products of coefficients, whichever way they are stored."""

import operator
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from ._coefficient import Coefficient, Dense, Entry, gather, gather_per_direction, Sparse
from ._sweep import Sweep


# Beyond this many entries a sum of sparse coefficients is written out: products compare every pair of them.
_MAX_ENTRIES = 16


def add(a: Coefficient, b: Coefficient) -> Coefficient:
    """Sum of two coefficients of the same shape and kind."""
    if a is None:
        return b
    if b is None:
        return a
    if isinstance(a, Sparse) and isinstance(b, Sparse):
        axes = tuple(axis for axis in a.axes if axis in b.axes)
        a, b = a.restrict(axes), b.restrict(axes)
        if isinstance(a, Sparse) and isinstance(b, Sparse):
            merged = _merge(a, b)
            if len(merged.entries) <= _MAX_ENTRIES:
                return merged
    assert a is not None and b is not None
    return Dense(a.dense().array + b.dense().array, a.summed)


def _merge(a: Sparse, b: Sparse) -> Sparse:
    entries = list(a.entries)
    for new in b.entries:
        for position, old in enumerate(entries):
            if old.at_same_position(new):
                entries[position] = old.replace(old.values + new.values)
                break
        else:
            entries.append(new)
    return a.with_entries(entries)


def negate(a: Coefficient) -> Coefficient:
    match a:
        case Dense():
            return Dense(-a.array, a.summed)
        case Sparse():
            return a.map_values(jnp.negative)
    return None


def subtract(a: Coefficient, b: Coefficient) -> Coefficient:
    return add(a, negate(b))


def scale(a: Coefficient, factor, op: Callable[..., Any] = operator.mul) -> Coefficient:
    """Multiply (or divide: `op=operator.truediv`) by an array that does not depend on the direction.

    `factor` is a Python scalar, has rank zero, or has the coefficient's own shape.
    """
    match a:
        case Dense():
            if not a.summed and jnp.ndim(factor) > 0:
                factor = factor[None]
            return Dense(op(a.array, factor), a.summed)
        case Sparse():
            if jnp.ndim(factor) == 0:
                return a.map_values(lambda values: op(values, factor))
            return a.with_entries(
                entry.replace(op(entry.values, gather(factor, a.axes, entry.indices))) for entry in a.entries
            )
    return None


def multiply(a: Coefficient, b: Coefficient) -> Coefficient:
    """Product, direction by direction, of two coefficients of the same shape."""
    if a is None or b is None:
        return None
    assert not a.summed and not b.summed, "the sum over directions of a product is not the product of the sums"
    if isinstance(a, Dense) and isinstance(b, Dense):
        return Dense(a.array * b.array, False)
    if isinstance(a, Sparse) and isinstance(b, Dense):
        return a.with_entries(
            entry.replace(entry.values * gather_per_direction(b.array, a.axes, entry.indices)) for entry in a.entries
        )
    if isinstance(a, Dense):
        return multiply(b, a)
    assert isinstance(b, Sparse)
    axes = tuple(axis for axis in a.axes if axis in b.axes)
    a, b = a.restrict(axes), b.restrict(axes)
    if not (isinstance(a, Sparse) and isinstance(b, Sparse)):
        return multiply(a, b)
    # (sum_p a_p e_{i_p}) (sum_q b_q e_{j_q}) = sum_p a_p (sum_q [i_p = j_q] b_q) e_{i_p}, repeated positions included.
    return a.with_entries(entry.replace(entry.values * _read(b, entry)) for entry in a.entries)


def _read(b: Sparse, at: Entry) -> Array:
    """The value of `b` at the position of an entry."""
    total = jnp.zeros((), b.dtype)
    for entry in b.entries:
        if entry.at_same_position(at):
            total = total + entry.values
            continue
        same = jnp.array(True)
        for i, j in zip(entry.positions, at.positions, strict=True):
            same = same & (i == j)
        same = same.reshape(same.shape + (1,) * (entry.values.ndim - 1))
        total = total + jnp.where(same, entry.values, 0)
    return total


def collapse(a: Coefficient, sweep: Sweep) -> Coefficient:
    """The weighted sum over directions of a per-direction coefficient, where the sweep wants only that."""
    if a is None or not sweep.collapsed:
        return a
    assert not a.summed
    weights = sweep.weights
    if isinstance(a, Sparse):
        summed = Sparse(a.shape, a.axes, a.entries, True)
        if weights is not None:
            summed = summed.map_values(
                lambda values: values * weights.astype(values.dtype).reshape(-1, *(1,) * (values.ndim - 1))
            )
        return summed.dense() if summed.is_full else summed
    if weights is None:
        return Dense(jnp.sum(a.array, 0), True)
    return Dense(jnp.tensordot(weights.astype(a.dtype), a.array, 1), True)
