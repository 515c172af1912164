from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_nonzero, as_number, as_pair
from ._solution import AbstractSpaceTimeSolution
from ._tau import two_wave_moments


def frequency(k: float, l: float) -> float:
    r"""$\omega$ of the phase $k x + l y + \omega t$: the root of $\omega l + k^3 l - k^2 + 2 l^2 = 0$."""
    return (k * k - 2 * l * l) / l - k**3


class TanhWave(AbstractSpaceTimeSolution):
    r"""A travelling front of [`zoo.KdV2D`][].

    $$u(t, x, y) = 2 k \tanh(k x + l y + \omega t + \delta), \qquad \omega = \frac{k^2}{l} - 2 l - 4 k^3$$

    With $F = \operatorname{sech}^2$ one integration turns the equation into
    $(\omega l - k^2 + 2 l^2) F + k^3 l F'' + 6 k^3 l F^2 = 0$, and $F'' = 4 F - 6 F^2$.

    **Arguments:**

    - `wavenumbers`: $k$ and $l$, neither zero.
    - `shift`: $\delta$.

    **Raises:**

    `ValueError` if `wavenumbers` or `shift` is out of range.
    """

    wavenumbers: tuple[float, float] = eqx.field(static=True)
    shift: float = eqx.field(static=True)

    def __init__(self, wavenumbers: Sequence[float | int] = (0.6, 0.8), shift: float | int = 0.0):
        k, l = as_pair("wavenumbers", wavenumbers)
        self.wavenumbers = as_nonzero("wavenumbers[0]", k), as_nonzero("wavenumbers[1]", l)
        self.shift = as_number("shift", shift)

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        return 3

    def value(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        k, l = self.wavenumbers
        return 2 * k * jnp.tanh(k * x[1] + l * x[2] + frequency(2 * k, 2 * l) / 2 * x[0] + self.shift)


class TwoTanhWaves(AbstractSpaceTimeSolution):
    r"""Two fronts of [`zoo.KdV2D`][] that cross each other.

    $$u = 2 \, \partial_x \log \tau, \qquad \tau = 1 + e^{\eta_1} + e^{\eta_2} + A \, e^{\eta_1 + \eta_2}$$

    The substitution turns the equation into Hirota's bilinear form $P(D_t, D_x, D_y) \, \tau \cdot \tau = 0$ with
    $P(\omega, k, l) = \omega l + k^3 l - k^2 + 2 l^2$, hence $\eta_i = k_i x + l_i y + \omega_i t + \delta_i$ with
    $P(\omega_i, k_i, l_i) = 0$ and $A = -P(\text{difference}) / P(\text{sum})$ of the two triples.

    **Arguments:**

    - `first`: $k_1$ and $l_1$, neither zero.
    - `second`: $k_2$ and $l_2$, neither zero.
    - `shifts`: $\delta_1$ and $\delta_2$.

    **Raises:**

    `ValueError` if an argument is out of range, or if the fronts do not cross smoothly, that is unless $A > 0$.

    ??? cite "Reference"

        Hirota, "The Direct Method in Soliton Theory", Cambridge University Press, 2004, section 1.6.
    """

    first: tuple[float, float] = eqx.field(static=True)
    second: tuple[float, float] = eqx.field(static=True)
    shifts: tuple[float, float] = eqx.field(static=True)
    coupling: float = eqx.field(static=True)

    def __init__(
        self,
        first: Sequence[float | int] = (1.2, 1.6),
        second: Sequence[float | int] = (0.8, 1.0),
        shifts: Sequence[float | int] = (0.0, 0.5),
    ):
        (k1, l1), (k2, l2) = as_pair("first", first), as_pair("second", second)
        self.first = as_nonzero("first[0]", k1), as_nonzero("first[1]", l1)
        self.second = as_nonzero("second[0]", k2), as_nonzero("second[1]", l2)
        self.shifts = as_pair("shifts", shifts)

        def bilinear(sign: int) -> float:
            w, k, l = frequency(k1, l1) + sign * frequency(k2, l2), k1 + sign * k2, l1 + sign * l2
            return w * l + k**3 * l - k * k + 2 * l * l

        difference, total = bilinear(-1), bilinear(1)
        if not difference * total < 0:
            raise ValueError(
                f"The fronts first={self.first} and second={self.second} do not cross smoothly: the coupling "
                f"-P(difference) / P(sum) = -({difference}) / ({total}) is not positive. It is for example for "
                "first=(1.2, 1.6), second=(0.8, 1.0)."
            )
        self.coupling = -difference / total

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        return 3

    def value(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        phase = lambda pair, shift: pair[0] * x[1] + pair[1] * x[2] + frequency(*pair) * x[0] + shift
        phases = phase(self.first, self.shifts[0]), phase(self.second, self.shifts[1])
        mean, _ = two_wave_moments(phases, (self.first[0], self.second[0]), self.coupling)
        return 2 * mean
