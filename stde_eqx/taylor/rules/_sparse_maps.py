"""Linear maps that keep sparse coefficients sparse: what each does to the positions, and to the values there."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from ..._jaxprs import bind
from .._algebra import add
from .._coefficient import Coefficient, Dense, Entry, gather, Sparse
from .._positions import as_array, Run


def _each(fn: Callable[[Any, Any, Sparse], Coefficient]) -> Callable[..., Any]:
    """A map of one operand, from a function of (equation, primals, coefficient); `None`: it can't be kept sparse."""

    def sparse_map(eqn, primals, coefficients):
        out = fn(eqn, primals, coefficients[0])
        return None if out is None else [out]

    return sparse_map


def assemble(shape, axes, entries, summed) -> Coefficient:
    """A coefficient from its entries: dense where no sparse axis is left."""
    if axes:
        return Sparse(tuple(map(int, shape)), tuple(map(int, axes)), tuple(entries), summed)
    total = sum(entry.values for entry in entries)
    return Dense(jnp.sum(total, 0) if summed else total, summed)


def move(entry: Entry, moved: dict, sizes: dict) -> Entry:
    """Replace the index at each given place; one that has left [0, size) makes the entry vanish."""
    indices, inside = list(entry.indices), None
    for place, index in moved.items():
        if isinstance(index, Run):
            indices[place] = index
            if not index.inside.all():
                inside = jnp.asarray(index.inside) if inside is None else inside & index.inside
            continue
        ok = (index >= 0) & (index < sizes[place])
        inside = ok if inside is None else inside & ok
        indices[place] = jnp.clip(index, 0, sizes[place] - 1)
    values = entry.values
    if inside is not None:
        values = jnp.where(inside.reshape(inside.shape + (1,) * (values.ndim - 1)), values, 0)
    return Entry(tuple(indices), values)


@_each
def entrywise(eqn, primals, c: Sparse):
    return c.map_values(lambda values: bind(eqn, [values])[0])


@_each
def reduce_sum(eqn, primals, c: Sparse):
    summed_out = eqn.params["axes"]
    left = [axis for axis in range(len(c.shape)) if axis not in summed_out]
    over = tuple(1 + i for i, axis in enumerate(c.rest) if axis in summed_out)
    kept = [i for i, axis in enumerate(c.axes) if axis not in summed_out]
    entries = [
        Entry(tuple(entry.indices[i] for i in kept), jnp.sum(entry.values, over) if over else entry.values)
        for entry in c.entries
    ]
    axes = [left.index(c.axes[i]) for i in kept]
    return assemble([c.shape[axis] for axis in left], axes, entries, c.summed)


@_each
def transpose(eqn, primals, c: Sparse):
    permutation = eqn.params["permutation"]
    new_axes = sorted((permutation.index(axis), i) for i, axis in enumerate(c.axes))
    rest_order = [c.rest.index(axis) for axis in permutation if axis in c.rest]
    entries = [
        Entry(
            tuple(entry.indices[i] for _, i in new_axes),
            jnp.transpose(entry.values, (0, *(1 + i for i in rest_order))),
        )
        for entry in c.entries
    ]
    return assemble([c.shape[axis] for axis in permutation], [axis for axis, _ in new_axes], entries, c.summed)


@_each
def broadcast_in_dim(eqn, primals, c: Sparse):
    return broadcast(c, eqn.params["shape"], eqn.params["broadcast_dimensions"])


def broadcast(c: Sparse, shape, dimensions) -> Coefficient:
    """`lax.broadcast_in_dim`: an axis of size one that is stretched is not sparse any more."""
    kept = [i for i, axis in enumerate(c.axes) if c.shape[axis] == shape[dimensions[axis]]]
    axes = [dimensions[c.axes[i]] for i in kept]
    rest = [axis for axis in range(len(shape)) if axis not in axes]
    target = [1 + rest.index(dimensions[axis]) for axis in c.rest]
    entries = []
    for entry in c.entries:
        values_shape = (entry.values.shape[0], *(shape[axis] for axis in rest))
        values = lax.broadcast_in_dim(entry.values, values_shape, (0, *target))
        entries.append(Entry(tuple(entry.indices[i] for i in kept), values))
    return assemble(shape, axes, entries, c.summed)


def _reshape_groups(old, new):
    """Split a reshape into the smallest groups of neighbouring axes whose sizes have equal products."""
    groups, i, j = [], 0, 0
    while i < len(old) or j < len(new):
        first_i, first_j = i, j
        i, j = min(i + 1, len(old)), min(j + 1, len(new))
        while np.prod(old[first_i:i], dtype=int) != np.prod(new[first_j:j], dtype=int):
            if np.prod(old[first_i:i], dtype=int) < np.prod(new[first_j:j], dtype=int):
                i += 1
            else:
                j += 1
        groups.append((range(first_i, i), range(first_j, j)))
    return groups


