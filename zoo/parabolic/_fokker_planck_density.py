import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_setting
from ..laws import AbstractLaw, MeanReverting
from ._base import as_law
from ._fokker_planck import AbstractFokkerPlanck, diffusing


#: In so many dimensions densities still are of a reasonable size.
_LARGEST_DIM = 10


class FokkerPlanckDensity(AbstractFokkerPlanck):
    r"""The Fokker-Planck equation of a mean-reverting process, for the density itself, in a few dimensions.

    $$p_t = \tfrac12 \sigma^2 \Delta p + \theta\, (d\, p + x \cdot \nabla p)$$

    It is linear, and its solution is a probability density: a method in time should keep its integral. For more
    dimensions see [`zoo.FokkerPlanck`][].

    **Arguments:**

    - `dim`: $d$, at most 10.
    - `final_time`, `mean_reversion`, `volatility`, `start`, `deviation`, `law`: as for [`zoo.FokkerPlanck`][].

    **Raises:** `ValueError` for an argument that does not fit.

    ??? cite "Reference"

        Pavliotis, *Stochastic Processes and Applications*, Springer 2014, chapter 4.
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
        if dim > _LARGEST_DIM:
            raise ValueError(
                f"A density in {dim} dimensions is too small or too large for floating-point numbers: "
                f"use zoo.FokkerPlanck({dim}), whose unknown is its logarithm, or at most {_LARGEST_DIM} dimensions."
            )

    def reaction(
        self, t: Float[Array, ""], x: Float[Array, " dim"], value: Float[Array, ""], square: Float[Array, ""]
    ) -> Float[Array, ""]:
        return self.compression * value

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return self.exact(jnp.zeros((), x.dtype), x)

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.exp(self.log_density(t, x))
