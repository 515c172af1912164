from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field
from ._base import AbstractEstimator, AbstractOperator, estimator_or_exact
from ._point import check_function_and_point


class Estimate(eqx.Module):
    """What [`stde_eqx.estimate`][] returns.

    **Attributes:**

    - `value`: `u(x)`.
    - `estimate`: the operator applied to `u`, like `value`.
    - `standard_error`: the estimated standard deviation of the estimate, like `value`; zero where it is exact.
    """

    value: Any
    estimate: Any
    standard_error: Any

    def __str__(self) -> str:
        return f"{self.estimate} with a standard error of {self.standard_error}; u is {self.value}"


def estimate(
    operator: AbstractOperator,
    u: Field,
    x: Float[Array, " dim"],
    *,
    estimator: AbstractEstimator | None = None,
    key: PRNGKeyArray | None = None,
) -> Estimate:
    """The operator applied to `u` at `x`, with a standard error that is estimated from the same draw.

    It costs more than [`stde_eqx.value_and_apply`][]: the terms have to be told apart, and nothing is collapsed.

    **Arguments:** as for [`stde_eqx.value_and_apply`][].

    **Returns:** an [`stde_eqx.Estimate`][]. The square of the standard error is unbiased for the variance of the
    estimate; with [`stde_eqx.Stratified`][] it is too large on average, and for a product of operators, where the
    unbiased figure may come out negative, it is cut off at zero. It is NaN where a single random term was drawn.

    **Raises:** `ValueError` as [`stde_eqx.value_and_apply`][], and for a product of operators of which one is a sum.
    """
    check_function_and_point(u, x)
    value, result, variance = estimator_or_exact(estimator).value_and_moments(operator, u, x, key=key)
    return Estimate(value, result, jax.tree.map(lambda y: jnp.sqrt(jnp.maximum(y, 0)), variance))
