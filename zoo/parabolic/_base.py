import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde

from ..laws import AbstractLaw
from ..references import ReferenceValue


class AbstractDiffusion(stde.AbstractParabolic):
    r"""A parabolic problem in the whole of $\mathbb{R}^d$: points come from a law, and one of them is the target.

    The literature compares solvers by the value at one point, at the time to which the equation leads.
    """

    law: eqx.AbstractVar[AbstractLaw]

    def sample_at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Points of the law, one for each of the times.

        **Arguments:**

        - `t`: times, of shape `(points,)`.
        - `key`: a `jax.random` key.

        **Returns:** an array of shape `(points, dim)`.
        """
        return self.law.at(t, key=key)

    @property
    def target(self) -> tuple[Float[Array, ""], Float[Array, " dim"]]:
        """The time and the point at which the literature wants the value: `t1`, and the origin."""
        return jnp.asarray(self.t1, float), jnp.zeros(self.dim)

    @property
    def target_value(self) -> ReferenceValue | None:
        """The value at the target, and how far it can be trusted; `None` where none is known."""
        value = self.exact(*self.target)
        return None if value is None else ReferenceValue(float(value), 0.0)


def check_setting(dim: Any, final_time: Any) -> None:
    """A dimension and a final time."""
    if isinstance(dim, bool) or not isinstance(dim, int) or dim < 1:
        raise ValueError(f"dim must be a whole number of at least 1, got dim={dim!r}.")
    if not (math.isfinite(final_time) and final_time > 0):
        raise ValueError(f"final_time must be positive and finite, got final_time={final_time!r}.")
