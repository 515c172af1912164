import abc

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from ._custom_types import Field
from .operators import AbstractEstimator


class AbstractProblem(eqx.Module):
    """What a stationary PDE offers, so that it can be trained: where it lives, its residual, its boundary."""

    dim: eqx.AbstractVar[int]

    @abc.abstractmethod
    def sample(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Random collocation points."""

    @abc.abstractmethod
    def residual(
        self, u: Field, x: Float[Array, " dim"], *, estimator: AbstractEstimator, key: PRNGKeyArray | None
    ) -> Float[Array, ""]:
        """The PDE's residual of `u` at one point; zero for the solution."""

    def ansatz(self, net: Field) -> Field:
        """The trial function built from a network so that the boundary condition holds; the network itself by default."""
        return net

    def exact(self, x: Float[Array, " dim"]) -> Float[Array, ""] | None:
        """The exact solution at one point, or `None` where none is known."""
        return None
