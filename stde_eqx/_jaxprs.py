from collections.abc import Sequence
from typing import Any

from jax.extend import core


def bind(eqn: core.JaxprEqn, inputs: Sequence[Any]) -> list[Any]:
    """Evaluate an equation of a jaxpr as it stands."""
    out = eqn.primitive.bind(*inputs, **eqn.primitive.get_bind_params(eqn.params))
    return list(out) if eqn.primitive.multiple_results else [out]
