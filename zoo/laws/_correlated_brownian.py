import functools

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import as_dimension, as_fraction, as_nonnegative, as_number, as_positive
from ._base import AbstractLaw, elapsed


class CorrelatedBrownian(AbstractLaw):
    r"""Brownian motions with a drift of which any two have the same correlation, from a point at some time.

    $$x_i = x_0 + b s + \sigma \sqrt{s} \bigl(\sqrt{1 - \rho}\, Z_i + \sqrt{\rho}\, Z_0\bigr), \qquad
    s = |t - \mathrm{origin}| + h, \quad Z_0, \ldots, Z_d \sim \mathcal{N}(0, 1)$$

    The mean of the coordinates varies by $\sigma \sqrt{\rho s}$ in any dimension, and not by $\sigma \sqrt{s / d}$ as
    that of independent ones.

    **Arguments:**

    - `dim`: $d$.
    - `scale`: $\sigma$.
    - `correlation`: $\rho$, from 0 to 1.
    - `drift`: $b$, common to all coordinates.
    - `origin`: the time at which the paths are at the start, but for the head start.
    - `start`: $x_0$, a number for the point with all coordinates alike.
    - `head_start`: by how much earlier they left it, at most: $h$ is uniform from 0 to there.

    **Raises:** `ValueError` for a dimension, scale, correlation or head start out of range.
    """

    dim: int = eqx.field(static=True, converter=as_dimension)
    scale: float = eqx.field(converter=functools.partial(as_positive, "scale"))
    correlation: float = eqx.field(converter=functools.partial(as_fraction, "correlation"))
    drift: float = eqx.field(default=0.0, converter=functools.partial(as_number, "drift"))
    origin: float = eqx.field(default=0.0, converter=functools.partial(as_number, "origin"))
    start: float = eqx.field(default=0.0, converter=functools.partial(as_number, "start"))
    head_start: float = eqx.field(default=0.0, converter=functools.partial(as_nonnegative, "head_start"))

    def at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Normally distributed points with equal covariances."""
        own_key, common_key, start_key = jr.split(key, 3)
        own = jr.normal(own_key, (t.shape[0], self.dim), t.dtype)
        common = jr.normal(common_key, (t.shape[0], 1), t.dtype)
        passed = elapsed(t, self.origin, self.head_start, key=start_key)
        noise = (1 - self.correlation) ** 0.5 * own + self.correlation**0.5 * common
        return self.start + self.drift * passed + self.scale * jnp.sqrt(passed) * noise
