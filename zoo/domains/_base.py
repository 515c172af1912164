import abc

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray


class AbstractDomain(eqx.Module):
    """Where a problem lives: laws of random points inside and on the boundary, and a function that vanishes there."""

    dim: eqx.AbstractVar[int]

    @abc.abstractmethod
    def sample(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Random points of the interior.

        **Arguments:**

        - `num_points`: how many, a Python integer.
        - `key`: a `jax.random` key.

        **Returns:**

        An array of shape `(num_points, dim)`, in JAX's default floating-point type.
        """

    @abc.abstractmethod
    def sample_boundary(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Random points of the boundary; arguments and result as for `sample`."""

    @abc.abstractmethod
    def boundary_factor(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """A smooth function, positive inside and zero exactly on the boundary, at one point of shape `(dim,)`."""
