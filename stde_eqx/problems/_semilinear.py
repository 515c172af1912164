import abc
from typing import Any

from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field
from ..operators import AbstractEstimator, AbstractOperator, carre_du_champ, PartialDerivative
from ._parabolic import AbstractParabolic
from ._time_dependent import joined


class AbstractSemilinear(AbstractParabolic):
    r"""A parabolic PDE that is linear in its derivatives of second order, and quadratic at most in the gradient.

    $$u_t = L u + f(t, x, u, \Gamma(u))$$

    with an operator $L$ of second order in space and its squared gradient $\Gamma$, which is $|\nabla u|^2$ for the
    Laplacian (see [`stde_eqx.carre_du_champ`][]). The derivative in time, $L u$ and $\Gamma(u)$ come from one sweep and
    one draw.

    A concrete problem has `operator` and `reaction` in place of `rate`.
    """

    @property
    @abc.abstractmethod
    def operator(self) -> AbstractOperator:
        r"""$L$, acting on the coordinates of space. Coefficients that are functions get $z = (t, x_1, \ldots, x_d)$."""

    @abc.abstractmethod
    def reaction(
        self, t: Float[Array, ""], x: Float[Array, " dim"], value: Float[Array, ""], square: Float[Array, ""]
    ) -> Float[Array, ""]:
        r"""$f$ at one time and point.

        **Arguments:**

        - `t`: a scalar.
        - `x`: shape `(dim,)`.
        - `value`: $u(t, x)$.
        - `square`: $\Gamma(u)(t, x)$.

        **Returns:** a scalar.
        """

    def rate(
        self,
        u: Field,
        t: Float[Array, ""],
        x: Float[Array, " dim"],
        *,
        estimator: AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, ""]:
        """$L u + f$ at one time and point, for a function `u` of `x` alone."""
        return rate_of(self, u, t, x, estimator=estimator, key=key)

    def residual(
        self,
        u: Field,
        t: Float[Array, ""],
        x: Float[Array, " dim"],
        *,
        estimator: AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, ""]:
        """$u_t - L u - f$ at one time and point, from one sweep."""
        return residual_of(self, u, t, x, estimator=estimator, key=key)


def rate_of(problem: AbstractSemilinear, u: Field, t: Array, x: Array, **options: Any) -> Float[Array, ""]:
    """$L u + f$ for a function `u` of `x` alone, with the options of [`stde_eqx.carre_du_champ`][]."""
    function, z = joined(lambda _, y: u(y), t, x)
    found = carre_du_champ(problem.operator.on(slice(1, None)), function, z, **options)
    return found.applied + problem.reaction(t, x, found.value, found.square)


def residual_of(problem: AbstractSemilinear, u: Field, t: Array, x: Array, **options: Any) -> Float[Array, ""]:
    """$u_t - L u - f$, with the options of [`stde_eqx.carre_du_champ`][]."""
    function, z = joined(u, t, x)
    # Being of first order, the derivative in time leaves the squared gradient as it is.
    backward = problem.operator.on(slice(1, None)) - PartialDerivative((0,))
    found = carre_du_champ(backward, function, z, **options)
    return -found.applied - problem.reaction(t, x, found.value, found.square)
