import functools
from collections.abc import Callable

from ..references import RadialTable, solve_radial, tabulate


def profile(square):
    r"""The data $g = 5 / (10 + 2 |x|^2)$ of the multilevel Picard literature, from the square of the radius."""
    return 5 / (10 + 2 * square)


def reference(nonlinearity: Callable, dim: int, final_time: float) -> RadialTable:
    """The solution of a reaction-diffusion equation with these data, solved once for each setting."""
    return tabulate(_solved(nonlinearity, dim, final_time))


@functools.lru_cache(maxsize=32)
def _solved(nonlinearity, dim, final_time):
    return solve_radial(nonlinearity, profile, dim, final_time, scale=5.0)
