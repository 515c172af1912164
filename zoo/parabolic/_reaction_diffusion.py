import abc
import math

from jaxtyping import Array, Float

import stde_eqx as stde

from ..laws import AbstractLaw
from ._base import as_law, paths
from ._initial_value import AbstractInitialValue


class AbstractReactionDiffusion(stde.AbstractSemilinear, AbstractInitialValue):
    r"""A reaction-diffusion equation in the whole space, from time 0 to $T$.

    $$u_t = \Delta u + f(u), \qquad u(0, x) = g(x)$$

    A concrete problem is its reaction $f$ and its data $g$.
    """

    @abc.abstractmethod
    def nonlinearity(self, value: Float[Array, ""]) -> Float[Array, ""]:
        """$f(u)$ for a value $u$."""

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
    """The given law, or Brownian motion from the origin at the final time back to the data."""
    return as_law(law, paths(dim, math.sqrt(2.0), final_time, origin=final_time))
