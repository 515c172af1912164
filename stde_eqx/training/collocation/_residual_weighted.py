import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ._base import AbstractCollocation


class ResidualWeighted(AbstractCollocation):
    r"""New points at every step, more of them where the residual is large.

    Of a pool of points by the problem's own law, so many as a step needs are chosen without replacement, with
    probabilities in proportion to

    $$\frac{e_n^k}{\operatorname{mean}(e^k)} + c,$$

    where $e_n$ is the size of the residual at a point of the pool, of the network as it is.

    The loss is then no longer the mean over the problem's law, and what training reports as loss is larger than that
    mean; errors are still judged by the law itself. Where the operators are sampled, $e_n$ is an estimate too, and its
    noise draws points as a large residual does.

    It costs the residual, without its gradient, at every point of the pool, and the memory for them.

    **Arguments:**

    - `pool`: points of the pool for each that is chosen, at least 2.
    - `power`: $k$, positive: how strongly points crowd.
    - `floor`: $c$, not negative: the part that is drawn by the law, whatever the residual.

    **Raises:** `ValueError` for an argument out of range.

    ??? cite "Reference"

        Wu, Zhu, Tan, Kartha & Lu, "A comprehensive study of non-adaptive and residual-based adaptive sampling for
        physics-informed neural networks", Computer Methods in Applied Mechanics and Engineering 403, 2023: there RAD,
        with the same defaults, resampled now and then where here it is at every step.
    """

    pool: int = eqx.field(static=True, default=10)
    power: float = eqx.field(static=True, default=1.0)
    floor: float = eqx.field(static=True, default=1.0)

    def __check_init__(self) -> None:
        if isinstance(self.pool, bool) or not isinstance(self.pool, int) or self.pool < 2:
            raise ValueError(
                "`pool` is how many points to choose one from, an integer of at least 2 such as 10; got "
                f"{self.pool!r}. For points by the problem's law alone, write `Fresh()`."
            )
        if not (0 < self.power and math.isfinite(self.power)):
            raise ValueError(
                f"`power` must be positive and finite, such as 1.0; got {self.power!r}. For points by the problem's "
                "law alone, write `Fresh()`."
            )
        if not (0 <= self.floor and math.isfinite(self.floor)):
            raise ValueError(f"`floor` must be finite and not negative, such as 1.0; got {self.floor!r}.")

    def __call__(
        self,
        sample: Callable[[int, PRNGKeyArray], Any],
        indicator: Callable[[Any, PRNGKeyArray], Float[Array, " points"]],
        num_points: int,
        *,
        key: PRNGKeyArray,
    ) -> Any:
        pool_key, draw_key, choice_key = jr.split(key, 3)
        pool = sample(self.pool * num_points, pool_key)
        sizes = indicator(pool, draw_key)
        finite = jnp.isfinite(sizes)
        sizes = jnp.where(finite, sizes, 0)
        # Divided by the largest before the power, which might overflow.
        largest = jnp.max(sizes)
        powers = (sizes / jnp.where(largest > 0, largest, 1)) ** self.power
        mean = jnp.mean(powers)
        weights = jnp.where(mean > 0, powers / jnp.where(mean > 0, mean, 1), 1) + self.floor
        # The largest of log w + Gumbel noise are a draw without replacement in proportion to w.
        scores = jnp.log(weights) + jr.gumbel(choice_key, weights.shape, weights.dtype)
        # A point whose residual is not finite is always chosen: training has to see it, and stop.
        _, chosen = jax.lax.top_k(jnp.where(finite, scores, jnp.inf), num_points)
        return jax.tree.map(lambda leaf: leaf[chosen], pool)
