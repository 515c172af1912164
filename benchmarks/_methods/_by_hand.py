import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

import stde_eqx as stde

from ._base import AbstractMethod


class ByHand(AbstractMethod):
    """The forward Laplacian written out for one architecture, an `eqx.nn.MLP` with `tanh`: what there is to match.

    With J the Jacobian and L the Laplacian of a layer's input, those of tanh(W x + b) = y are (1 - y^2) W J and
    (1 - y^2) (W L - 2 y |W J|^2).
    """

    name: str
    estimator: stde.Exact = stde.Exact()

    def value_and_laplacian(self, u, points, *, key):
        del key
        assert isinstance(u, eqx.nn.MLP)
        (first, bias), *hidden, (last, last_bias) = [(layer.weight.T, jnp.asarray(layer.bias)) for layer in u.layers]
        y, jacobian, laplacian = _tanh(points @ first + bias, first, 0.0)
        for w, bias in hidden:
            y, jacobian, laplacian = _tanh(y @ w + bias, jacobian @ w, laplacian @ w)
        # The Jacobian of the last layer is not needed: it is linear.
        return (y @ last + last_bias)[:, 0], (laplacian @ last)[:, 0]


def _tanh(
    z: Float[Array, "points width"], jacobian: Float[Array, "... dim width"], laplacian
) -> tuple[jax.Array, jax.Array, jax.Array]:
    y = jnp.tanh(z)
    slope = 1 - y**2
    squares = jnp.sum(jacobian**2, axis=-2)
    return y, slope[:, None] * jacobian, slope * (laplacian - 2 * y * squares)
