import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

import stde_eqx as stde

from .._checks import as_positive, as_setting, as_within
from ..laws import AbstractLaw, GeometricBrownian
from ._base import as_law, head_start
from ._terminal import AbstractTerminalValue


class BlackScholesBarenblatt(stde.AbstractSemilinear, AbstractTerminalValue):
    r"""The Black-Scholes-Barenblatt equation, with a quadratic payoff.

    $$u_t + \tfrac12 \sigma^2 \sum_i x_i^2\, \partial_i^2 u = r\, (u - x \cdot \nabla u), \qquad
    u(t, x) = e^{(r + \sigma^2) (T - t)} |x|^2$$

    The second-order part is estimated from coordinates; [`stde_eqx.Importance`][] finds their weights $\sigma^2 x_i^2$
    by itself. The drift is one direction, and exact. The value wanted is that at $x = (1, \frac12, 1, \frac12,
    \ldots)$, which grows with the dimension.

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `volatility`: $\sigma$.
    - `interest`: $r$, from 0 to below 1.
    - `law`: of the points; [`zoo.laws.GeometricBrownian`][] with the drift $r$, the process of the equation, from the
        target by default.

    **Raises:** `ValueError` for a dimension, time, volatility, interest or law that does not fit.

    ??? cite "Reference"

        Raissi, *Forward-backward stochastic neural networks: deep learning of high-dimensional partial differential
        equations*, arXiv:1804.07010 (2018).
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    volatility: float = eqx.field(static=True)
    interest: float = eqx.field(static=True)
    law: AbstractLaw

    def __init__(
        self,
        dim: int,
        final_time: float = 1.0,
        volatility: float = 0.4,
        interest: float = 0.05,
        *,
        law: AbstractLaw | None = None,
    ):
        self.dim, self.final_time = as_setting(dim, final_time)
        self.volatility = as_positive("volatility", volatility)
        self.interest = as_within(0.0, 1.0, "interest", interest)
        spread = head_start(self.final_time)
        default = GeometricBrownian(
            self.dim, _target_point(self.dim), self.volatility, drift=self.interest, head_start=spread
        )
        self.law = as_law(law, default)

    @property
    def operator(self) -> stde.AbstractOperator:
        diffusion = stde.WeightedLaplacian(lambda z: self.volatility * z[1:])
        drift = stde.AdvectionOperator(lambda z: self.interest * z[1:])
        return -0.5 * diffusion - drift

    def reaction(
        self, t: Float[Array, ""], x: Float[Array, " dim"], value: Float[Array, ""], square: Float[Array, ""]
    ) -> Float[Array, ""]:
        return self.interest * value

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.sum(x * x)

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.exp((self.interest + self.volatility**2) * (self.final_time - t)) * jnp.sum(x * x)

    @property
    def target(self) -> tuple[Float[Array, ""], Float[Array, " dim"]]:
        return jnp.zeros(()), _target_point(self.dim)


def _target_point(dim):
    return jnp.where(jnp.arange(dim) % 2 == 0, 1.0, 0.5)
