import abc

import equinox as eqx
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
