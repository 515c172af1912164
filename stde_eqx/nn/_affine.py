from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._custom_types import Field


class Affine(eqx.Module):
    r"""A network whose output is shifted and scaled by constants that are not trained.

    $$x \mapsto \mathrm{shift} + \mathrm{scale} \cdot \mathrm{net}(x)$$

    The optimiser then works on `net`, whose useful values are O(1), whatever the size of the function it stands for.
    Gradients do not flow to `shift` and `scale`.

    **Arguments:**

    - `net`: the network to wrap, any callable of one point, `x` or `(t, x)`.
    - `shift`: the constant added, a scalar; 0 by default.
    - `scale`: the factor of the network's output, a scalar; 1 by default.
    """

    net: Field
    shift: Float[Array, ""] = eqx.field(converter=jnp.asarray, default=0.0)
    scale: Float[Array, ""] = eqx.field(converter=jnp.asarray, default=1.0)

    def __call__(self, *point: Any) -> Any:
        return jax.lax.stop_gradient(self.shift) + jax.lax.stop_gradient(self.scale) * self.net(*point)
