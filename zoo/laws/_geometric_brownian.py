import functools

import equinox as eqx
import jax.core
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import as_dimension, as_nonnegative, as_number, as_positive
from ._base import AbstractLaw, elapsed


class GeometricBrownian(AbstractLaw):
    r"""Independent geometric Brownian motions that leave a point at some time, whichever way the time then runs.

    $$x_i = x_{0,i} \exp\Bigl(\bigl(\mu - \tfrac12 \sigma^2\bigr) s + \sigma \sqrt{s}\, Z_i\Bigr), \qquad
    s = |t - \mathrm{origin}| + h, \quad Z_i \sim \mathcal{N}(0, 1)$$

    **Arguments:**

    - `dim`: $d$.
    - `start`: $x_0 > 0$, of shape `(dim,)`, or a number for the point with all coordinates alike.
    - `volatility`: $\sigma$.
    - `drift`: $\mu$, the growth rate of the mean.
    - `origin`: the time at which the paths are at the start, but for the head start.
    - `head_start`: by how much earlier they left it, at most: $h$ is uniform from 0 to there.

    **Raises:** `ValueError` for a dimension, start, volatility or head start out of range.
    """

    dim: int = eqx.field(static=True, converter=as_dimension)
    start: Float[Array, " dim"] | Float[Array, ""] = eqx.field(converter=jnp.asarray)
    volatility: float = eqx.field(converter=functools.partial(as_positive, "volatility"))
    drift: float = eqx.field(default=0.0, converter=functools.partial(as_number, "drift"))
    origin: float = eqx.field(default=0.0, converter=functools.partial(as_number, "origin"))
    head_start: float = eqx.field(default=0.0, converter=functools.partial(as_nonnegative, "head_start"))

    def __check_init__(self) -> None:
        if self.start.shape not in ((), (self.dim,)):
            raise ValueError(f"start must be a number or have the shape ({self.dim},), got {self.start.shape}.")
        if not isinstance(self.start, jax.core.Tracer) and not np.all(np.asarray(self.start) > 0):
            raise ValueError(f"start must be positive, got {self.start}.")

    def at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Lognormally distributed points."""
        start_key, noise_key = jr.split(key)
        passed = elapsed(t, self.origin, self.head_start, key=start_key)
        noise = self.volatility * jnp.sqrt(passed) * jr.normal(noise_key, (t.shape[0], self.dim), t.dtype)
        growth = (self.drift - self.volatility**2 / 2) * passed
        return jnp.broadcast_to(self.start, (self.dim,)).astype(t.dtype)[None] * jnp.exp(growth + noise)
