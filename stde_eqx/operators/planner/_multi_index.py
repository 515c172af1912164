from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np


#: Which axes are differentiated, each as often as it occurs, in ascending order: (0, 0, 0, 1) is u_xxxy.
MultiIndex: TypeAlias = tuple[int, ...]


def as_multi_index(axes: int | Iterable[int]) -> MultiIndex:
    """A multi-index in ascending order.

    **Raises:** `ValueError` for something else than non-negative integers.
    """
    axes = tuple(axes) if isinstance(axes, Iterable) else (axes,)
    if not all(isinstance(axis, int | np.integer) and axis >= 0 for axis in axes):
        raise ValueError(
            f"A multi-index lists the axes that are differentiated, as in (0, 0, 1) for u_xxy, got {axes!r}: "
            "axes are integers counted from 0."
        )
    return tuple(sorted(int(axis) for axis in axes))


def exponents(multi_index: MultiIndex) -> Mapping[int, int]:
    """How often each axis occurs."""
    return {axis: multi_index.count(axis) for axis in dict.fromkeys(multi_index)}


def name(multi_index: MultiIndex) -> str:
    return "u_" + ",".join(map(str, multi_index)) if multi_index else "u"
