from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde

from ..laws import AbstractLaw, Brownian
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


def as_law(law: Any, default: AbstractLaw) -> AbstractLaw:
    """The given law, if it is one that fits; the default one for `None`."""
    if law is None:
        return default
    if not isinstance(law, AbstractLaw):
        raise ValueError(f"law must be a law of points such as zoo.laws.Brownian({default.dim}), got {law!r}.")
    if law.dim != default.dim:
        raise ValueError(f"The problem has dim={default.dim}, but the law has dim={law.dim}.")
    return law


def paths(dim: int, scale: float, final_time: float, *, origin: float) -> Brownian:
    """Brownian motion from the target, which is the point 0 at the time `origin`, back to the data.

    Head starts of up to a tenth of the time spread the points at the target's time, where the solution is judged.
    """
    return Brownian(dim, scale, origin=origin, head_start=head_start(final_time))


def head_start(final_time: float) -> float:
    """By how much earlier than the time of the target the paths leave it, at most."""
    return final_time / 10
