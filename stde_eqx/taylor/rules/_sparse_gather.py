"""Gathering from a sparse operand along one axis: the positions that read an entry, found from the indices."""

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from .._coefficient import Coefficient, Entry
from ._sparse_maps import assemble


# Beyond this many reads of one position, the coefficient is written out along the gathered axes.
_MAX_READS = 16


def gather(eqn, primals, coefficients) -> list[Coefficient] | None:
    """`x[..., indices, ...]`; `None` where several axes are indexed at once."""
    (c,), (_, indices) = coefficients, primals
    numbers, mode = eqn.params["dimension_numbers"], eqn.params["mode"]
    (axis, *others) = numbers.start_index_map or (None,)
    sizes = eqn.params["slice_sizes"]
    whole = all(sizes[i] == length for i, length in enumerate(c.shape) if i != axis)
    if others or numbers.collapsed_slice_dims != (axis,) or numbers.operand_batching_dims or not whole:
        return None
    if axis not in c.axes:
        return None
    shape = eqn.outvars[0].aval.shape
    batch = [i for i in range(len(shape)) if i not in numbers.offset_dims]
    if 0 in shape:
        return None
    kept = [i for i in range(len(c.shape)) if i != axis]
    target = dict(zip(kept, numbers.offset_dims, strict=True))
    length, place = c.shape[axis], c.axes.index(axis)
    # NumPy's functions, where the indices are known: JAX's would be staged.
    known = not isinstance(indices, Tracer)
    xp = np if known else jnp
    indices = xp.asarray(indices)[..., 0]
    if mode == lax.GatherScatterMode.CLIP:
        indices = xp.clip(indices, 0, length - 1)
    table = _readers(np.asarray(indices), length) if known else None
    if table is not None and table.shape[1] * len(c.entries) > _MAX_READS:
        table = None

    entries = []
    for entry in c.entries:
        index = entry.positions[place]
        rest = [target[i] for i in c.rest]
        at = {target[i]: position for i, position in zip(c.axes, entry.indices, strict=True) if i != axis}
        if table is None:
            # Where the indices are not known, every place that might read the entry is looked at.
            hit = jnp.asarray(indices)[None] == index.reshape(-1, *(1,) * len(batch))
            hit = hit.reshape(hit.shape + (1,) * len(rest))
            values = jnp.where(hit, jnp.expand_dims(entry.values, range(1, 1 + len(batch))), 0)
            order = [*batch, *rest]
            values = jnp.transpose(values, (0, *(1 + order.index(i) for i in sorted(order))))
            entries.append(Entry(tuple(at[i] for i in sorted(at)), values))
            continue
        for column in table.T:
            position = jnp.asarray(column)[index]
            unraveled = jnp.unravel_index(jnp.maximum(position, 0), jnp.shape(indices)) if batch else ()
            found = (position >= 0).reshape(-1, *(1,) * len(rest))
            everywhere = at | dict(zip(batch, unraveled, strict=True))
            values = jnp.where(found, entry.values, 0)
            entries.append(Entry(tuple(everywhere[i] for i in sorted(everywhere)), values))
    axes = sorted([target[i] for i in c.axes if i != axis] + ([] if table is None else batch))
    return [assemble(shape, axes, entries, c.summed)]


def _readers(indices: np.ndarray, length: int) -> np.ndarray:
    """For each position the flat places in `indices` that read it: `(length, most reads)`, padded by -1."""
    flat = indices.ravel()
    places = np.flatnonzero((flat >= 0) & (flat < length))
    places = places[np.argsort(flat[places], kind="stable")]
    first, counts = np.unique(flat[places], return_index=True, return_counts=True)[1:]
    table = np.full((length, max(1, counts.max(initial=1))), -1, np.int32)
    rank = np.arange(len(places)) - np.repeat(first, counts)
    table[flat[places], rank] = places
    return table
