from collections.abc import Sequence
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from .._checks import as_nonzero, as_number, as_pair, as_positive
from ._solution import AbstractSpaceTimeSolution
from ._tau import sech_squared


def _as_sign(sign: Any) -> int:
    if sign not in (1, -1):
        raise ValueError(f"sign must be 1 (KP-II) or -1 (KP-I), got sign={sign!r}.")
    return int(sign)


class AbstractKPSolution(AbstractSpaceTimeSolution):
    """A solution of the Kadomtsev-Petviashvili equation of one sign, a function of $(t, x, y)$."""

    #: $s^2$: 1 for KP-II, -1 for KP-I.
    sign: eqx.AbstractVar[int]


class LineSoliton(AbstractKPSolution):
    r"""A soliton of the Kadomtsev-Petviashvili equation whose crest is a line, slanted to the axes.

    $$u(t, x, y) = \frac{k^2}{2} \operatorname{sech}^2 \frac{k (x - x_0) + l y - \omega t}{2}, \qquad
    \omega = k^3 + \frac{3 s^2 l^2}{k}$$

    **Arguments:**

    - `wavenumbers`: $k$ and $l$; $k$ is not zero.
    - `position`: $x_0$.
    - `sign`: $s^2$; 1 for KP-II, where line solitons are stable, or -1 for KP-I.

    **Raises:**

    `ValueError` if an argument is out of range.
    """

    wavenumbers: tuple[float, float] = eqx.field(static=True)
    position: float = eqx.field(static=True)
    sign: int = eqx.field(static=True)

    def __init__(self, wavenumbers: Sequence[float | int] = (1.5, 0.5), position: float | int = 0.0, *, sign: int = 1):
        k, l = as_pair("wavenumbers", wavenumbers)
        self.wavenumbers = as_nonzero("wavenumbers[0]", k), l
        self.position = as_number("position", position)
        self.sign = _as_sign(sign)

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        return 3

    def value(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        k, l = self.wavenumbers
        frequency = k**3 + 3 * self.sign * l * l / k
        phase = k * (x[1] - self.position) + l * x[2] - frequency * x[0]
        return k * k / 2 * sech_squared(phase / 2)


class Lump(AbstractKPSolution):
    r"""The lump of KP-I: a rational solution that decays in every direction.

    $$u(t, x, y) = 4 \, \frac{1 / b^2 + b^2 Y^2 - (X + a Y)^2}{\bigl(1 / b^2 + b^2 Y^2 + (X + a Y)^2\bigr)^2}, \qquad
    X = x - 3 (a^2 + b^2) t, \quad Y = y + 6 a t$$

    **Arguments:**

    - `slant`: $a$.
    - `sharpness`: $b$, positive; the height is $4 b^2$, and its extent along $x$ about $1 / b$.

    **Raises:**

    `ValueError` if an argument is out of range.

    ??? cite "Reference"

        Manakov, Zakharov, Bordag, Its & Matveev, "Two-dimensional solitons of the Kadomtsev-Petviashvili equation and
        their interaction", Physics Letters A 63(3), 1977.
    """

    slant: float = eqx.field(static=True)
    sharpness: float = eqx.field(static=True)

    def __init__(self, slant: float | int = 0.2, sharpness: float | int = 0.6):
        self.slant = as_number("slant", slant)
        self.sharpness = as_positive("sharpness", sharpness)

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        return 3

    @property
    def sign(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        return -1

    def value(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        a, b = self.slant, self.sharpness
        along = x[2] + 6 * a * x[0]
        across = x[1] - 3 * (a * a + b * b) * x[0] + a * along
        positive = 1 / (b * b) + b * b * along * along
        return 4 * (positive - across * across) / (positive + across * across) ** 2
