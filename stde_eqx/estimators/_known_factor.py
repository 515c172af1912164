from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field
from ..nn import HardConstraint
from ..operators import (
    AbstractEstimator,
    AbstractOperator,
    AbstractSampler,
    AbstractSecondOrder,
    Exact,
    Restricted,
    Scaled,
    Sum,
)
from ..operators._algebra import added_up, multiplied
from ..taylor import traced


class KnownFactor(AbstractEstimator):
    r"""Only the network is estimated: the boundary factor of the ansatz is differentiated exactly.

    For $u = g + b\, n$, as [`stde_eqx.nn.HardConstraint`][] has it, and a second-order operator with the matrix $C$,

    $$L(g + b n) = L g + n\, L b + 2\, C \nabla b \cdot \nabla n + b\, L n,$$

    where only the last term is estimated, with the variance of $b\,\hat{L} n$. The others cost an exact application of
    $L$ to $b$ and $g$, and one more direction, $C \nabla b$, of the network, which is dense. Sums and multiples of
    operators are taken apart; terms that are not of second order are estimated as they stand.

    **Arguments:**

    - `estimator`: the estimator of $L n$, one that samples directions.

    **Raises:** `ValueError` for an estimator that does not sample directions; on use, for a function that is not a
    `HardConstraint`.
    """

    estimator: AbstractSampler

    def __check_init__(self) -> None:
        if not isinstance(self.estimator, AbstractSampler):
            raise ValueError(
                "KnownFactor takes an estimator that samples directions, such as stde.SparseSTDE(16), got "
                f"{self.estimator!r}."
            )

    def value_and_apply(
        self, operator: AbstractOperator, u: Field, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> tuple[Any, Any]:
        def estimated(operator, fn, key):
            return *operator.draw(self.estimator, x, key=key).value_and_apply(fn, x), None

        value, result, _ = self._apply(estimated, operator, u, x, key)
        return value, result

    def value_and_moments(
        self, operator: AbstractOperator, u: Field, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> tuple[Any, Any, Any]:
        def estimated(operator, fn, key):
            return operator.draw(self.estimator, x, key=key).value_and_moments(fn, x)

        return self._apply(estimated, operator, u, x, key)

    def _apply(self, estimated, operator, u, x, key) -> tuple[Any, Any, Any]:
        if not isinstance(u, HardConstraint):
            raise ValueError(
                f"KnownFactor needs a function with a known factor, an stde.nn.HardConstraint(factor, net); got {u!r}. "
                "Give the network to another estimator, or wrap it."
            )
        self.estimator.check(operator, x, key=key)
        factor, net = traced(u.factor, x), traced(u.net, x)
        extension = None if u.extension is None else traced(u.extension, x)
        whole = HardConstraint(factor, net, extension)

        def by_parts(operator, key):
            match operator:
                case Sum():
                    keys = [None] * len(operator.operators) if key is None else jr.split(key, len(operator.operators))
                    parts = [by_parts(part, k) for part, k in zip(operator.operators, keys, strict=True)]
                    values, results, variances = zip(*parts, strict=True)
                    return values[0], added_up(results), added_up(variances)
                case Scaled():
                    value, result, variance = by_parts(operator.operator, key)
                    c = operator.at(x)
                    return value, multiplied(c, result), multiplied(jnp.abs(c) ** 2, variance)
                case AbstractSecondOrder():
                    return product(operator, slice(None), key)
                case Restricted(operator=AbstractSecondOrder()):
                    return product(operator, operator.selection.index, key)
            return estimated(operator, whole, key)

        def product(operator, selection, key):
            leaf = operator.operator if isinstance(operator, Restricted) else operator
            assert isinstance(leaf, AbstractSecondOrder)
            b, gradient = jax.value_and_grad(factor)(x)
            flux = leaf.flux(x, gradient[selection])
            flux = jnp.zeros_like(x).at[selection].set(flux)
            _, slope = jax.jvp(net, (x,), (flux,))
            exact = lambda fn: operator.draw(Exact(), x, key=None).value_and_apply(fn, x)
            _, applied_factor = exact(factor)
            n, applied, variance = estimated(operator, net, key)
            value, result = b * n, b * applied + 2 * slope + n * applied_factor
            if extension is not None:
                g, applied_extension = exact(extension)
                value, result = value + g, result + applied_extension
            return value, result, None if variance is None else b**2 * variance

        return by_parts(operator, key)