@_each
def reshape(eqn, primals, c: Sparse):
    if eqn.params.get("sharding") is not None:
        return None
    old, new = c.shape, eqn.outvars[0].aval.shape
    if 0 in old:
        return c.dense().map(lambda array: jnp.reshape(array, new))
    groups = _reshape_groups(old, new)
    # A group that mixes sparse axes with others of size above one has no position of its own: write its axes out.
    split = [
        axis
        for old_axes, _ in groups
        if any(axis in c.axes for axis in old_axes) and any(axis in c.rest and old[axis] > 1 for axis in old_axes)
        for axis in old_axes
    ]
    restricted = c.restrict(tuple(axis for axis in c.axes if axis not in split))
    if not isinstance(restricted, Sparse):
        return restricted and restricted.map(lambda array: jnp.reshape(array, new))
    c = restricted
    places = {axis: i for i, axis in enumerate(c.axes)}
    axes = [b for a, b_axes in groups if any(axis in places for axis in a) for b in b_axes if new[b] > 1]
    rest = tuple(new[axis] for axis in range(len(new)) if axis not in axes)
    entries = []
    for entry in c.entries:
        indices = []
        for old_axes, new_axes in groups:
            if not any(axis in places for axis in old_axes):
                continue
            longer = [axis for axis in old_axes if old[axis] > 1]
            if len(longer) == 1 and sum(new[axis] > 1 for axis in new_axes) == 1:
                indices.append(entry.indices[places[longer[0]]])
                continue
            flat = jnp.zeros((), jnp.int32)
            for axis in old_axes:
                flat = flat * old[axis] + (as_array(entry.indices[places[axis]]) if axis in places else 0)
            unraveled = []
            for axis in reversed(new_axes):
                if new[axis] > 1:
                    unraveled.append(flat % new[axis])
                flat = flat // new[axis]
            indices += reversed(unraveled)
        entries.append(Entry(tuple(indices), jnp.reshape(entry.values, (entry.values.shape[0], *rest))))
    return assemble(new, axes, entries, c.summed)


@_each
def slice_(eqn, primals, c: Sparse):
    strides = eqn.params["strides"] or (1,) * len(c.shape)
    return _slice(c, eqn.params["start_indices"], eqn.params["limit_indices"], strides)


def split(eqn, primals, coefficients):
    (c,), axis = coefficients, eqn.params["axis"]
    pieces, begin = [], 0
    for length in eqn.params["sizes"]:
        start, limit = [0] * len(c.shape), list(c.shape)
        start[axis], limit[axis] = begin, begin + length
        pieces.append(_slice(c, start, limit, [1] * len(c.shape)))
        begin += length
    return pieces


