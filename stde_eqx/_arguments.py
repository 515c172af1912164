"""Checks of arguments that many functions take."""

import operator
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array


def check_count(name: str, value: Any, *, least: int = 1) -> int:
    """The value as a Python integer; `ValueError` unless it is one, and large enough."""
    try:
        count = operator.index(value)
    except TypeError:
        raise ValueError(f"`{name}` must be a whole number, such as {name}=100; got {value!r}.") from None
    if isinstance(value, bool) or count < least:
        raise ValueError(f"`{name}` must be at least {least}, got {value!r}.")
    return count


def check_instance(what: str, value: Any, kind: type, *, such_as: str) -> None:
    """`ValueError` unless the value is an object of this kind: a class in its place is an easy mistake."""
    if not isinstance(value, kind):
        raise ValueError(f"{what} is an object such as {such_as}; got {describe(value)}.")


def check_key(key: Any) -> None:
    """`ValueError` unless the key is a single one of `jax.random`, typed or raw."""
    if isinstance(key, Array):
        typed = jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
        if key.shape == () if typed else (key.ndim == 1 and key.dtype == jnp.uint32):
            return
    raise ValueError(f"`key` must be one random key, such as key=jax.random.key(0); got {describe(key)}.")


def describe(value: Any) -> str:
    if isinstance(value, tuple):
        return f"a tuple of {', '.join(map(describe, value))}"
    if isinstance(value, (jax.ShapeDtypeStruct, Array)):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return f"the class `{value.__name__}`" if isinstance(value, type) else f"a `{type(value).__name__}`"
