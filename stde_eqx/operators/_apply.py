from typing import Any

from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field
from ._base import AbstractOperator
from ._exact import AbstractEstimator, Exact


def value_and_apply(
    operator: AbstractOperator,
    u: Field,
    x: Float[Array, " dim"],
    *,
    estimator: AbstractEstimator = Exact(),
    key: PRNGKeyArray | None = None,
) -> tuple[Any, Any]:
    """`u(x)` and the operator applied to `u` at `x`, exact or estimated, from one sweep."""
    return estimator.sample(operator, x, key=key).value_and_apply(u, x)
