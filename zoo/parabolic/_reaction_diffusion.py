import abc
import math

import equinox as eqx
from jaxtyping import Array, Float

import stde_eqx as stde

from ..laws import AbstractLaw, Brownian
from ._base import AbstractDiffusion, check_setting


class AbstractReactionDiffusion(AbstractDiffusion, stde.AbstractSemilinear):
    r"""A reaction-diffusion equation in the whole space, from time 0 to $T$.

    $$u_t = \Delta u + f(u), \qquad u(0, x) = g(x)$$

    A concrete problem is its reaction $f$ and its data $g$.
    """

    final_time: eqx.AbstractVar[float]

    @abc.abstractmethod
    def nonlinearity(self, value: Float[Array, ""]) -> Float[Array, ""]:
        """$f(u)$ for a value $u$."""

    @property
    def t0(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        """The time of the data, 0."""
        return 0.0

    @property
    def t1(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride], likewise
        """The final time $T$."""
        return self.final_time

    @property
    def operator(self) -> stde.AbstractOperator:
        """The Laplacian."""
        return stde.Laplacian()

    def reaction(
        self, t: Float[Array, ""], x: Float[Array, " dim"], value: Float[Array, ""], square: Float[Array, ""]
    ) -> Float[Array, ""]:
        """$f(u)$; the time, the point and the gradient do not enter."""
        return self.nonlinearity(value)


def default_law(law: AbstractLaw | None, dim: int, final_time: float) -> AbstractLaw:
    """The given law, or Brownian motion from the origin at the final time back to the data.

    Its head start of a tenth of the time spreads the points at the final time, where the solution is judged.
    """
    check_setting(dim, final_time)
    if law is None:
        return Brownian(dim, math.sqrt(2.0), origin=final_time, head_start=final_time / 10)
    if not isinstance(law, AbstractLaw):
        raise ValueError(f"law must be a law of points such as zoo.laws.Brownian({dim}), got {law!r}.")
    if law.dim != dim:
        raise ValueError(f"The problem has dim={dim}, but the law has dim={law.dim}.")
    return law
