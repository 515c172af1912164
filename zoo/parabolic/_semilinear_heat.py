import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_setting
from ..laws import AbstractLaw
from ..references import RadialTable
from ._radial_data import profile, reference, smoothed
from ._reaction_diffusion import AbstractReactionDiffusion, default_law


class SemilinearHeat(AbstractReactionDiffusion):
    r"""The semilinear heat equation of the multilevel Picard literature.

    $$u_t = \Delta u + \frac{1 - u^2}{1 + u^2}, \qquad u(0, x) = \frac{5}{10 + 2 |x|^2}$$

    `exact` is a numerical solution of the radial equation, right to 1e-8 (see [`zoo.references.solve_radial`][]).

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `law`: of the points; [`zoo.laws.Brownian`][] from the origin at the final time by default.

    **Raises:** `ValueError` for a dimension, time or law that does not fit.

    ??? cite "Reference"

        Table 7 of Shi, Hu, Lin and Kawaguchi, *Stochastic Taylor Derivative Estimator*, NeurIPS 2024.
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    law: AbstractLaw
    reference: RadialTable

    def __init__(self, dim: int, final_time: float = 0.3, *, law: AbstractLaw | None = None):
        self.dim, self.final_time = as_setting(dim, final_time)
        self.law = default_law(law, self.dim, self.final_time)
        self.reference = reference(_nonlinearity, self.dim, self.final_time)

    def nonlinearity(self, value: Float[Array, ""]) -> Float[Array, ""]:
        return _nonlinearity(value)

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return profile(jnp.sum(x * x))

    def extension(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return smoothed(t - self.t0, jnp.sum(x * x), self.dim)

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return self.reference(t, x)


def _nonlinearity(value):
    return (1 - value**2) / (1 + value**2)
