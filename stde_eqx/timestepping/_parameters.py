from typing import Any

import equinox as eqx
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float


class Parameters(eqx.Module):
    """The way from a vector of parameters to the network that has them, and back.

    The floating-point arrays of the template are the parameters; everything else stays as it is.
    """

    template: Any

    @property
    def vector(self) -> Float[Array, " params"]:
        """The parameters of the template."""
        return ravel_pytree(eqx.filter(self.template, eqx.is_inexact_array))[0]

    def __call__(self, vector: Float[Array, " params"]) -> Any:
        """The network with these parameters."""
        params, rest = eqx.partition(self.template, eqx.is_inexact_array)
        return eqx.combine(ravel_pytree(params)[1](vector), rest)
