from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field
from ._algebra import Composition, Scaled, Sum
from ._base import (
    AbstractDirectionalOperator,
    AbstractEstimator,
    AbstractOperator,
    AbstractSampler,
    AbstractSecondOrder,
    estimator_or_exact,
    value_and_apply,
)
from ._directions import Directions
from ._identity import Identity
from ._linear import LinearOperator
from ._point import check_function_and_point
from ._polyharmonic import Polyharmonic
from ._restricted import Restricted


class CarreDuChamp(eqx.Module):
    r"""What [`stde_eqx.carre_du_champ`][] returns: all that a semilinear equation of second order is made of.

    **Attributes:**

    - `value`: $u(x)$.
    - `applied`: $L u(x)$.
    - `square`: $\Gamma(u)(x)$, the squared gradient.
    """

    value: Float[Array, ""]
    applied: Float[Array, ""]
    square: Float[Array, ""]


def carre_du_champ(
    operator: AbstractOperator,
    u: Field,
    x: Float[Array, " dim"],
    *,
    estimator: AbstractEstimator | None = None,
    key: PRNGKeyArray | None = None,
    reverse_pass: bool = False,
) -> CarreDuChamp:
    r"""An operator of second order and the squared gradient that belongs to it, from one sweep and one draw.

    $$\Gamma(u) = \tfrac12 \bigl(L(u^2) - 2 u L u\bigr)$$

    is $|\nabla u|^2$ for the Laplacian, $|\sigma^T \nabla u|^2$ for $L = \operatorname{tr}(\sigma \sigma^T H)$ and half
    of that for the generator $\tfrac12 \operatorname{tr}(\sigma \sigma^T H) + b \cdot \nabla$: terms of first order do
    not contribute. It is linear in the directions, so it is exact where the operator is, and unbiased where the
    operator's estimate is; a sum over sampled directions of the squared derivatives that the sweep passes anyway. No
    reverse pass, and nothing of the size of the gradient, is needed. Asked for, one reverse pass makes $\Gamma(u)$
    exact beside an estimate of $L u$.

    **Arguments:**

    - `operator`: a differential operator of order two, lower-order terms included but that of order zero.
    - `u`: a function of one point with a scalar value.
    - `x`: the point.
    - `estimator`: how to choose the directions; every one of them (`stde.Exact()`) if `None`.
    - `key`: the randomness of the estimator.
    - `reverse_pass`: whether the squared gradient is made of the gradient itself, whatever the estimator.

    **Returns:** a [`stde_eqx.operators.CarreDuChamp`][].

    **Raises:** `ValueError` as [`stde_eqx.value_and_apply`][], for operators of another order, and for estimators that
    do not only draw directions; with a reverse pass, also for an operator whose matrix is not known: sums and multiples
    of operators of second and of first order are.

    ??? cite "Reference"

        Bakry, Gentil and Ledoux, *Analysis and Geometry of Markov Diffusion Operators*, Springer 2014, section 1.4.
    """
    check_function_and_point(u, x)
    estimator = estimator_or_exact(estimator)
    _check_order(operator, x)
    if reverse_pass:
        value, applied = value_and_apply(operator, u, x, estimator=estimator, key=key)
        _check_scalar(value)
        return CarreDuChamp(value, applied, _square(operator, jax.grad(u)(x), x))

    if not isinstance(estimator, AbstractSampler):
        raise ValueError(
            f"{estimator} does more with a function than to draw directions, which serve for the square as well: use "
            "stde.SparseSTDE(16) for example, or reverse_pass=True."
        )

    # With w = u - u(x), which vanishes at x, L(w^2) is a sum of squares without cancellation. That u(x) is held fixed
    # is wrong for whoever differentiates the result, by exactly L of 2 w dw = 2 dw L u, which the last term mends: its
    # value is zero, its derivative is not.
    def with_square(z: Float[Array, " dim"]) -> Any:
        value = jnp.asarray(u(z))
        _check_scalar(value)
        return value, _departure(value) ** 2

    (value, _), (applied, square) = value_and_apply(operator, with_square, x, estimator=estimator, key=key)
    return CarreDuChamp(value, applied, square / 2 - _departure(value) * applied)


def _check_order(operator: AbstractOperator, x: Float[Array, " dim"]) -> None:
    """Only of operators of first and second order is the square that of a gradient."""
    match operator:
        case Sum():
            for part in operator.operators:
                _check_order(part, x)
        case Scaled():
            _check_order(operator.operator, x)
        case Identity() | Composition() | Polyharmonic():
            _refuse(operator)
        case LinearOperator() if operator.zeroth or operator.order not in (1, 2):
            _refuse(operator)
        case AbstractDirectionalOperator() | Restricted() if _order(operator, x) not in (1, 2):
            _refuse(operator)


def _order(operator: AbstractDirectionalOperator | Restricted, x: Float[Array, " dim"]) -> int:
    """The order of an operator that is known by its directions."""
    leaf, dim = (
        (operator.operator, operator.selection.size(x.shape[0]))
        if isinstance(operator, Restricted)
        else (operator, x.shape[0])
    )
    directions = eqx.filter_eval_shape(lambda x: leaf.directions(x, dim=dim), x)
    return directions.order if isinstance(directions, Directions) else 1


def _refuse(operator: AbstractOperator) -> None:
    raise ValueError(
        f"A squared gradient belongs to operators of first and second order, got {operator}. Terms of order zero, such "
        "as c u, are added to the result."
    )


def _square(operator: AbstractOperator, gradient: Array, x: Float[Array, " dim"]) -> Array:
    r"""$\nabla u \cdot C \nabla u$ with the matrix $C$ of the operator."""
    match operator:
        case Sum():
            return sum((_square(part, gradient, x) for part in operator.operators), jnp.zeros((), x.dtype))
        case Scaled():
            return operator.at(x) * _square(operator.operator, gradient, x)
        case AbstractSecondOrder():
            return jnp.vdot(gradient, operator.flux(x, gradient))
        case Restricted(operator=AbstractSecondOrder() as inner):
            chosen = gradient[operator.selection.index]
            return jnp.vdot(chosen, inner.flux(x, chosen))
        case LinearOperator() if operator.order == 1:
            return jnp.zeros((), x.dtype)
        case AbstractDirectionalOperator() | Restricted() if _order(operator, x) == 1:
            return jnp.zeros((), x.dtype)
    raise ValueError(
        f"The matrix of {operator} is not known, so a reverse pass does not give its squared gradient: leave out "
        "reverse_pass, or write the operator as an stde.SecondOrder or stde.WeightedLaplacian."
    )


def _check_scalar(value: Array) -> None:
    if value.shape != ():
        raise ValueError(
            f"The squared gradient is that of a function with a scalar value, got shape {value.shape}; a network "
            'ends in a scalar by eqx.nn.MLP(dim, "scalar", ...).'
        )


def _departure(value: Float[Array, ""]) -> Float[Array, ""]:
    return value - jax.lax.stop_gradient(value)
