import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


class Fourier(eqx.Module):
    """Random Fourier features and a perceptron on them."""

    frequencies: Float[Array, "features dim"]
    perceptron: eqx.nn.MLP

    def __init__(self, dim: int, features: int, *, key: PRNGKeyArray) -> None:
        frequency_key, key = jax.random.split(key)
        self.frequencies = jax.random.normal(frequency_key, (features, dim))
        self.perceptron = eqx.nn.MLP(2 * features, "scalar", 16, 2, activation=jnp.tanh, key=key)

    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        phase = jax.lax.stop_gradient(self.frequencies) @ x
        value: Float[Array, ""] = self.perceptron(jnp.concatenate([jnp.sin(phase), jnp.cos(phase)]))
        return value
