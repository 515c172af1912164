import abc
import math
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float


def as_number(name: str, value: Any) -> float:
    """A finite Python number, or a `ValueError` that names the argument."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, got {name}={value!r}.") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {name}={value!r}.")
    return number


def as_nonzero(name: str, value: Any) -> float:
    """A finite Python number other than zero, or a `ValueError` that names the argument."""
    number = as_number(name, value)
    if number == 0:
        raise ValueError(f"{name} must not be zero, got {name}={value!r}.")
    return number


def as_positive(name: str, value: Any) -> float:
    """A positive, finite Python number, or a `ValueError` that names the argument."""
    number = as_number(name, value)
    if number <= 0:
        raise ValueError(f"{name} must be positive, got {name}={value!r}.")
    return number


def as_pair(name: str, values: Any) -> tuple[float, float]:
    """Two finite Python numbers, or a `ValueError` that names the argument."""
    try:
        first, second = values
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be two numbers, one a wave, got {name}={values!r}.") from None
    return as_number(f"{name}[0]", first), as_number(f"{name}[1]", second)


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
        if x.shape != (self.dim,):
            batched = " For a batch of points use jax.vmap." if x.ndim > 1 and x.shape[-1] == self.dim else ""
            raise ValueError(
                f"Expected one point (t, x, ...), of shape ({self.dim},), got an array of shape {x.shape}.{batched}"
            )
        return self.value(x)
