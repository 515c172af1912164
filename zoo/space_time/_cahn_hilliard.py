from collections.abc import Mapping

import equinox as eqx
from jaxtyping import Array, Float

from .._checks import as_positive
from ..domains import Box
from ._base import AbstractSpaceTimeProblem, as_domain, as_solution
from ._interpolation import Conditions
from ._solution import AbstractSpaceTimeSolution


class CahnHilliard(AbstractSpaceTimeProblem):
    r"""The Cahn-Hilliard equation in one dimension, manufactured from its solution.

    $$u_t - (u^3 - u - \gamma u_{xx})_{xx} = f$$

    The ansatz imposes $u$ at the first time and $u$ and $u_x$ at both ends.

    **Arguments:**

    - `solution`: a [`zoo.DampedWave`][], or any [`zoo.AbstractSpaceTimeSolution`][] of one's own of $(t, x)$.
    - `domain`: a [`zoo.Box`][] of $(t, x)$; by default $[0, 1] \times [-2, 2]$.
    - `gamma`: $\gamma$, positive; the width of an interface is $\sqrt \gamma$.

    **Raises:**

    `ValueError` if an argument is something else.
    """

    solution: AbstractSpaceTimeSolution
    domain: Box
    gamma: float = eqx.field(static=True)

    def __init__(self, solution: AbstractSpaceTimeSolution, *, domain: Box | None = None, gamma: float | int = 0.5):
        example = "zoo.CahnHilliard(zoo.DampedWave(wavenumber=2.0))"
        self.solution = as_solution(solution, (AbstractSpaceTimeSolution,), problem="CahnHilliard", example=example)
        self.domain = as_domain(domain, self.solution, default=Box((0, -2), (1, 2)), dim=2)
        self.gamma = as_positive("gamma", gamma)

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
        cubic = 6 * d["u"] * d["u_x"] ** 2 + 3 * d["u"] ** 2 * d["u_xx"]  # (u^3)_xx
        return d["u_t"] - cubic + d["u_xx"] + self.gamma * d["u_xxxx"]
