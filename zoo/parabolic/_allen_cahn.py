import equinox as eqx
import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from .._checks import as_setting
from ..laws import AbstractLaw
from ..references import ReferenceValue, stored
from ._reaction_diffusion import AbstractReactionDiffusion, default_law


class ParabolicAllenCahn(AbstractReactionDiffusion):
    r"""The Allen-Cahn equation of the multilevel Picard literature.

    $$u_t = \Delta u + u - u^3, \qquad u(0, x) = \arctan \max_i x_i$$

    The data have a kink wherever two coordinates are largest, so the trial function starts from a smooth function that
    becomes them: the maximum is replaced by $\varepsilon \log \sum_i e^{x_i / \varepsilon}$ with
    $\varepsilon = \sqrt{2 t}$, the width over which diffusion has smoothed the kink.

    There is no formula: `target_value` and [`zoo.references.cloud`][] have values that
    [`zoo.references.solve_branching`][] has computed, at time 0.3 in 10, 100, 1000 and 10 000 dimensions.

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `law`: of the points; [`zoo.laws.Brownian`][] from the origin at the final time by default.

    **Raises:** `ValueError` for a dimension, time or law that does not fit.

    ??? cite "Reference"

        Table 8 of Shi, Hu, Lin and Kawaguchi, *Stochastic Taylor Derivative Estimator*, NeurIPS 2024.
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    law: AbstractLaw

    def __init__(self, dim: int, final_time: float = 0.3, *, law: AbstractLaw | None = None):
        self.dim, self.final_time = as_setting(dim, final_time)
        self.law = default_law(law, self.dim, self.final_time)

    def nonlinearity(self, value: Float[Array, ""]) -> Float[Array, ""]:
        return value - value**3

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.arctan(jnp.max(x))

    def extension(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        # Never quite zero: at time zero the width vanishes, and its slope is infinite.
        width = jnp.sqrt(2 * jnp.maximum(t, 1e-10 * self.final_time)).astype(x.dtype)
        largest = jnp.max(x)
        return jnp.arctan(largest + width * logsumexp((x - largest) / width))

    @property
    def target_value(self) -> ReferenceValue | None:
        """The packaged Monte Carlo value with its standard error; `None` for a setting that has not been computed."""
        return stored("ParabolicAllenCahn", self.dim, self.final_time)
