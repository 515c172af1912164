import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

import stde_eqx as stde

from .._checks import as_positive, as_setting
from ..laws import AbstractLaw, MeanReverting
from ._base import as_law, head_start
from ._initial_value import AbstractInitialValue


class OrnsteinUhlenbeck(stde.AbstractSemilinear, AbstractInitialValue):
    r"""The backward equation of Kolmogorov for a mean-reverting process: what is expected of it after a time $t$.

    $$u_t = \tfrac12 \sigma^2 \Delta u - \theta\, x \cdot \nabla u, \qquad
    u(0, x) = \frac1d \sum_i \cos x_i + \frac1{\sqrt d} \sum_i \sin x_i$$

    For $dX = -\theta X\, dt + \sigma\, dW$ from $x$, $u(t, x) = \mathbb{E}\, u(0, X_t)$ is the same sum at
    $e^{-\theta t} x$, times $e^{-v / 2}$ with the variance $v = \sigma^2 (1 - e^{-2 \theta t}) / 2 \theta$. The mean
    of the cosines alone would be all but constant in high dimension; the sines vary by a number of order one in any.

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `mean_reversion`: $\theta$.
    - `volatility`: $\sigma$.
    - `law`: of the points; [`zoo.laws.MeanReverting`][], the process itself, from near the origin at the final time
        by default.

    **Raises:** `ValueError` for an argument that does not fit.

    ??? cite "Reference"

        Pavliotis, *Stochastic Processes and Applications*, Springer 2014, chapter 2.
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    process: MeanReverting
    law: AbstractLaw

    def __init__(
        self,
        dim: int,
        final_time: float = 1.0,
        mean_reversion: float = 1.0,
        volatility: float = math.sqrt(2.0),
        *,
        law: AbstractLaw | None = None,
    ):
        self.dim, self.final_time = as_setting(dim, final_time)
        rate, volatility = as_positive("mean_reversion", mean_reversion), as_positive("volatility", volatility)
        self.process = MeanReverting(self.dim, rate, volatility)
        spread = volatility * math.sqrt(head_start(self.final_time))
        default = MeanReverting(self.dim, rate, volatility, origin=self.final_time, deviation=spread)
        self.law = as_law(law, default)

    @property
    def operator(self) -> stde.AbstractOperator:
        drift = stde.AdvectionOperator(lambda z: -self.process.rate * z[1:])
        return self.process.volatility**2 / 2 * stde.Laplacian() + drift

    def reaction(
        self, t: Float[Array, ""], x: Float[Array, " dim"], value: Float[Array, ""], square: Float[Array, ""]
    ) -> Float[Array, ""]:
        return jnp.zeros_like(value)

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.mean(jnp.cos(x)) + jnp.sum(jnp.sin(x)) / math.sqrt(self.dim)

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.exp(-self.process.variance(t) / 2) * self.initial(self.process.decay(t) * x)
