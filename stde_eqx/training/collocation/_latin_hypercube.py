from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ._base import AbstractCollocation
from ._push_forward import as_law, points_of, PushForward


class LatinHypercube(AbstractCollocation):
    r"""Points that are spread evenly in every coordinate by itself.

    Each of the intervals $[n/N, (n+1)/N)$ of each coordinate holds exactly one of the $N$ points, in an order of its
    own. Every point is uniform by itself, so that the loss remains unbiased; of the loss as a function of one point,
    the part that is a sum of functions of single numbers has next to no variance left, the others have theirs. It
    serves in any dimension, and helps as much as that sum explains of the loss.

    !!! example

        ```python
        points = stde.training.collocation.LatinHypercube(problem.domain.push_forward)
        stde.train(problem, network, collocation=points, key=key)
        ```

    **Arguments:**

    - `law`: a [`stde_eqx.training.collocation.PushForward`][]. It takes the place of the problem's own law.

    **Raises:** `ValueError` for a law of another kind, and while the step is traced for one whose points are not of
        the problem's shape.

    ??? cite "Reference"

        McKay, Beckman & Conover, "A comparison of three methods for selecting values of input variables in the analysis
        of output from a computer code", Technometrics 21(2), 1979. Stein, "Large sample properties of simulations using
        Latin hypercube sampling", Technometrics 29(2), 1987.
    """

    law: PushForward

    def __init__(self, law: PushForward):
        self.law = as_law("LatinHypercube", law)

    def uniforms(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Points of the unit cube.

        **Arguments:**

        - `num_points`: how many, a Python integer.
        - `key`: a `jax.random` key.

        **Returns:** shape `(num_points, law.dim)`, above 0 and below 1.
        """
        order_key, place_key = jr.split(key)
        shape = (num_points, self.law.dim)
        place = jr.uniform(place_key, shape)
        intervals = jnp.broadcast_to(jnp.arange(num_points, dtype=place.dtype)[:, None], shape)
        intervals = jr.permutation(order_key, intervals, axis=0, independent=True)
        # Rounding reaches the ends, and a quantile of 0 or 1 may be infinite.
        info = jnp.finfo(place.dtype)
        return jnp.clip((intervals + place) / num_points, info.tiny, 1 - info.epsneg)

    def __call__(
        self,
        sample: Callable[[int, PRNGKeyArray], Any],
        indicator: Callable[[Any, PRNGKeyArray], Float[Array, " points"]],
        num_points: int,
        *,
        key: PRNGKeyArray,
    ) -> Any:
        return points_of(self.law, self.uniforms(num_points, key=key), sample, key=key)
