import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

import stde_eqx as stde

from .._checks import as_positive, as_setting, as_within
from ..laws import AbstractLaw, CorrelatedBrownian
from ._base import as_law, head_start
from ._call import AbstractCall, GeometricCall
from ._terminal import AbstractTerminalValue


class BlackScholesBasket(stde.AbstractSemilinear, AbstractTerminalValue):
    r"""The price of a call on the average of $d$ assets, any two of which have the same correlation.

    $$u_t + \tfrac12 \sigma^2 \bigl[(1 - \rho) \Delta u + \rho\, (1 \cdot \nabla)^2 u\bigr]
    + \bigl(r - \tfrac12 \sigma^2\bigr)\, 1 \cdot \nabla u = r u, \qquad u(T, x) = \max(A(x) - K, 0)$$

    The coordinates are the logarithms of the prices, in units of the initial ones: the coefficients, $x_i x_j$ in
    prices, are then constant, no coordinate has a boundary, and the points are Gaussian. The matrix of equal
    correlations is a multiple of the identity and one of $1 1^T$: a Laplacian, estimated or exact, and one direction,
    which is always exact.

    The price of the geometric mean is a formula; that of the arithmetic mean is not known exactly. The payoff has a
    kink, so the trial function starts from the payoff smoothed over what the average moves in the time to go.

    **Arguments:**

    - `dim`: $d$.
    - `payoff`: a [`zoo.GeometricCall`][] with strike one by default, or a [`zoo.ArithmeticCall`][].
    - `final_time`: $T$.
    - `volatility`: $\sigma$.
    - `correlation`: $\rho$, from 0 to below 1.
    - `interest`: $r$, from 0 to below 1.
    - `law`: of the points; [`zoo.laws.CorrelatedBrownian`][], the process of the equation, from equal prices at the
        time 0 by default.

    **Raises:** `ValueError` for an argument that does not fit.

    ??? cite "Reference"

        Glasserman, *Monte Carlo Methods in Financial Engineering*, Springer 2003, chapter 3, for the geometric mean.
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    volatility: float = eqx.field(static=True)
    correlation: float = eqx.field(static=True)
    interest: float = eqx.field(static=True)
    payoff: AbstractCall
    law: AbstractLaw

    def __init__(
        self,
        dim: int,
        payoff: AbstractCall | None = None,
        final_time: float = 1.0,
        *,
        volatility: float = 0.3,
        correlation: float = 0.5,
        interest: float = 0.05,
        law: AbstractLaw | None = None,
    ):
        self.dim, self.final_time = as_setting(dim, final_time)
        self.volatility = as_positive("volatility", volatility)
        self.interest = as_within(0.0, 1.0, "interest", interest)
        self.correlation = as_within(0.0, 1.0, "correlation", correlation)
        self.payoff = GeometricCall() if payoff is None else payoff
        if not isinstance(self.payoff, AbstractCall):
            raise ValueError(f"payoff must be a zoo.GeometricCall() or a zoo.ArithmeticCall(), got {payoff!r}.")
        spread = head_start(self.final_time)
        default = CorrelatedBrownian(self.dim, self.volatility, self.correlation, self._drift, head_start=spread)
        self.law = as_law(law, default)

    @property
    def _drift(self):
        return self.interest - self.volatility**2 / 2

    def _variance(self, t):
        """Of the mean of the log prices, over the time to go."""
        each = self.volatility**2 * (self.correlation + (1 - self.correlation) / self.dim)
        # Never quite zero: prices are divided by its root, and in float32 the fourth powers of that should be finite.
        return each * jnp.maximum(self.final_time - t, 1e-12 * self.final_time)

    @property
    def operator(self) -> stde.AbstractOperator:
        ones, half = jnp.ones(self.dim), self.volatility**2 / 2
        own = half * (1 - self.correlation) * stde.Laplacian()
        common = half * self.correlation * stde.DirectionalDerivative(ones, order=2)
        return -own - common - self._drift * stde.DirectionalDerivative(ones)

    def reaction(
        self, t: Float[Array, ""], x: Float[Array, " dim"], value: Float[Array, ""], square: Float[Array, ""]
    ) -> Float[Array, ""]:
        return self.interest * value

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return self.payoff(x)

    def extension(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return self.payoff.smoothed(x, self.payoff.strike * jnp.sqrt(self._variance(t)))

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""] | None:
        left = self.final_time - t
        expectation = self.payoff.expectation(x, self._drift * left, self._variance(t))
        return None if expectation is None else jnp.exp(-self.interest * left) * expectation
