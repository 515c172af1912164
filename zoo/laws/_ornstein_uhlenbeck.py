import functools
import math

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import as_dimension, as_nonnegative, as_number, as_positive
from ._base import AbstractLaw


class MeanReverting(AbstractLaw):
    r"""The process of Ornstein and Uhlenbeck, $dX = -\theta X\, ds + \sigma\, dW$, from a Gaussian start.

    $$x \sim \mathcal{N}\bigl(e^{-\theta s} x_0,\ v(s) I\bigr), \qquad
    v(s) = e^{-2 \theta s} v_0 + \sigma^2\, \frac{1 - e^{-2 \theta s}}{2 \theta}, \qquad s = |t - \mathrm{origin}|$$

    **Arguments:**

    - `dim`: $d$.
    - `rate`: $\theta > 0$.
    - `volatility`: $\sigma$.
    - `origin`: the time of the start, whichever way the time then runs.
    - `start`: $x_0$, a number for the point with all coordinates alike.
    - `deviation`: $\sqrt{v_0} \ge 0$, the standard deviation of the coordinates at the start.

    **Raises:** `ValueError` for a dimension, rate, volatility or deviation out of range.
    """

    dim: int = eqx.field(static=True, converter=as_dimension)
    rate: float = eqx.field(default=1.0, converter=functools.partial(as_positive, "rate"))
    volatility: float = eqx.field(default=math.sqrt(2.0), converter=functools.partial(as_positive, "volatility"))
    origin: float = eqx.field(default=0.0, converter=functools.partial(as_number, "origin"))
    start: float = eqx.field(default=0.0, converter=functools.partial(as_number, "start"))
    deviation: float = eqx.field(default=0.0, converter=functools.partial(as_nonnegative, "deviation"))

    def decay(self, elapsed: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        r"""$e^{-\theta s}$, the factor of what a path starts from, after a time $s$."""
        return jnp.exp(-self.rate * elapsed)

    def variance(self, elapsed: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """$v(s)$, the variance of every coordinate after a time $s$."""
        gained = -(self.volatility**2) * jnp.expm1(-2 * self.rate * elapsed) / (2 * self.rate)
        return self.decay(elapsed) ** 2 * self.deviation**2 + gained

    def at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Normally distributed points, with the mean and the variance of their times."""
        elapsed = jnp.abs(t - self.origin)[:, None]
        noise = jr.normal(key, (t.shape[0], self.dim), t.dtype)
        return self.decay(elapsed) * self.start + jnp.sqrt(self.variance(elapsed)) * noise
