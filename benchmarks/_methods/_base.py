import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde


Scalar = Float[Array, ""]
Unknown = Callable[[Float[Array, " dim"]], Scalar]
Batch = Float[Array, " points"]


class AbstractMethod(eqx.Module):
    """One way to compute an unknown and its Laplacian on a batch of points.

    Methods with equal estimators compute the same numbers: they draw the same directions from the same key.
    """

    name: eqx.AbstractVar[str]
    estimator: eqx.AbstractVar[Any]  # An estimator, or None where nothing is differentiated.

    @abc.abstractmethod
    def value_and_laplacian(
        self, u: Unknown, points: Float[Array, "points dim"], *, key: PRNGKeyArray
    ) -> tuple[Batch, Batch | None]:
        """`u` at every point, and its Laplacian there; `None` where the method has no input derivative at all."""

    def loop_trips(self) -> int:
        """How often the longest loop of the program runs: the compiler's operation count sees its body once."""
        return 1


class AbstractOneDirection(AbstractMethod):
    """A baseline defined by what it does for one point and one direction; `vmap` does the rest.

    The directions are shared by the batch and enter both `vmap`s unbatched where they can, so that what depends on the
    point alone, or on the direction alone (such as the product of the first weight matrix with it), is computed once.
    """

    @abc.abstractmethod
    def second_derivative(
        self, u: Unknown, x: Float[Array, " dim"], vector: Float[Array, " dim"]
    ) -> tuple[Scalar, Scalar]:
        """`u(x)` and the second derivative of `u` at `x` along the vector."""

    def value_and_laplacian(self, u, points, *, key):
        directions = self.estimator.sample(stde.Laplacian(), points[0], key=key)
        assert isinstance(directions, stde.Directions)
        vectors = directions.tangents.dense(points.shape[-1])
        # The value does not depend on the direction: out_axes=None makes JAX check that it is computed once.
        along = jax.vmap(lambda x, v: self.second_derivative(u, x, v), in_axes=(None, 0), out_axes=(None, 0))
        values, derivatives = jax.vmap(along, in_axes=(0, None))(points, vectors)
        return values, jnp.sum(directions.weights * derivatives, axis=-1)
