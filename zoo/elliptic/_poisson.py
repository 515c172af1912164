from jaxtyping import Array, Float

from ..solutions import AbstractSolution
from ._base import AbstractElliptic, as_solution


class Poisson(AbstractElliptic):
    r"""The Poisson equation: the linear case, $g = 0$, of the semilinear elliptic problem.

    $$\Delta u = f$$

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
        return 0.0