def _slice(c: Sparse, start, limit, strides) -> Coefficient:
    shape = tuple(-(-(stop - begin) // by) for begin, stop, by in zip(start, limit, strides, strict=True))
    if 0 in shape:
        return c.dense().map(lambda array: lax.slice(array, start, limit, strides))
    entries = []
    for entry in c.entries:
        moved, sizes = {}, {}
        for place, axis in enumerate(c.axes):
            if shape[axis] == c.shape[axis]:
                continue
            index = entry.indices[place]
            if isinstance(index, Run) and strides[axis] == 1:
                moved[place], sizes[place] = index.moved(-start[axis], shape[axis]), shape[axis]
                continue
            offset = as_array(index) - start[axis]
            # Positions between two strides are dropped: send them out of bounds.
            index = jnp.where(offset % strides[axis] == 0, offset // strides[axis], -1) if strides[axis] > 1 else offset
            moved[place], sizes[place] = index, shape[axis]
        entry = move(entry, moved, sizes)
        kept = c.rest
        values = lax.slice(
            entry.values,
            (0, *(start[axis] for axis in kept)),
            (entry.values.shape[0], *(limit[axis] for axis in kept)),
            (1, *(strides[axis] for axis in kept)),
        )
        entries.append(entry.replace(values))
    return assemble(shape, c.axes, entries, c.summed)


@_each
def dynamic_slice(eqn, primals, c: Sparse):
    sizes = eqn.params["slice_sizes"]
    if 0 in sizes:
        return None
    # As lax.dynamic_slice does, clamp the start so that the slice stays inside.
    start = [jnp.clip(s, 0, c.shape[axis] - sizes[axis]) for axis, s in enumerate(primals[1:])]
    entries = []
    for entry in c.entries:
        moved = {place: entry.positions[place] - start[axis] for place, axis in enumerate(c.axes)}
        entry = move(entry, moved, {place: sizes[axis] for place, axis in enumerate(c.axes)})
        values = lax.dynamic_slice(
            entry.values,
            (0, *(start[axis] for axis in c.rest)),
            (entry.values.shape[0], *(sizes[axis] for axis in c.rest)),
        )
        entries.append(entry.replace(values))
    return assemble(sizes, c.axes, entries, c.summed)


@_each
def rev(eqn, primals, c: Sparse):
    dimensions = eqn.params["dimensions"]
    entries = [
        Entry(
            tuple(
                c.shape[axis] - 1 - as_array(index) if axis in dimensions else index
                for axis, index in zip(c.axes, entry.indices, strict=True)
            ),
            lax.rev(entry.values, tuple(1 + i for i, axis in enumerate(c.rest) if axis in dimensions)),
        )
        for entry in c.entries
    ]
    return assemble(c.shape, c.axes, entries, c.summed)


def pad(eqn, primals, coefficients):
    c, padding = coefficients
    if c is None or padding is not None:
        return None
    config = eqn.params["padding_config"]
    shape = eqn.outvars[0].aval.shape
    if 0 in shape:
        return None
    zero = jnp.zeros((), c.dtype)
    entries = []
    for entry in c.entries:
        moved = {}
        for place, axis in enumerate(c.axes):
            index, (low, _, between) = entry.indices[place], config[axis]
            known = isinstance(index, Run) and not between
            moved[place] = index.moved(int(low), shape[axis]) if known else as_array(index) * (between + 1) + low
        entry = move(entry, moved, {place: shape[axis] for place, axis in enumerate(c.axes)})
        entries.append(entry.replace(lax.pad(entry.values, zero, ((0, 0, 0), *(config[axis] for axis in c.rest)))))
    return [assemble(shape, c.axes, entries, c.summed)]


def concatenate(eqn, primals, coefficients):
    dimension, shape = eqn.params["dimension"], eqn.outvars[0].aval.shape
    total, offset = None, 0
    for primal, c in zip(primals, coefficients, strict=True):
        length = primal.shape[dimension]
        if c is not None:
            place = c.axes.index(dimension) if dimension in c.axes else None
            entries = []
            for entry in c.entries:
                if place is not None:
                    indices, index = list(entry.indices), entry.indices[place]
                    known = isinstance(index, Run) and index.inside.all()
                    indices[place] = index.moved(offset, shape[dimension]) if known else as_array(index) + offset
                    entries.append(Entry(tuple(indices), entry.values))
                else:
                    config = [(0, 0, 0)] * entry.values.ndim
                    config[1 + c.rest.index(dimension)] = (offset, shape[dimension] - offset - length, 0)
                    entries.append(entry.replace(lax.pad(entry.values, jnp.zeros((), c.dtype), config)))
            total = add(total, Sparse(shape, c.axes, tuple(entries), c.summed))
        offset += length
    return [total]


def stack(eqn, primals, coefficients):
    axis, shape = eqn.params["axis"], eqn.outvars[0].aval.shape
    after = lambda old: old + (old >= axis)
    total = None
    for position, c in enumerate(coefficients):
        if c is None:
            continue
        axes = sorted([axis, *map(after, c.axes)])
        place = axes.index(axis)
        entries = []
        for entry in c.entries:
            here = Run(position, 0, entry.values.shape[0], shape[axis])
            entries.append(Entry((*entry.indices[:place], here, *entry.indices[place:]), entry.values))
        total = add(total, assemble(shape, axes, entries, c.summed))
    return [total]


def unstack(eqn, primals, coefficients):
    (c,), axis = coefficients, eqn.params["axis"]
    shape = [size for i, size in enumerate(c.shape) if i != axis]
    axes = [old - (old > axis) for old in c.axes if old != axis]
    pieces = []
    for position in range(c.shape[axis]):
        entries = []
        for entry in c.entries:
            if axis in c.axes:
                place = c.axes.index(axis)
                index = entry.indices[place]
                index = index.moved(-position, 1) if isinstance(index, Run) else index - position
                entry = move(entry, {place: index}, {place: 1})
                entries.append(Entry((*entry.indices[:place], *entry.indices[place + 1 :]), entry.values))
            else:
                entries.append(entry.replace(jnp.take(entry.values, position, 1 + c.rest.index(axis))))
        pieces.append(assemble(shape, axes, entries, c.summed))
    return pieces


def select_n(eqn, primals, coefficients):
    which, total = primals[0], None
    for case, c in enumerate(coefficients):
        if c is None:
            continue
        entries = []
        for entry in c.entries:
            chosen = which if jnp.ndim(which) == 0 else gather(which, c.axes, entry.indices)
            mask = (chosen == bool(case)) if chosen.dtype == bool else (chosen == case)
            entries.append(entry.replace(jnp.where(mask, entry.values, 0)))
        total = add(total, c.with_entries(entries))
    return [total]
