import equinox as eqx

from ._base import AbstractDiffusion


class AbstractInitialValue(AbstractDiffusion):
    """A parabolic problem with data at the time 0, which leads to the time `final_time`."""

    final_time: eqx.AbstractVar[float]

    @property
    def t0(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        """The time of the data, 0."""
        return 0.0

    @property
    def t1(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride], likewise
        """The final time $T$."""
        return self.final_time
