from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field
from ._base import AbstractEstimator, AbstractOperator, value_and_apply


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
) -> CarreDuChamp:
    r"""An operator of second order and the squared gradient that belongs to it, from one sweep and one draw.

    $$\Gamma(u) = \tfrac12 \bigl(L(u^2) - 2 u L u\bigr)$$

    is $|\nabla u|^2$ for the Laplacian, $|\sigma^T \nabla u|^2$ for $L = \operatorname{tr}(\sigma \sigma^T H)$ and half
    of that for the generator $\tfrac12 \operatorname{tr}(\sigma \sigma^T H) + b \cdot \nabla$: terms of first order do
    not contribute. It is linear in the directions, so it is exact where the operator is, and unbiased where the
    operator's estimate is; a sum over sampled directions of the squared derivatives that the sweep passes anyway. No
    reverse pass, and nothing of the size of the gradient, is needed.

    **Arguments:**

    - `operator`: a differential operator of order two, lower-order terms included but that of order zero.
    - `u`: a function of one point with a scalar value.
    - `x`: the point.
    - `estimator`: how to choose the directions; every one of them (`stde.Exact()`) if `None`.
    - `key`: the randomness of the estimator.

    **Returns:** a [`stde_eqx.operators.CarreDuChamp`][].

    **Raises:** `ValueError` as [`stde_eqx.value_and_apply`][].

    ??? cite "Reference"

        Bakry, Gentil and Ledoux, *Analysis and Geometry of Markov Diffusion Operators*, Springer 2014, section 1.4.
    """

    # With w = u - u(x), which vanishes at x, L(w^2) is a sum of squares without cancellation. That u(x) is held fixed
    # is wrong for whoever differentiates the result, by exactly L of 2 w dw = 2 dw L u, which the last term mends: its
    # value is zero, its derivative is not.
    def with_square(z: Float[Array, " dim"]) -> Any:
        value = jnp.asarray(u(z))
        if value.shape != ():
            raise ValueError(
                f"The squared gradient is that of a function with a scalar value, got shape {value.shape}; a network "
                'ends in a scalar by eqx.nn.MLP(dim, "scalar", ...).'
            )
        return value, _departure(value) ** 2

    (value, _), (applied, square) = value_and_apply(operator, with_square, x, estimator=estimator, key=key)
    return CarreDuChamp(value, applied, square / 2 - _departure(value) * applied)


def _departure(value: Float[Array, ""]) -> Float[Array, ""]:
    return value - jax.lax.stop_gradient(value)
