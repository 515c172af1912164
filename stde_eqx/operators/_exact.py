import abc

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from ._base import AbstractOperator
from ._directions import Directions


class AbstractEstimator(eqx.Module):
    """How to choose the directions of an operator."""

    @abc.abstractmethod
    def sample(
        self, operator: AbstractOperator, x: Float[Array, " dim"], *, key: PRNGKeyArray | None
    ) -> Directions: ...


class Exact(AbstractEstimator):
    """Every direction of the operator: no randomness, no key."""

    def sample(self, operator, x, *, key=None):
        return operator.directions(x)
