import math
from typing import Any


def check_setting(dim: Any, final_time: Any, **positive: Any) -> None:
    """A dimension, a final time, and any other numbers that must be positive."""
    if isinstance(dim, bool) or not isinstance(dim, int) or dim < 1:
        raise ValueError(f"dim must be a whole number of at least 1, got dim={dim!r}.")
    for name, value in {"final_time": final_time, **positive}.items():
        if not (_is_finite(value) and value > 0):
            raise ValueError(f"{name} must be positive and finite, got {name}={value!r}.")


def check_within(lower: float, upper: float, **numbers: Any) -> None:
    """Numbers at least as large as the lower bound, and below the upper one."""
    for name, value in numbers.items():
        if not (_is_finite(value) and lower <= value < upper):
            raise ValueError(f"{name} must be a number from {lower:g} to below {upper:g}, got {name}={value!r}.")


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
