import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde

from .._checks import as_setting
from ..laws import AbstractLaw
from ._base import as_law, paths
from ._terminal import AbstractTerminalValue


class BurgersType(AbstractTerminalValue):
    r"""A backward equation with the nonlinearity of Burgers, and a travelling front.

    $$u_t + \frac{d^2}{2} \Delta u + \Bigl(u - \frac{2 + d}{2 d}\Bigr)\, d \sum_i \partial_i u = 0, \qquad
    u(t, x) = \frac{e^s}{1 + e^s}, \quad s = t + \frac1d \sum_i x_i$$

    The sum of the derivatives is one direction, exact with every estimator, so that its product with $u$ has no bias.
    Diffusion is strong: the paths of the process spread $s$ by $\sqrt{d T}$, and for $d T \gg 1$ the front, of width
    one, is met by few of the points. The literature takes $T = 1$ for $d = 20$ and $T = 0.2$ for $d = 50$.

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `law`: of the points; [`zoo.laws.Brownian`][] with the scale $d$ from the origin at the time 0 by default.

    **Raises:** `ValueError` for a dimension, time or law that does not fit.

    ??? cite "Reference"

        E, Han and Jentzen, *Deep learning-based numerical methods for high-dimensional parabolic partial differential
        equations and backward stochastic differential equations*, Communications in Mathematics and Statistics 5
        (2017), section 4.5.
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    law: AbstractLaw

    def __init__(self, dim: int, final_time: float = 0.2, *, law: AbstractLaw | None = None):
        self.dim, self.final_time = as_setting(dim, final_time)
        self.law = as_law(law, paths(self.dim, float(self.dim), self.final_time, origin=0.0))

    def rate(
        self,
        u: stde.Field,
        t: Float[Array, ""],
        x: Float[Array, " dim"],
        *,
        estimator: stde.AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, ""]:
        value, along = jax.jvp(u, (x,), (jnp.ones_like(x),))
        laplacian = stde.Laplacian()(u, x, estimator=estimator, key=key)
        return -(self.dim**2) / 2 * laplacian - (value - (2 + self.dim) / (2 * self.dim)) * self.dim * along

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jax.nn.sigmoid(self.final_time + jnp.mean(x))

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jax.nn.sigmoid(t + jnp.mean(x))
