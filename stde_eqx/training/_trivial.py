import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._problem import AbstractProblem


def trivial_ansatz(
    problem: AbstractProblem, constant: Float[Array, ""], x: Float[Array, " dim"]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    r"""The ansatz of a constant, $A[c](x)$, and its derivative $\partial_c A[c](x)$.

    **Arguments:**

    - `problem`: whose ansatz.
    - `constant`: $c$, a scalar.
    - `x`: one point, of shape `(dim,)`.

    **Returns:**

    Two scalars.
    """
    return jax.jvp(lambda c: problem.ansatz(lambda _: c)(x), (constant,), (jnp.ones_like(constant),))
