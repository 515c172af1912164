import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

import stde_eqx as stde

from .._checks import as_positive, as_setting, as_within
from ..laws import AbstractLaw
from ._base import as_law, paths
from ._terminal import AbstractTerminalValue


class QuadraticGradient(stde.AbstractSemilinear, AbstractTerminalValue):
    r"""A backward equation with the square of the gradient, manufactured from a solution that oscillates.

    $$u_t + |\nabla u|^2 + \tfrac12 \Delta u = \psi_t + |\nabla \psi|^2 + \tfrac12 \Delta \psi, \qquad
    u = \psi = \sin q^\alpha, \quad q = T - t + \frac{|x|^2}{d}$$

    With $\psi = \varphi(q)$ the derivatives of first order cancel, and the right-hand side is
    $\frac{2 |x|^2}{d^2} \bigl(2 \varphi'^2 + \varphi''\bigr)$. The solution is singular at $t = T$, $x = 0$, and
    nowhere else; the data are, at $x = 0$. Extended in time as they stand they would be singular there at all times,
    so the trial function starts from $\sin \bar q^\alpha$ with $\bar q^2 = (T - t)^2 + |x|^4 / d^2$.

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `alpha`: $\alpha$, above 0 and below 1.
    - `law`: of the points; [`zoo.laws.Brownian`][] from the origin at the time 0 by default.

    **Raises:** `ValueError` for a dimension, time, $\alpha$ or law that does not fit.

    ??? cite "Reference"

        E, Han and Jentzen, *Deep learning-based numerical methods for high-dimensional parabolic partial differential
        equations and backward stochastic differential equations*, Communications in Mathematics and Statistics 5
        (2017), section 4.6.
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    alpha: float = eqx.field(static=True)
    law: AbstractLaw

    def __init__(self, dim: int, final_time: float = 1.0, alpha: float = 0.4, *, law: AbstractLaw | None = None):
        self.dim, self.final_time = as_setting(dim, final_time)
        self.alpha = as_within(0.0, 1.0, "alpha", as_positive("alpha", alpha))
        self.law = as_law(law, paths(self.dim, 1.0, self.final_time, origin=0.0))

    @property
    def operator(self) -> stde.AbstractOperator:
        return -0.5 * stde.Laplacian()

    def reaction(
        self, t: Float[Array, ""], x: Float[Array, " dim"], value: Float[Array, ""], square: Float[Array, ""]
    ) -> Float[Array, ""]:
        # The squared gradient of minus half the Laplacian is -|grad u|^2 / 2.
        return 2 * square + self.source(t, x)

    def source(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        r"""The right-hand side of the equation at one time and point."""
        scaled = jnp.sum(x * x) / self.dim
        q, a = self.final_time - t + scaled, self.alpha
        sine, cosine = jnp.sin(q**a), jnp.cos(q**a)
        first = a * q ** (a - 1) * cosine
        second = a * (a - 1) * q ** (a - 2) * cosine - (a * q ** (a - 1)) ** 2 * sine
        return 2 * scaled / self.dim * (2 * first**2 + second)

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.sin((jnp.sum(x * x) / self.dim) ** self.alpha)

    def extension(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.sin(((self.final_time - t) ** 2 + (jnp.sum(x * x) / self.dim) ** 2) ** (self.alpha / 2))

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.sin((self.final_time - t + jnp.sum(x * x) / self.dim) ** self.alpha)
