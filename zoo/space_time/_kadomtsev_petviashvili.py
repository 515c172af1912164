from collections.abc import Mapping

import equinox as eqx
from jaxtyping import Array, Float

from ..domains import Box
from ._base import AbstractSpaceTimeProblem, as_domain, as_solution
from ._interpolation import Conditions
from ._kp_solutions import AbstractKPSolution, LineSoliton, Lump
from ._solution import AbstractSpaceTimeSolution


class KadomtsevPetviashvili(AbstractSpaceTimeProblem):
    r"""The Kadomtsev-Petviashvili equation: waves of shallow water, in two dimensions.

    $$(u_t + 6 u u_x + u_{xxx})_x + 3 s^2 u_{yy} = 0$$

    with $s^2 = 1$ (KP-II) or $s^2 = -1$ (KP-I), whichever the solution solves.

    The ansatz imposes $u$ at the first time and at both ends of $y$. Across $x$ it imposes four data, as the linear
    part asks for, whose waves $e^{i (k x + l y - \omega t)}$ have $k^4 + \omega k - 3 s^2 l^2 = 0$: for KP-II, whose
    long waves run to the left, $u$ at the left end and $u$, $u_x$, $u_{xx}$ at the right one; for KP-I, $u$ and $u_x$
    at both ends.

    **Arguments:**

    - `solution`: a [`zoo.LineSoliton`][] or [`zoo.Lump`][].
    - `domain`: a [`zoo.Box`][] of $(t, x, y)$; by default $[0, 0.5] \times [-2, 2]^2$.

    **Raises:**

    `ValueError` if `solution` or `domain` is something else.
    """

    solution: AbstractSpaceTimeSolution
    domain: Box
    sign: int = eqx.field(static=True)

    def __init__(self, solution: AbstractKPSolution, *, domain: Box | None = None):
        if not isinstance(solution, AbstractKPSolution):
            example = "zoo.KadomtsevPetviashvili(zoo.Lump(slant=0.2, sharpness=0.6))"
            solution = as_solution(solution, (LineSoliton, Lump), problem="KadomtsevPetviashvili", example=example)
        self.solution = solution
        self.sign = solution.sign
        self.domain = as_domain(domain, self.solution, default=Box((0, -2, -2), (0.5, 2, 2)), dim=3)

    @property
    def derivatives(self) -> Mapping[str, tuple[int, ...]]:
        return {
            "u": (),
            "u_x": (1,),
            "u_xx": (1, 1),
            "u_xxxx": (1, 1, 1, 1),
            "u_tx": (0, 1),
            "u_yy": (2, 2),
        }

    @property
    def manufactured(self) -> bool:
        return False

    @property
    def conditions(self) -> Conditions:
        across = (1, 3) if self.sign == 1 else (2, 2)
        return ((1, 0), across, (1, 1))

    def equation(self, d: Mapping[str, Float[Array, ""]]) -> Float[Array, ""]:
        steepening = 6 * (d["u_x"] ** 2 + d["u"] * d["u_xx"])
        return d["u_tx"] + steepening + d["u_xxxx"] + 3 * self.sign * d["u_yy"]
