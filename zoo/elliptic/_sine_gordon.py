import jax.numpy as jnp

from ..solutions import AbstractSolution
from ._base import AbstractElliptic


class SineGordon(AbstractElliptic):
    r"""The stationary Sine-Gordon equation on a ball: $g(u) = \sin u$ in the semilinear elliptic problem.

    $$\Delta u + \sin u = f$$

    **Arguments:**

    - `solution`: the exact solution, a [`zoo.TwoBody`][], [`zoo.ThreeBody`][] or [`zoo.CustomSolution`][].

    **Raises:**

    `ValueError` if `solution` is something else.
    """

    solution: AbstractSolution

    def nonlinearity(self, value):
        return jnp.sin(value)
