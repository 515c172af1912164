import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_nonzero, as_number
from ._solution import AbstractSpaceTimeSolution
from ._tau import sech_squared


class Kink(AbstractSpaceTimeSolution):
    r"""The kink of the Sine-Gordon equation: one turn of $2 \pi$.

    $$u(t, x) = 4 \arctan e^\theta = \pi + 4 \arctan \tanh \frac{\theta}{2}, \qquad
    \theta = a x + \frac{t}{a} + \delta$$

    **Arguments:**

    - `slope`: $a$, not zero; negative for the antikink.
    - `shift`: $\delta$.

    **Raises:**

    `ValueError` if an argument is out of range.
    """

    slope: float = eqx.field(static=True)
    shift: float = eqx.field(static=True)

    def __init__(self, slope: float | int = 1.0, shift: float | int = 0.0):
        self.slope = as_nonzero("slope", slope)
        self.shift = as_number("shift", shift)

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        return 2

    def value(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        theta = self.slope * x[1] + x[0] / self.slope + self.shift
        return math.pi + 4 * jnp.arctan(jnp.tanh(theta / 2))  # the second form: the exponential would overflow


class Breather(AbstractSpaceTimeSolution):
    r"""The breather of the Sine-Gordon equation: a kink and an antikink bound to each other.

    $$u(t, x) = 4 \arctan \Bigl(\frac{\kappa}{\omega} \, \frac{\sin \omega (c x - t / c)}{\cosh \kappa (c x + t / c)}
    \Bigr), \qquad \kappa = \sqrt{1 - \omega^2}$$

    **Arguments:**

    - `frequency`: $\omega$, between 0 and 1.
    - `boost`: $c$, not zero; in the laboratory, of $X = x + t$ and $T = x - t$, the breather rests if it is 1.

    **Raises:**

    `ValueError` if an argument is out of range.
    """

    frequency: float = eqx.field(static=True)
    boost: float = eqx.field(static=True)

    def __init__(self, frequency: float | int = 0.6, boost: float | int = 1.0):
        self.frequency = as_number("frequency", frequency)
        if not 0 < self.frequency < 1:
            raise ValueError(f"frequency must lie between 0 and 1, got frequency={frequency!r}.")
        self.boost = as_nonzero("boost", boost)

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        return 2

    def value(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        kappa = math.sqrt(1 - self.frequency**2)
        along, since = self.boost * x[1] + x[0] / self.boost, self.boost * x[1] - x[0] / self.boost
        square = sech_squared(kappa * along / 2)
        # sech(z) by the half angle: smooth, and no exponential that overflows.
        sech = square / (2 - square)
        return 4 * jnp.arctan(kappa / self.frequency * jnp.sin(self.frequency * since) * sech)
