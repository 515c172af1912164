import abc
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, Int, PRNGKeyArray

from .._custom_types import Field
from ._directions import Directions


class AbstractOperator(eqx.Module):
    """A linear differential operator, seen as a weighted set of directions."""

    @abc.abstractmethod
    def num_directions(self, dim: int) -> int: ...

    @abc.abstractmethod
    def directions(self, x: Float[Array, " dim"], rows: Int[Array, " rows"] | None = None) -> Directions: ...

    @abc.abstractmethod
    def randomised(self, x, vectors, distribution) -> Directions: ...

    def __call__(self, u: Field, x: Float[Array, " dim"], *, estimator=None, key: PRNGKeyArray | None = None) -> Any:
        from ._apply import value_and_apply
        from ._exact import Exact

        return value_and_apply(self, u, x, estimator=Exact() if estimator is None else estimator, key=key)[1]
