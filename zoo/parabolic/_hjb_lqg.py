import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

import stde_eqx as stde

from .._checks import as_positive, as_setting
from ..laws import AbstractLaw
from ._base import as_law, paths
from ._cole_hopf import cole_hopf
from ._terminal import AbstractTerminalValue


class HamiltonJacobiBellmanLQG(stde.AbstractSemilinear, AbstractTerminalValue):
    r"""The Hamilton-Jacobi-Bellman equation of linear-quadratic control.

    $$u_t + \Delta u - \mu |\nabla u|^2 = 0, \qquad u(T, x) = \log \frac{1 + |x|^2}{2}$$

    The transform of Cole and Hopf makes it linear; `exact` is one integral, smooth in time and space, computed in
    the precision of the points (see [`zoo.references.ColeHopf`][]). At the origin, for $T = \mu = 1$, it is 2.157022,
    4.590162, 6.906255 and 9.210190 in 10, 100, 1000 and 10 000 dimensions.

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `mu`: $\mu$, how much control acts.
    - `law`: of the points; [`zoo.laws.Brownian`][] from the origin at the time 0 by default.

    **Raises:** `ValueError` for a dimension, time, $\mu$ or law that does not fit.

    ??? cite "Reference"

        E, Han and Jentzen, *Deep learning-based numerical methods for high-dimensional parabolic partial differential
        equations and backward stochastic differential equations*, Communications in Mathematics and Statistics 5
        (2017), section 4.3.
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    mu: float = eqx.field(static=True)
    law: AbstractLaw

    def __init__(self, dim: int, final_time: float = 1.0, mu: float = 1.0, *, law: AbstractLaw | None = None):
        self.dim, self.final_time = as_setting(dim, final_time)
        self.mu = as_positive("mu", mu)
        self.law = as_law(law, paths(self.dim, math.sqrt(2.0), self.final_time, origin=0.0))

    @property
    def operator(self) -> stde.AbstractOperator:
        return -stde.Laplacian()

    def reaction(
        self, t: Float[Array, ""], x: Float[Array, " dim"], value: Float[Array, ""], square: Float[Array, ""]
    ) -> Float[Array, ""]:
        # The squared gradient of minus the Laplacian is -|grad u|^2.
        return -self.mu * square

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.log1p(jnp.sum(x * x)) - math.log(2)

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        square = jnp.sum(x * x)
        return cole_hopf(self.final_time - t, square, dim=self.dim, mu=self.mu, longest=self.final_time)
