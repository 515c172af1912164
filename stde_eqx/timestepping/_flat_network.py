from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from ..nn import Affine


class FlatNetwork(eqx.Module):
    """The way from a vector of parameters to the function that has them, and back.

    The floating-point arrays of the template are the parameters; everything else stays as it is, and so do the shift
    and the scale of its output.
    """

    template: Any
    shift: Float[Array, ""] = eqx.field(converter=jnp.asarray, default=0.0)
    scale: Float[Array, ""] = eqx.field(converter=jnp.asarray, default=1.0)

    @property
    def vector(self) -> Float[Array, " params"]:
        """The parameters of the template."""
        return ravel_pytree(eqx.filter(self.template, eqx.is_inexact_array))[0]

    def __call__(self, vector: Float[Array, " params"]) -> Affine:
        """The network with these parameters, shifted and scaled."""
        params, rest = eqx.partition(self.template, eqx.is_inexact_array)
        return Affine(eqx.combine(ravel_pytree(params)[1](vector), rest), self.shift, self.scale)
