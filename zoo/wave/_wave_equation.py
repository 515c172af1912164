import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde

from .._checks import as_setting
from ..laws import LightCone


class WaveEquation(stde.AbstractTimeDependent):
    r"""The wave equation in the whole of $\mathbb{R}^d$, with data for the value and the velocity at the time 0.

    $$u_{tt} = \Delta u, \qquad u(0, x) = g(x), \quad u_t(0, x) = h(x), \qquad u(t, x) = \cosh t \sum_i \sinh x_i$$

    with $g = \sum_i \sinh x_i$ and $h = 0$. Points come from the backward light cone $|x| < R - t$, in which the data
    on $|x| < R$ determine the solution: what the waves bring from outside has not arrived yet, and no boundary
    condition is needed. In a random direction the sum is of the order of $|x|$ in any dimension.

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `radius`: $R$, larger than $T$.

    **Raises:** `ValueError` for a dimension, time or radius out of range.

    ??? cite "Reference"

        Evans, *Partial Differential Equations*, 2nd edition, AMS 2010, section 2.4.3, for the cone.
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    law: LightCone

    def __init__(self, dim: int, final_time: float = 1.0, radius: float = 2.0):
        self.dim, self.final_time = as_setting(dim, final_time)
        self.law = LightCone(self.dim, radius)
        if not radius > final_time:
            raise ValueError(
                f"The light cone of radius R ends at the time R: expected radius > final_time, got radius={radius} and "
                f"final_time={final_time}."
            )

    def sample(
        self, num_points: int, *, key: PRNGKeyArray
    ) -> tuple[Float[Array, " points"], Float[Array, "points dim"]]:
        """Times uniform in $[0, T]$, and for each of them a point of [`zoo.laws.LightCone`][]."""
        time_key, space_key = jr.split(key)
        t = self.final_time * jr.uniform(time_key, (num_points,))
        return t, self.law.at(t, key=space_key)

    def residual(
        self,
        u: stde.Field,
        t: Float[Array, ""],
        x: Float[Array, " dim"],
        *,
        estimator: stde.AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, "*parts"]:
        r"""$u_{tt} - \Delta u$; the derivative in time is exact, whatever the estimator."""
        u, z = stde.problems.joined(u, t, x)
        wave = stde.PartialDerivative((0, 0)) - stde.Laplacian().on(slice(1, None))
        return wave(u, z, estimator=estimator, key=key)

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The value $g$ at the time 0."""
        return jnp.sum(jnp.sinh(x))

    def velocity(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The derivative $h$ in time at the time 0."""
        return jnp.zeros((), x.dtype)

    def ansatz(self, net: stde.Field) -> stde.Field:
        r"""$(t, x) \mapsto g(x) + t\, h(x) + t^2\, \mathrm{net}(t, x)$, which has the data."""
        return stde.nn.HardConstraint(lambda t, x: t**2, net, lambda t, x: self.initial(x) + t * self.velocity(x))

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.cosh(t) * jnp.sum(jnp.sinh(x))
