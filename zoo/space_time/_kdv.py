from collections.abc import Mapping

from jaxtyping import Array, Float

from ..domains import Box
from ._base import AbstractSpaceTimeProblem, as_domain, as_solution
from ._interpolation import Conditions
from ._solitons import OneSoliton, TwoSolitons
from ._solution import AbstractSpaceTimeSolution


class KdV(AbstractSpaceTimeProblem):
    r"""The Korteweg-de Vries equation: waves of shallow water, in one dimension.

    $$u_t + 6 u u_x + u_{xxx} = 0$$

    The ansatz imposes $u$ at the first time, $u$ at both ends and $u_x$ at the right one, which are the data that the
    third derivative asks for.

    **Arguments:**

    - `solution`: a [`zoo.OneSoliton`][] or [`zoo.TwoSolitons`][].
    - `domain`: a [`zoo.Box`][] of $(t, x)$; by default $[0, 1] \times [-5, 5]$.

    **Raises:**

    `ValueError` if `solution` or `domain` is something else.
    """

    solution: AbstractSpaceTimeSolution
    domain: Box

    def __init__(self, solution: OneSoliton | TwoSolitons, *, domain: Box | None = None):
        example = "zoo.KdV(zoo.OneSoliton(speed=1.0))"
        self.solution = as_solution(solution, (OneSoliton, TwoSolitons), problem="KdV", example=example)
        self.domain = as_domain(domain, self.solution, default=Box((0, -5), (1, 5)), dim=2)

    @property
    def derivatives(self) -> Mapping[str, tuple[int, ...]]:
        return {"u": (), "u_t": (0,), "u_x": (1,), "u_xxx": (1, 1, 1)}

    @property
    def manufactured(self) -> bool:
        return False

    @property
    def conditions(self) -> Conditions:
        return ((1, 0), (1, 2))

    def equation(self, d: Mapping[str, Float[Array, ""]]) -> Float[Array, ""]:
        return d["u_t"] + 6 * d["u"] * d["u_x"] + d["u_xxx"]
