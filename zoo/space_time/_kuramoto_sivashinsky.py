from collections.abc import Mapping

from jaxtyping import Array, Float

from ..domains import Box
from ._base import AbstractSpaceTimeProblem, as_domain, as_solution
from ._interpolation import Conditions
from ._solution import AbstractSpaceTimeSolution


class KuramotoSivashinsky(AbstractSpaceTimeProblem):
    r"""The Kuramoto-Sivashinsky equation, manufactured from its solution.

    $$u_t + u u_x + u_{xx} + u_{xxxx} = f$$

    The ansatz imposes $u$ at the first time and $u$ and $u_x$ at both ends.

    **Arguments:**

    - `solution`: a [`zoo.DampedWave`][], or any [`zoo.AbstractSpaceTimeSolution`][] of one's own of $(t, x)$.
    - `domain`: a [`zoo.Box`][] of $(t, x)$; by default $[0, 1] \times [-2, 2]$.

    **Raises:**

    `ValueError` if `solution` or `domain` is something else.
    """

    solution: AbstractSpaceTimeSolution
    domain: Box

    def __init__(self, solution: AbstractSpaceTimeSolution, *, domain: Box | None = None):
        example = "zoo.KuramotoSivashinsky(zoo.DampedWave(wavenumber=2.0))"
        self.solution = as_solution(
            solution, (AbstractSpaceTimeSolution,), problem="KuramotoSivashinsky", example=example
        )
        self.domain = as_domain(domain, self.solution, default=Box((0, -2), (1, 2)), dim=2)

    @property
    def derivatives(self) -> Mapping[str, tuple[int, ...]]:
        return {
            "u": (),
            "u_t": (0,),
            "u_x": (1,),
            "u_xx": (1, 1),
            "u_xxxx": (1, 1, 1, 1),
        }

    @property
    def manufactured(self) -> bool:
        return True

    @property
    def conditions(self) -> Conditions:
        return ((1, 0), (2, 2))

    def equation(self, d: Mapping[str, Float[Array, ""]]) -> Float[Array, ""]:
        return d["u_t"] + d["u"] * d["u_x"] + d["u_xx"] + d["u_xxxx"]
