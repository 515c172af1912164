import abc
import functools

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.special import ndtr
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from .._checks import as_positive


class AbstractCall(eqx.Module):
    r"""What a call on an average of prices pays, $\max(A(x) - K, 0)$ for log prices $x$.

    Prices are in units of the initial ones, which are alike: the point 0 is where they all start.
    """

    strike: eqx.AbstractVar[float]

    @abc.abstractmethod
    def average(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The average $A$ of the prices, from their logarithms."""

    @abc.abstractmethod
    def expectation(
        self, x: Float[Array, " dim"], drift: Float[Array, ""], variance: Float[Array, ""]
    ) -> Float[Array, ""] | None:
        """The mean of the payoff after a Gaussian step of the log prices; `None` where there is no formula.

        **Arguments:**

        - `x`: the log prices before.
        - `drift`: the mean of the step of each.
        - `variance`: the variance of the mean of all steps.
        """

    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The payoff."""
        return jnp.maximum(self.average(x) - self.strike, 0)

    def smoothed(self, x: Float[Array, " dim"], width: Float[Array, ""]) -> Float[Array, ""]:
        """The payoff without its kink: its mean under a normal error of the average, as in Bachelier's formula."""
        gain = self.average(x) - self.strike
        return gain * ndtr(gain / width) + width * norm.pdf(gain / width)


class GeometricCall(AbstractCall):
    r"""A call on the geometric mean of prices, $A = \exp \frac1d \sum_i x_i$: lognormal where the prices are.

    **Arguments:**

    - `strike`: $K$, in units of the initial price.

    **Raises:** `ValueError` for a strike that is not positive.
    """

    strike: float = eqx.field(static=True, default=1.0, converter=functools.partial(as_positive, "strike"))

    def average(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.exp(jnp.mean(x))

    def expectation(
        self, x: Float[Array, " dim"], drift: Float[Array, ""], variance: Float[Array, ""]
    ) -> Float[Array, ""]:
        """The formula of Black and Scholes."""
        forward = jnp.exp(jnp.mean(x) + drift + variance / 2)
        deviation = jnp.sqrt(variance)
        above = (jnp.mean(x) + drift - jnp.log(self.strike)) / deviation
        return forward * ndtr(above + deviation) - self.strike * ndtr(above)


class ArithmeticCall(AbstractCall):
    r"""A call on the arithmetic mean of prices, $A = \frac1d \sum_i e^{x_i}$, of which no formula is known.

    **Arguments:**

    - `strike`: $K$, in units of the initial price.

    **Raises:** `ValueError` for a strike that is not positive.
    """

    strike: float = eqx.field(static=True, default=1.0, converter=functools.partial(as_positive, "strike"))

    def average(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.mean(jnp.exp(x))

    def expectation(self, x: Float[Array, " dim"], drift: Float[Array, ""], variance: Float[Array, ""]) -> None:
        return None
