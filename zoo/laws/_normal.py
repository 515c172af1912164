import functools

import equinox as eqx
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import as_dimension, as_number, as_positive
from ._base import AbstractLaw


class Normal(AbstractLaw):
    r"""The normal law $\mathcal{N}(\mu, \sigma^2 I)$ at all times.

    **Arguments:**

    - `dim`: $d$.
    - `mean`: $\mu$, a number for the point with all coordinates alike.
    - `deviation`: $\sigma$, positive.

    **Raises:** `ValueError` for a dimension or a deviation out of range.
    """

    dim: int = eqx.field(static=True, converter=as_dimension)
    mean: float = eqx.field(default=0.0, converter=functools.partial(as_number, "mean"))
    deviation: float = eqx.field(default=1.0, converter=functools.partial(as_positive, "deviation"))

    def at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Normally distributed points."""
        return self.mean + self.deviation * jr.normal(key, (t.shape[0], self.dim), t.dtype)
