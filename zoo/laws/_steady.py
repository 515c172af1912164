from jaxtyping import Array, Float, PRNGKeyArray

from ..domains import AbstractDomain
from ._base import AbstractLaw


class Steady(AbstractLaw):
    """The law of a domain, such as [`zoo.Ball`][] or [`zoo.Box`][], at all times.

    **Arguments:**

    - `domain`: where the points lie.
    """

    domain: AbstractDomain

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        """The dimension of the domain."""
        return self.domain.dim

    def at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Points of the domain."""
        return self.domain.sample(t.shape[0], key=key)
