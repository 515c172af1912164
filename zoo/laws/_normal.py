import equinox as eqx
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ._base import AbstractLaw


class Normal(AbstractLaw):
    r"""The normal law $\mathcal{N}(\mu, \sigma^2 I)$ at all times.

    **Arguments:**

    - `dim`: $d$.
    - `mean`: $\mu$, a number for the point with all coordinates alike.
    - `deviation`: $\sigma$, positive.

    **Raises:** `ValueError` for a dimension or a deviation out of range.
    """

    dim: int = eqx.field(static=True)
    mean: float = 0.0
    deviation: float = 1.0

    def __check_init__(self) -> None:
        if self.dim < 1 or not self.deviation > 0:
            raise ValueError(f"Normal needs dim >= 1 and deviation > 0, got {self.dim} and {self.deviation}.")

    def at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Normally distributed points."""
        return self.mean + self.deviation * jr.normal(key, (t.shape[0], self.dim), t.dtype)
