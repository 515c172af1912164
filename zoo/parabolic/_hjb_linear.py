import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde

from .._checks import as_setting, as_within
from ..laws import AbstractLaw
from ._base import as_law, paths
from ._terminal import AbstractTerminalValue


class HamiltonJacobiBellmanLinear(AbstractTerminalValue):
    r"""A Hamilton-Jacobi-Bellman equation with a power of the gradient, and a linear solution.

    $$u_t + \Delta u - \frac1d \sum_i |\partial_i u|^c = -2, \qquad u(t, x) = T - t + \sum_i x_i$$

    The ansatz, $\sum_i x_i + \frac{T - t}{T} \mathrm{net}$, has this solution for the constant network $T$.
    [`stde_eqx.train`][] starts from the best constant, and so from the solution: it is a check of residuals, and a test
    of training only with [`stde_eqx.SoftInitial`][].

    The gradient is exact, from one reverse pass, unless it is to be sampled: then the coordinates that the estimator
    draws for the Laplacian serve for both sums, from one sweep. With weights $w_i$ whose expectation is one,
    $\frac1d \sum_i w_i |\partial_i u|^c$ is unbiased, whatever the scheme that drew them. Random vectors do not see
    single derivatives.

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `power`: $c \ge 1$.
    - `sampled_gradient`: whether the sum over the gradient is estimated.
    - `law`: of the points; [`zoo.laws.Brownian`][] from the origin at the time 0 by default.

    **Raises:** `ValueError` for a dimension, time, power or law that does not fit; on use, for an estimator that does
    not draw coordinates, where the gradient is to be sampled.

    ??? cite "Reference"

        HJB-Lin of Hu, Shukla, Karniadakis and Kawaguchi, *Tackling the curse of dimensionality with physics-informed
        neural networks*, Neural Networks 176 (2024).
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    power: float = eqx.field(static=True)
    sampled_gradient: bool = eqx.field(static=True)
    law: AbstractLaw

    def __init__(
        self,
        dim: int,
        final_time: float = 1.0,
        power: float = 1.0,
        *,
        sampled_gradient: bool = False,
        law: AbstractLaw | None = None,
    ):
        self.dim, self.final_time = as_setting(dim, final_time)
        self.power = as_within(1.0, math.inf, "power", power)
        self.law = as_law(law, paths(self.dim, math.sqrt(2.0), self.final_time, origin=0.0))
        self.sampled_gradient = sampled_gradient

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.sum(x)

    def rate(
        self,
        u: stde.Field,
        t: Float[Array, ""],
        x: Float[Array, " dim"],
        *,
        estimator: stde.AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, ""]:
        if self.sampled_gradient:
            laplacian, control = self._sampled(u, x, estimator=estimator, key=key)
        else:
            laplacian = stde.Laplacian()(u, x, estimator=estimator, key=key)
            control = jnp.mean(self._cost(jax.grad(u)(x)))
        return -laplacian + control - 2

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return self.final_time - t + jnp.sum(x)

    def _cost(self, slopes):
        return jnp.abs(slopes) ** self.power

    def _sampled(self, u, x, *, estimator, key):
        if not isinstance(estimator, stde.AbstractSampler):
            self._refuse(estimator)
        draw = estimator.sample(stde.Laplacian(), x, key=key)
        if not (isinstance(draw, stde.Directions) and isinstance(draw.tangents, stde.operators.Coordinates)):
            self._refuse(estimator)
        _, (slopes, curvatures) = stde.taylor.directional_derivatives(
            u, x, draw.tangents.coefficient(x), order=2, size=draw.tangents.size
        )
        weights = draw.every_weight().astype(x.dtype)
        return jnp.sum(weights * curvatures), jnp.sum(weights * self._cost(slopes)) / self.dim

    def _refuse(self, estimator):
        raise ValueError(
            "With sampled_gradient=True the derivatives are those along the coordinates that an estimator draws, and "
            f"{estimator} draws none: use stde.SparseSTDE, or sampled_gradient=False."
        )
