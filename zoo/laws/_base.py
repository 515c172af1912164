import abc

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray


class AbstractLaw(eqx.Module):
    """A law of random points of space that may change with the time: where a problem is trained and judged."""

    dim: eqx.AbstractVar[int]

    @abc.abstractmethod
    def at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """One independent random point for each of the given times.

        **Arguments:**

        - `t`: times.
        - `key`: a `jax.random` key.

        **Returns:** an array of shape `(points, dim)`.
        """


def elapsed(
    t: Float[Array, " points"], origin: float, head_start: float, *, key: PRNGKeyArray
) -> Float[Array, "points 1"]:
    """How long paths have been on their way, each with a head start between zero and the given one.

    In high dimension the points of one variance lie on a thin shell. Head starts that vary fill the ball, its centre
    included, where a value is wanted.
    """
    return (jnp.abs(t - origin) + head_start * jr.uniform(key, t.shape, t.dtype))[:, None]
