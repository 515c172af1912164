from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..problems import AbstractProblem


def trivial_ansatz(
    problem: AbstractProblem, constant: Float[Array, ""], *point: Any
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    r"""The ansatz of a constant, $A[c](x)$, and its derivative $\partial_c A[c](x)$.

    **Arguments:**

    - `problem`: whose ansatz.
    - `constant`: $c$, a scalar.
    - `point`: one point, `x` or `t, x`.

    **Returns:**

    Two scalars.
    """
    return jax.jvp(lambda c: problem.ansatz(lambda *_: c)(*point), (constant,), (jnp.ones_like(constant),))
