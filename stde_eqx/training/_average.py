from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int


class ExponentialAverage(eqx.Module):
    r"""An average of the parameters over the last steps: what is evaluated and returned, while training goes on with
    the parameters themselves.

    $$\bar\theta_k = \beta_k \bar\theta_{k-1} + (1 - \beta_k)\, \theta_k, \qquad
    \beta_k = \min\bigl(\beta, \tfrac{1 + k}{10 + k}\bigr)$$

    A step on few points with a sampled operator is noisy; the average over many steps is less so. It costs a copy of
    the parameters.

    **Arguments:**

    - `decay`: $\beta$, between 0 and 1; the average is over about $1 / (1 - \beta)$ steps.

    **Raises:** `ValueError` for a decay out of range.

    ??? cite "Reference"

        Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", SIAM Journal on Control and
        Optimization 30(4), 1992.
    """

    decay: float = 0.999

    def __check_init__(self) -> None:
        if not 0 < self.decay < 1:
            raise ValueError(f"`decay` must be between 0 and 1, such as 0.999; got {self.decay!r}.")

    def update(self, average: Any, params: Any, *, step: Int[Array, ""]) -> Any:
        """The next average, from the parameters after the step."""
        ramp = (1 + step) / (10 + step)
        moved = optax.incremental_update(params, average, 1 - jnp.minimum(self.decay, ramp))
        return jax.tree.map(lambda new, old: new.astype(old.dtype), moved, average)
