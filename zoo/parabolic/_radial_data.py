import functools
from collections.abc import Callable
from typing import Any

from ..references import RadialTable, solve_radial, tabulate


def profile(square):
    r"""The data $g = 5 / (10 + 2 |x|^2)$ of the multilevel Picard literature, from the square of the radius."""
    return 5 / (10 + 2 * square)


def smoothed(time, square, dim: int):
    r"""What the heat equation $v_t = \Delta v$ makes of the data, to $O(1/d)$: their profile at $|x|^2 + 2 d t$.

    That is the mean of $|x + \sqrt{2 t} Z|^2$, from which it hardly departs in high dimension. Without the smoothing,
    the data would stay a peak at the origin as narrow as in one dimension, while the solution is flat there.
    """
    return profile(square + 2 * dim * time)


def reference(nonlinearity: Callable[..., Any], dim: int, final_time: float) -> RadialTable:
    """The solution of a reaction-diffusion equation with these data, solved once for each setting."""
    return tabulate(_solved(nonlinearity, dim, final_time))


@functools.lru_cache(maxsize=32)
def _solved(nonlinearity, dim, final_time):
    return solve_radial(nonlinearity, profile, dim, final_time, scale=5.0)
