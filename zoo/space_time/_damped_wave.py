import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_number
from ._solution import AbstractSpaceTimeSolution


class DampedWave(AbstractSpaceTimeSolution):
    r"""A smooth function of $(t, x)$ to manufacture problems from: a damped running wave.

    $$u(t, x) = \alpha \, e^{-\lambda t} \cos(k x - \omega t)$$

    **Arguments:**

    - `amplitude`: $\alpha$.
    - `wavenumber`: $k$.
    - `frequency`: $\omega$.
    - `decay`: $\lambda$.

    **Raises:**

    `ValueError` if an argument is not a finite number.
    """

    amplitude: float = eqx.field(static=True)
    wavenumber: float = eqx.field(static=True)
    frequency: float = eqx.field(static=True)
    decay: float = eqx.field(static=True)

    def __init__(
        self,
        amplitude: float | int = 1.0,
        wavenumber: float | int = 2.0,
        frequency: float | int = 1.0,
        decay: float | int = 0.5,
    ):
        self.amplitude = as_number("amplitude", amplitude)
        self.wavenumber = as_number("wavenumber", wavenumber)
        self.frequency = as_number("frequency", frequency)
        self.decay = as_number("decay", decay)

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        return 2

    def value(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        phase = self.wavenumber * x[1] - self.frequency * x[0]
        return self.amplitude * jnp.exp(-self.decay * x[0]) * jnp.cos(phase)
