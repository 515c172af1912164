import equinox as eqx

from ._base import AbstractDiffusion


class AbstractTerminalValue(AbstractDiffusion):
    """A parabolic problem with data at the time `final_time`, which leads back to the time 0.

    So it is in control and finance. Written as $u_t = F$, such an equation has the Laplacian with a negative sign: it
    is well-posed backwards.
    """

    final_time: eqx.AbstractVar[float]

    @property
    def t0(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        """The time of the data, $T$."""
        return self.final_time

    @property
    def t1(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride], likewise
        """The time at which the solution is wanted, 0."""
        return 0.0
