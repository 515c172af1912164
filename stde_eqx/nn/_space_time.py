from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._custom_types import Field


class SpaceTime(eqx.Module):
    r"""A network of one array as a function of time and space, and of scalar features if there are any.

    $$(t, x) \mapsto \mathrm{net}(t, x_1, \ldots, x_d), \qquad
    (t, x, f) \mapsto \mathrm{net}(t, x_1, \ldots, x_d, f)$$

    **Arguments:**

    - `net`: a callable of one array of shape `(1 + dim,)`, such as `eqx.nn.MLP(1 + dim, "scalar", 128, 3, key=key)`;
        of one more for each feature, such as that of [`stde_eqx.DataAsFeature`][].
    """

    net: Field

    def __call__(self, t: Float[Array, ""], x: Float[Array, " dim"], *features: Float[Array, ""]) -> Any:
        # Integers are a point, too, but no type for a time.
        dtype = jnp.result_type(x, float)
        scalars = lambda values: [jnp.asarray(value, dtype)[None] for value in values]
        return self.net(jnp.concatenate([*scalars([t]), x.astype(dtype), *scalars(features)]))
