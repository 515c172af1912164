"""Arguments as plain Python numbers, whatever kind of scalar they are; a `ValueError` names what does not fit."""

import math
import operator
from typing import Any


def as_dimension(dim: Any) -> int:
    """A whole number of at least 1."""
    try:
        whole = 0 if isinstance(dim, bool) else operator.index(dim)
    except TypeError:
        whole = 0
    if whole < 1:
        raise ValueError(f"dim must be a whole number of at least 1, got dim={dim!r}.")
    return whole


def as_setting(dim: Any, final_time: Any) -> tuple[int, float]:
    """A dimension and a final time."""
    return as_dimension(dim), as_positive("final_time", final_time)


def as_number(name: str, value: Any) -> float:
    """A finite number."""
    try:
        number = math.nan if isinstance(value, bool | str) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name} must be a finite number, got {name}={value!r}.")
    return number


def as_nonzero(name: str, value: Any) -> float:
    """A finite number other than zero."""
    return _checked(name, value, "must be finite and not zero", lambda number: number != 0)


def as_positive(name: str, value: Any) -> float:
    """A positive, finite number."""
    return _checked(name, value, "must be positive and finite", lambda number: number > 0)


def as_nonnegative(name: str, value: Any) -> float:
    """A finite number that is not negative."""
    return _checked(name, value, "must be finite and not negative", lambda number: number >= 0)


def as_within(lower: float, upper: float, name: str, value: Any) -> float:
    """A number at least as large as the lower bound, and below the upper one."""
    expected = f"must be a number from {lower:g} to below {upper:g}"
    return _checked(name, value, expected, lambda number: lower <= number < upper)


def as_fraction(name: str, value: Any) -> float:
    """A number from 0 to 1, both included."""
    return _checked(name, value, "must be a number from 0 to 1", lambda number: 0 <= number <= 1)


def as_pair(name: str, values: Any) -> tuple[float, float]:
    """Two finite numbers."""
    try:
        first, second = values
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be two numbers, one a wave, got {name}={values!r}.") from None
    return as_number(f"{name}[0]", first), as_number(f"{name}[1]", second)


def _checked(name, value, expected, holds) -> float:
    try:
        number = as_number(name, value)
        if holds(number):
            return number
    except ValueError:
        pass
    raise ValueError(f"{name} {expected}, got {name}={value!r}.")
