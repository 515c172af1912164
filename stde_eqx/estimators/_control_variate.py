from typing import Any

import equinox as eqx
import jax
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
    - `reference`: $u_0$, a function like $u$. No gradient flows into it.
    - `exact`: applies the operator to the reference: [`stde_eqx.Exact`][] unless a cheaper one is known.

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
        return lambda x: jax.tree.map(lambda a, b: a - b, u(x), frozen(x)), frozen

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


def _plus(a: Any, b: Any) -> Any:
    return jax.tree.map(lambda p, q: p + q, a, b)
