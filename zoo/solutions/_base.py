import abc

import equinox as eqx
from jaxtyping import Array, Float

from ..domains import Ball


class AbstractSolution(eqx.Module):
    """A function that vanishes on the boundary of a ball, known together with its Laplacian.

    It is what a problem of the zoo is manufactured from. A function of one's own, without a Laplacian by hand, is a
    [`zoo.CustomSolution`][].
    """

    domain: eqx.AbstractVar[Ball]

    @property
    def dim(self) -> int:
        """The dimension of the domain."""
        return self.domain.dim

    @abc.abstractmethod
    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The value at one point, of shape `(dim,)`: a scalar."""

    @abc.abstractmethod
    def value_and_laplacian(self, x: Float[Array, " dim"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """The value and the exact Laplacian at one point, of shape `(dim,)`: two scalars."""
