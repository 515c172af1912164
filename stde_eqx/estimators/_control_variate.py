from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field
from ..operators import AbstractEstimator, AbstractOperator, Exact


class ControlVariate(AbstractEstimator):
    r"""Only the difference to a reference function is estimated, whose own part is exact.

    $$\hat L u = \hat L (u - u_0) + L u_0$$

    The variance is that of the difference, small while $u$ stays near $u_0$: for training, a frozen copy of the
    network, in the same ansatz, replaced now and then. It pays where $L u_0$ is cheap or can be kept, as it is for
    points that are used again; at points that are always new the exact operator costs more than it saves.

    **Arguments:**

    - `estimator`: estimates the difference.
    - `reference`: $u_0$, a function like $u$, with values of the same shape. No gradient flows into it.
    - `exact`: applies the operator to the reference: [`stde_eqx.Exact`][] unless a cheaper one is known.

    **Raises:** on use, `ValueError` for a reference with values of another shape.

    ??? cite "Reference"

        The recursive version for sums over samples is Johnson and Zhang, *Accelerating stochastic gradient descent
        using predictive variance reduction*, NeurIPS 2013.
    """

    estimator: AbstractEstimator
    reference: Field
    exact: AbstractEstimator = Exact()

    def _difference(self, u: Field) -> tuple[Field, Field]:
        arrays, static = eqx.partition(self.reference, eqx.is_array)
        frozen = eqx.combine(jax.lax.stop_gradient(arrays), static)
        return lambda x: jax.tree.map(_minus, u(x), frozen(x)), frozen

    def value_and_apply(
        self, operator: AbstractOperator, u: Field, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> tuple[Any, Any]:
        difference, frozen = self._difference(u)
        estimated = self.estimator.value_and_apply(operator, difference, x, key=key)
        known = self.exact.value_and_apply(operator, frozen, x)
        return _plus(estimated, known)

    def value_and_moments(
        self, operator: AbstractOperator, u: Field, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> tuple[Any, Any, Any]:
        difference, frozen = self._difference(u)
        value, result, variance = self.estimator.value_and_moments(operator, difference, x, key=key)
        return *_plus((value, result), self.exact.value_and_apply(operator, frozen, x)), variance


def _minus(value: Any, known: Any) -> Any:
    # Broadcast, a reference of shape (1,) would give the estimate that shape, too.
    if jnp.shape(value) != jnp.shape(known):
        raise ValueError(
            f"The reference of ControlVariate returns shape {jnp.shape(known)}, and the function {jnp.shape(value)}: "
            "give a reference with values of the same shape, such as a copy of the function."
        )
    return value - known


def _plus(a: Any, b: Any) -> Any:
    return jax.tree.map(lambda p, q: p + q, a, b)
