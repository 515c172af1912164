import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_positive, as_setting
from ..laws import AbstractLaw
from ._reaction_diffusion import AbstractReactionDiffusion, default_law


class Heat(AbstractReactionDiffusion):
    r"""The heat equation, with a Gaussian that spreads.

    $$u_t = \Delta u, \qquad u(t, x) = \Bigl(1 + \frac{4 t}{w}\Bigr)^{-d/2} \exp\Bigl(-\frac{|x|^2}{w + 4 t}\Bigr),
    \qquad w = d \cdot \mathrm{width}$$

    A width in proportion to the dimension keeps the solution of order one in any of them: at the origin it tends to
    $e^{-2 t / \mathrm{width}}$, and on the points of the law $|x|^2$ is a multiple of $d$.

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `width`: the square of the initial radius at which the data are down to $1/e$, over $d$.
    - `law`: of the points; [`zoo.laws.Brownian`][] from the origin at the final time by default.

    **Raises:** `ValueError` for a dimension, time, width or law that does not fit.

    ??? cite "Reference"

        Evans, *Partial Differential Equations*, 2nd edition, AMS 2010, section 2.3.
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    width: float = eqx.field(static=True)
    law: AbstractLaw

    def __init__(self, dim: int, final_time: float = 1.0, width: float = 4.0, *, law: AbstractLaw | None = None):
        self.dim, self.final_time = as_setting(dim, final_time)
        self.width = as_positive("width", width)
        self.law = default_law(law, self.dim, self.final_time)

    def nonlinearity(self, value: Float[Array, ""]) -> Float[Array, ""]:
        return jnp.zeros_like(value)

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return self.exact(jnp.zeros((), x.dtype), x)

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        w = self.dim * self.width
        # The logarithm of the power: for large d the base is too close to one to be rounded first.
        return jnp.exp(-self.dim / 2 * jnp.log1p(4 * t / w) - jnp.sum(x * x) / (w + 4 * t))
