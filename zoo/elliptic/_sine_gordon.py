import jax.numpy as jnp
from jaxtyping import Array, Float

from ..solutions import AbstractSolution
from ._base import AbstractElliptic, as_solution


class SineGordon(AbstractElliptic):
    r"""The stationary Sine-Gordon equation: $g(u) = \sin u$ in the semilinear elliptic problem.

    $$\Delta u + \sin u = f$$

    **Arguments:**

    - `solution`: the exact solution, a [`zoo.TwoBody`][], [`zoo.ThreeBody`][] or [`zoo.CustomSolution`][] and others,
        on a domain of its own.

    **Raises:**

    `ValueError` if `solution` is something else.
    """

    solution: AbstractSolution

    def __init__(self, solution: AbstractSolution):
        self.solution = as_solution(solution)

    def nonlinearity(self, value: Float[Array, ""]) -> Float[Array, ""] | float:
        return jnp.sin(value)
