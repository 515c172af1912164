from collections.abc import Mapping

from jaxtyping import Array, Float

from ..domains import Box
from ._base import AbstractSpaceTimeProblem, as_domain, as_solution
from ._interpolation import Conditions
from ._solution import AbstractSpaceTimeSolution
from ._tanh_waves import TanhWave, TwoTanhWaves


class KdV2D(AbstractSpaceTimeProblem):
    r"""The equation of Korteweg-de Vries type in two space dimensions of the STDE paper.

    $$u_{ty} + u_{xxxy} + 3 (u_y u_x)_x - u_{xx} + 2 u_{yy} = 0$$

    The ansatz imposes $u$ at the first time; across $x$, $u$ at both ends and $u_x$ at the right one; across $y$, $u$
    and $u_y$ at the lower end and nothing at the upper one. That is what the linear part asks for: its waves
    $e^{i (k x + l y - \omega t)}$ have $\omega = 2 l - k^3 - k^2 / l$, so the group velocity along $y$,
    $2 + k^2 / l^2$, is always positive, and both roots $l$ belong to the end where the waves come in.

    **Arguments:**

    - `solution`: a [`zoo.TanhWave`][] or [`zoo.TwoTanhWaves`][].
    - `domain`: a [`zoo.Box`][] of $(t, x, y)$; by default $[0, 1] \times [-1, 1]^2$.

    **Raises:**

    `ValueError` if `solution` or `domain` is something else.

    ??? cite "Reference"

        Shi, Hu, Lin & Kawaguchi, "Stochastic Taylor Derivative Estimator", NeurIPS 2024, arXiv:2412.00088.
    """

    solution: AbstractSpaceTimeSolution
    domain: Box

    def __init__(self, solution: TanhWave | TwoTanhWaves, *, domain: Box | None = None):
        example = "zoo.KdV2D(zoo.TanhWave(wavenumbers=(0.6, 0.8)))"
        self.solution = as_solution(solution, (TanhWave, TwoTanhWaves), problem="KdV2D", example=example)
        self.domain = as_domain(domain, self.solution, default=Box((0, -1, -1), (1, 1, 1)), dim=3)

    @property
    def derivatives(self) -> Mapping[str, tuple[int, ...]]:
        return {
            "u_ty": (0, 2),
            "u_xxxy": (1, 1, 1, 2),
            "u_x": (1,),
            "u_y": (2,),
            "u_xy": (1, 2),
            "u_xx": (1, 1),
            "u_yy": (2, 2),
        }

    @property
    def manufactured(self) -> bool:
        return False

    @property
    def conditions(self) -> Conditions:
        return ((1, 0), (1, 2), (2, 0))

    def equation(self, d: Mapping[str, Float[Array, ""]]) -> Float[Array, ""]:
        product = d["u_xy"] * d["u_x"] + d["u_y"] * d["u_xx"]
        return d["u_ty"] + d["u_xxxy"] + 3 * product - d["u_xx"] + 2 * d["u_yy"]
