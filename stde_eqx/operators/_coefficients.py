"""Coefficients of operators: numbers, arrays, or functions of the point."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float


@dataclasses.dataclass(frozen=True)
class Held:
    """A function that JAX has transformed, in a plain object that equals another one of the same function."""

    function: Callable[..., Any]

    @property
    def __name__(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)

    def __call__(self, x: Float[Array, " point"]) -> Any:
        return self.function(x)


def as_coefficient(value: Any) -> Any:
    """A coefficient as an operator holds it: an array, or a function of the point.

    A function that JAX has transformed, as `jax.grad(self.potential)` inside a residual, is no PyTree. Equinox warns of
    it as an attribute, since what it closes over cannot be trained there. A coefficient is not meant to be.
    """
    if not callable(value):
        return jnp.asarray(value)
    is_leaf = jax.tree_util.all_leaves([value])
    return Held(value) if is_leaf and hasattr(value, "__wrapped__") else value


def coefficient_at(coefficient: Any, x: Float[Array, " point"], *, name: str) -> Float[Array, "..."]:
    """A coefficient at a point, in the dtype of the point.

    **Raises:** `ValueError` for a complex one at a real point: it would lose its imaginary part.
    """
    found = jnp.asarray(coefficient(x) if callable(coefficient) else coefficient)
    if jnp.iscomplexobj(found) and not jnp.iscomplexobj(x):
        raise ValueError(
            f"{name} is complex, of dtype {found.dtype}, and the point is real, of dtype {x.dtype}: the directions of "
            "an operator have real weights. Write the imaginary part as an operator of its own, as in "
            "`first + 1j * second`."
        )
    return found.astype(x.dtype)


def factor_at(factor: Any, x: Float[Array, " point"]) -> Array:
    """A factor at a point, in the dtype of the point or the complex one of that precision."""
    found = jnp.asarray(factor(x) if callable(factor) else factor)
    return found.astype(jnp.result_type(x, jnp.complex64) if jnp.iscomplexobj(found) else x.dtype)


def describe_coefficient(coefficient: Any) -> str:
    """A number as it is, if it is known, and otherwise what it is."""
    if callable(coefficient):
        return getattr(coefficient, "__name__", type(coefficient).__name__)
    # A filter or an abstract evaluation leaves something without a number in its place.
    if isinstance(coefficient, Tracer) or not eqx.is_array_like(coefficient) or jnp.ndim(coefficient):
        return eqx.tree_pformat(coefficient, struct_as_array=True)
    return f"{complex(coefficient):g}" if jnp.iscomplexobj(coefficient) else f"{float(coefficient):g}"
