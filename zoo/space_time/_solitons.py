import math
from collections.abc import Sequence

import equinox as eqx
from jaxtyping import Array, Float

from .._checks import as_number, as_pair, as_positive
from ._solution import AbstractSpaceTimeSolution
from ._tau import sech_squared, two_wave_moments


class OneSoliton(AbstractSpaceTimeSolution):
    r"""The soliton of the Korteweg-de Vries equation.

    $$u(t, x) = \frac{c}{2} \operatorname{sech}^2 \Bigl(\frac{\sqrt c}{2} (x - x_0 - c t)\Bigr)$$

    **Arguments:**

    - `speed`: $c$, positive; the height is $c / 2$.
    - `position`: $x_0$, where the crest is at $t = 0$.

    **Raises:**

    `ValueError` if `speed` or `position` is out of range.
    """

    speed: float = eqx.field(static=True)
    position: float = eqx.field(static=True)

    def __init__(self, speed: float | int = 1.0, position: float | int = 0.0):
        self.speed = as_positive("speed", speed)
        self.position = as_number("position", position)

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        return 2

    def value(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        distance = x[1] - self.position - self.speed * x[0]
        return self.speed / 2 * sech_squared(math.sqrt(self.speed) / 2 * distance)


class TwoSolitons(AbstractSpaceTimeSolution):
    r"""Two solitons of the Korteweg-de Vries equation, the faster of which overtakes the slower.

    $$u = 2 \, \partial_x^2 \log \tau, \qquad \tau = 1 + e^{\eta_1} + e^{\eta_2} + A \, e^{\eta_1 + \eta_2}$$

    with $\eta_i = k_i (x - x_i - c_i t)$, $k_i = \sqrt{c_i}$ and $A = \bigl((k_1 - k_2) / (k_1 + k_2)\bigr)^2$.

    **Arguments:**

    - `speeds`: $c_1$ and $c_2$, positive and different.
    - `positions`: $x_1$ and $x_2$.

    **Raises:**

    `ValueError` if `speeds` or `positions` are out of range.

    ??? cite "Reference"

        Hirota, "Exact solution of the Korteweg-de Vries equation for multiple collisions of solitons", Physical Review
        Letters 27(18), 1971.
    """

    speeds: tuple[float, float] = eqx.field(static=True)
    positions: tuple[float, float] = eqx.field(static=True)

    def __init__(self, speeds: Sequence[float | int] = (2.0, 0.75), positions: Sequence[float | int] = (-2.0, 0.5)):
        first, second = as_pair("speeds", speeds)
        self.speeds = as_positive("speeds[0]", first), as_positive("speeds[1]", second)
        if self.speeds[0] == self.speeds[1]:
            raise ValueError(
                f"Two solitons of one speed are one soliton, got speeds={self.speeds}: write zoo.OneSoliton or let "
                "the speeds differ."
            )
        self.positions = as_pair("positions", positions)

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        return 2

    def value(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        k1, k2 = (math.sqrt(speed) for speed in self.speeds)
        first = k1 * (x[1] - self.positions[0] - self.speeds[0] * x[0])
        second = k2 * (x[1] - self.positions[1] - self.speeds[1] * x[0])
        _, variance = two_wave_moments((first, second), (k1, k2), ((k1 - k2) / (k1 + k2)) ** 2)
        return 2 * variance
