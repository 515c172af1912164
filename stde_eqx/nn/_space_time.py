from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._custom_types import Field


class SpaceTime(eqx.Module):
    r"""A network of one array as a function of time and space.

    $$(t, x) \mapsto \mathrm{net}(t, x_1, \ldots, x_d)$$

    **Arguments:**

    - `net`: a callable of one array of shape `(1 + dim,)`, such as `eqx.nn.MLP(1 + dim, "scalar", 128, 3, key=key)`.
    """

    net: Field

    def __call__(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Any:
        return self.net(jnp.concatenate([jnp.asarray(t, x.dtype)[None], x]))
