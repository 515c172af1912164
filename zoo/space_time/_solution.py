import abc

import equinox as eqx
from jaxtyping import Array, Float

from .._points import check_point


class AbstractSpaceTimeSolution(eqx.Module):
    """A smooth function of a point $(t, x_1, ...)$ of space-time, coordinate 0 being the time.

    It is what a problem of space-time is built from. A wave of one's own is a subclass with the field or property
    `dim` and the method `value`.
    """

    dim: eqx.AbstractVar[int]

    @abc.abstractmethod
    def value(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The value at one point, whose shape has been checked: a scalar."""

    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The value at one point, of shape `(dim,)`: a scalar."""
        check_point(x, self.dim, what="one point (t, x, ...)")
        return self.value(x)
