from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from ._errors import UsageError


@dataclass(frozen=True)
class Network:
    """A multilayer perceptron with tanh between its layers."""

    width: int = 128
    """Units in each hidden layer."""
    depth: int = 3
    """Hidden layers."""

    def build(self, dim: int, *, key: PRNGKeyArray) -> eqx.nn.MLP:
        if self.width < 1 or self.depth < 0:
            raise UsageError(f"a network needs --network.width >= 1 and --network.depth >= 0, got {self}")
        return eqx.nn.MLP(dim, "scalar", self.width, self.depth, activation=jnp.tanh, key=key)
