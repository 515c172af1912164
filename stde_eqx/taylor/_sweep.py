import dataclasses
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jax.extend import core
from jaxtyping import Array, Float

from ._coefficient import Coefficient, Leaf


@dataclasses.dataclass(frozen=True)
class Sweep:
    """What one forward sweep computes: the coefficients 1..`order` in `size` directions.

    Collapsed, the highest one is computed as its sum over the directions only, with the given weights (`None`: ones).
    """

    order: int
    size: int
    collapsed: bool
    weights: Float[Array, " directions"] | None = None
    #: Told of every equation that series reach: the equation, its inputs and its outputs.
    observer: Callable[[core.JaxprEqn, Sequence, Sequence], None] | None = None

    def unobserved(self) -> "Sweep":
        return dataclasses.replace(self, observer=None)

    def summed(self, k: int) -> bool:
        """Whether the k-th coefficient is summed over the directions."""
        return self.collapsed and k == self.order


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Series:
    """A truncated power series: `primal` of shape `shape`, and normalised coefficients c_k = D^k / k! for k = 1..K."""

    primal: Leaf
    coefficients: tuple[Leaf, ...]

    def __getitem__(self, k: int) -> Coefficient:
        return self.coefficients[k - 1]


def primal_of(value):
    return value.primal if isinstance(value, Series) else value


def coefficient_of(value, k: int) -> Coefficient:
    """The k-th coefficient, k >= 1, of a series or of a constant."""
    return value[k] if isinstance(value, Series) else None


def series(primal, coefficients) -> "Series | Array":
    """A series, or the primal alone where every coefficient is zero or the value cannot vary."""
    coefficients = tuple(coefficients)
    if all(c is None for c in coefficients) or not jnp.issubdtype(jax.dtypes.result_type(primal), jnp.inexact):
        return primal
    return Series(primal, coefficients)
