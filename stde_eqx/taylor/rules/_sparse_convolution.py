"""Convolution and pooling of a sparse operand: one position reaches the few windows that cover it, and no other."""

import dataclasses
import functools
import itertools
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, ArrayLike

from .._coefficient import Coefficient, Entry, gather, Sparse
from ._sparse_maps import assemble


# Beyond this many windows over a position, the coefficient is written out.
_MAX_WINDOWS = 16


@dataclasses.dataclass(frozen=True)
class _Windows:
    """The windows along one axis."""

    size: int
    stride: int
    dilation: int
    base_dilation: int
    padding: int
    number: int

    @property
    def most(self) -> int:
        """How many windows cover one position at most."""
        return -(-((self.size - 1) * self.dilation + 1) // self.stride)

    def over(self, position: Array, offset: int) -> tuple[Array, Array, Array]:
        """A window that may cover a position, the tap that it has there, and whether it does.

        Window o has the position at tap t where o * stride + t * dilation = position * base_dilation + padding.
        """
        reach = position * self.base_dilation + self.padding
        window = reach // self.stride - offset
        tap, between = jnp.divmod(reach - window * self.stride, self.dilation)
        inside = (between == 0) & (tap < self.size) & (window >= 0) & (window < self.number)
        return jnp.clip(window, 0, self.number - 1), jnp.clip(tap, 0, self.size - 1), inside


def _covering(windows: Sequence[_Windows], entries: Sequence[Entry]):
    """Every entry with every choice of windows over it: (windows, taps, the entry's values where covered)."""
    for entry, offsets in itertools.product(entries, itertools.product(*(range(one.most) for one in windows))):
        found = [one.over(i, offset) for one, i, offset in zip(windows, entry.positions, offsets, strict=True)]
        inside = functools.reduce(jnp.logical_and, [covered for _, _, covered in found])
        inside = inside.reshape(inside.shape + (1,) * (entry.values.ndim - 1))
        yield [window for window, _, _ in found], [tap for _, tap, _ in found], jnp.where(inside, entry.values, 0)


def _too_many(windows: Sequence[_Windows], entries: Sequence[Entry]) -> bool:
    return math.prod(one.most for one in windows) * len(entries) > _MAX_WINDOWS


def sum_windows(eqn, primals, coefficients) -> list[Coefficient] | None:
    """`lax.reduce_window_sum`."""
    (c,), params, shape = coefficients, eqn.params, eqn.outvars[0].aval.shape
    names = ("window_dimensions", "window_strides", "padding", "base_dilation", "window_dilation")
    size, stride, padding, base, dilation = (params[name] for name in names)
    if 0 in shape:
        return None
    windows = [
        _Windows(size[axis], stride[axis], dilation[axis], base[axis], padding[axis][0], shape[axis]) for axis in c.axes
    ]
    if _too_many(windows, c.entries):
        return None
    rest = {name: tuple(params[name][axis] for axis in c.rest) for name in names}

    def local(values):
        return eqn.primitive.bind(values, **rest) if c.rest else values

    entries = [Entry(tuple(window), jax.vmap(local)(values)) for window, _, values in _covering(windows, c.entries)]
    return [assemble(shape, c.axes, entries, c.summed)]


def convolve(eqn, c: Sparse, kernel: ArrayLike) -> Coefficient:
    """The convolution, or `None` where sparsity can't be kept."""
    params = eqn.params
    lhs, rhs, out = params["dimension_numbers"]
    places = {axis: place for place, axis in enumerate(lhs[2:])}
    restricted = c.restrict(tuple(axis for axis in c.axes if axis in places))
    if not isinstance(restricted, Sparse):
        return None
    c = restricted
    spatial = [places[axis] for axis in c.axes]
    shape = eqn.outvars[0].aval.shape
    windows = [
        _Windows(
            jnp.shape(kernel)[rhs[2 + i]],
            params["window_strides"][i],
            params["rhs_dilation"][i],
            params["lhs_dilation"][i],
            params["padding"][i][0],
            shape[out[2 + i]],
        )
        for i in spatial
    ]
    if 0 in shape or _too_many(windows, c.entries):
        return None

    # Along the sparse axes the operand and the kernel have one entry each: no stride, padding or dilation is left.
    only = lambda values, default: [default if i in spatial else value for i, value in enumerate(values)]
    one = {
        **{name: only(params[name], 1) for name in ("window_strides", "lhs_dilation", "rhs_dilation")},
        "padding": only(params["padding"], (0, 0)),
        **{name: params[name] for name in ("dimension_numbers", "feature_group_count", "batch_group_count")},
        **{name: params[name] for name in ("precision", "preferred_element_type")},
    }
    taps_axes = sorted((rhs[2 + i], place) for place, i in enumerate(spatial))
    out_axes = sorted((out[2 + i], place) for place, i in enumerate(spatial))

    def local(values, taps):
        values = jnp.expand_dims(values, c.axes)
        taps = jnp.expand_dims(taps, tuple(axis for axis, _ in taps_axes))
        return jnp.squeeze(lax.conv_general_dilated(values, taps, **one), tuple(axis for axis, _ in out_axes))

    entries = []
    for window, taps, values in _covering(windows, c.entries):
        read = gather(kernel, tuple(axis for axis, _ in taps_axes), tuple(taps[place] for _, place in taps_axes))
        entries.append(Entry(tuple(window[place] for _, place in out_axes), jax.vmap(local)(values, read)))
    return assemble(shape, [axis for axis, _ in out_axes], entries, c.summed)
