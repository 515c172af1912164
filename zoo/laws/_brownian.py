import functools
import math

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import as_dimension, as_nonnegative, as_number, as_positive
from ._base import AbstractLaw, elapsed


class Brownian(AbstractLaw):
    r"""Brownian motion that leaves a point at some time, whichever way the time then runs.

    $$x \sim \mathcal{N}\bigl(x_0,\ \sigma^2 (|t - s| + h)\, I\bigr), \qquad h \sim \mathcal{U}(0, \text{head start})$$

    By the formula of Feynman and Kac the value of a diffusion equation at $(s, x_0)$ is made of the data, and of
    everything in between, along the paths that start there and run towards the data. With a head start, some of them
    have already spread by the time $s$.

    **Arguments:**

    - `dim`: $d$.
    - `scale`: $\sigma$; $\sqrt2$ belongs to the Laplacian.
    - `origin`: $s$.
    - `start`: $x_0$, a number for the point with all coordinates alike.
    - `head_start`: by how much earlier than $s$ a path left $x_0$, at most; not negative.

    **Raises:** `ValueError` for a dimension, scale or head start out of range.
    """

    dim: int = eqx.field(static=True, converter=as_dimension)
    scale: float = eqx.field(default=math.sqrt(2.0), converter=functools.partial(as_positive, "scale"))
    origin: float = eqx.field(default=0.0, converter=functools.partial(as_number, "origin"))
    start: float = eqx.field(default=0.0, converter=functools.partial(as_number, "start"))
    head_start: float = eqx.field(default=0.0, converter=functools.partial(as_nonnegative, "head_start"))

    def at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Normally distributed points, with the variance of their times."""
        start_key, noise_key = jr.split(key)
        deviation = self.scale * jnp.sqrt(elapsed(t, self.origin, self.head_start, key=start_key))
        return self.start + deviation * jr.normal(noise_key, (t.shape[0], self.dim), t.dtype)
