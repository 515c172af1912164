import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

import stde_eqx as stde

from .._checks import as_positive, as_setting
from ..laws import AbstractLaw, MeanReverting
from ._base import as_law
from ._initial_value import AbstractInitialValue


class AbstractFokkerPlanck(stde.AbstractSemilinear, AbstractInitialValue):
    r"""How the probability density of a mean-reverting process evolves, from a Gaussian start.

    $$p_t = \tfrac12 \sigma^2 \Delta p + \theta \nabla \cdot (x p), \qquad
    p(t, \cdot) = \mathcal{N}\bigl(e^{-\theta t} x_0,\ v(t) I\bigr)$$

    A concrete problem says for which function of $p$ the equation is solved.
    """

    process: eqx.AbstractVar[MeanReverting]

    @property
    def operator(self) -> stde.AbstractOperator:
        r"""$\frac12 \sigma^2 \Delta + \theta\, x \cdot \nabla$."""
        drift = stde.AdvectionOperator(lambda z: self.process.rate * z[1:])
        return self.process.volatility**2 / 2 * stde.Laplacian() + drift

    @property
    def compression(self) -> float | Float[Array, ""]:
        r"""$\theta d$, the rate at which the drift compresses volumes."""
        return self.process.rate * self.dim

    def log_density(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        r"""$\log p(t, x)$, exactly."""
        mean, variance = self.process.decay(t) * self.process.start, self.process.variance(t)
        return -self.dim / 2 * jnp.log(2 * math.pi * variance) - jnp.sum((x - mean) ** 2) / (2 * variance)


class FokkerPlanck(AbstractFokkerPlanck):
    r"""The Fokker-Planck equation of a mean-reverting process, for the logarithm of the density.

    $$u_t = \tfrac12 \sigma^2 \bigl(\Delta u + |\nabla u|^2\bigr) + \theta\, (d + x \cdot \nabla u), \qquad u = \log p$$

    The density itself is too small, or too large, for floating-point numbers from some ten dimensions on; its
    logarithm is of the size of the dimension. The Gaussian's mean and variance both move, so that $u$ does even where
    the density has its peak. For the density in a few dimensions see [`zoo.FokkerPlanckDensity`][].

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `mean_reversion`: $\theta$.
    - `volatility`: $\sigma$.
    - `start`: $x_0$, the mean of every coordinate at the time 0.
    - `deviation`: the standard deviation of every coordinate at the time 0, positive.
    - `law`: of the points; [`zoo.laws.MeanReverting`][], the process itself, by default.

    **Raises:** `ValueError` for an argument that does not fit.

    ??? cite "Reference"

        Hu, Zhang, Karniadakis and Kawaguchi, *Score-based physics-informed neural networks for high-dimensional
        Fokker-Planck equations*, arXiv:2402.07465 (2024), who learn the gradient of the logarithm instead.
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
        start: float = 1.0,
        deviation: float = 0.5,
        law: AbstractLaw | None = None,
    ):
        self.dim, self.final_time = as_setting(dim, final_time)
        self.process = diffusing(self.dim, mean_reversion, volatility, start, deviation)
        self.law = as_law(law, self.process)

    def reaction(
        self, t: Float[Array, ""], x: Float[Array, " dim"], value: Float[Array, ""], square: Float[Array, ""]
    ) -> Float[Array, ""]:
        return square + self.compression

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return self.log_density(jnp.zeros((), x.dtype), x)

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return self.log_density(t, x)


def diffusing(dim: int, mean_reversion: Any, volatility: Any, start: Any, deviation: Any) -> MeanReverting:
    """The process whose density is sought, from a start at the time 0 that has one."""
    rate, deviation = as_positive("mean_reversion", mean_reversion), as_positive("deviation", deviation)
    return MeanReverting(dim, rate, volatility, start=start, deviation=deviation)
