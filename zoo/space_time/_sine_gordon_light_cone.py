from collections.abc import Mapping

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..domains import Box
from ._base import AbstractSpaceTimeProblem, as_domain, as_solution
from ._interpolation import Conditions
from ._sine_gordon_waves import Breather, Kink
from ._solution import AbstractSpaceTimeSolution


class SineGordonLightCone(AbstractSpaceTimeProblem):
    r"""The Sine-Gordon equation in light-cone coordinates.

    $$u_{xt} = \sin u$$

    Both coordinates are characteristic, which makes it Goursat's problem: the ansatz imposes $u$ at the first time and
    at the left end, which determine the solution, and nothing at the right end.

    **Arguments:**

    - `solution`: a [`zoo.Kink`][] or [`zoo.Breather`][].
    - `domain`: a [`zoo.Box`][] of $(t, x)$; by default $[0, 2] \times [-2, 2]$.

    **Raises:**

    `ValueError` if `solution` or `domain` is something else.
    """

    solution: AbstractSpaceTimeSolution
    domain: Box

    def __init__(self, solution: Kink | Breather, *, domain: Box | None = None):
        example = "zoo.SineGordonLightCone(zoo.Kink(slope=1.0))"
        self.solution = as_solution(solution, (Kink, Breather), problem="SineGordonLightCone", example=example)
        self.domain = as_domain(domain, self.solution, default=Box((0, -2), (2, 2)), dim=2)

    @property
    def derivatives(self) -> Mapping[str, tuple[int, ...]]:
        return {"u": (), "u_tx": (0, 1)}

    @property
    def manufactured(self) -> bool:
        return False

    @property
    def conditions(self) -> Conditions:
        return ((1, 0), (1, 0))

    def equation(self, d: Mapping[str, Float[Array, ""]]) -> Float[Array, ""]:
        return d["u_tx"] - jnp.sin(d["u"])
