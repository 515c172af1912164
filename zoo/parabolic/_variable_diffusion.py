import math
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

import stde_eqx as stde

from .._checks import as_setting
from ..laws import AbstractLaw
from ._base import as_law, paths
from ._initial_value import AbstractInitialValue


#: Coefficients at the point z = (t, x) of space-time.
Coefficient = Callable[[Float[Array, " point"]], Float[Array, "..."]]


class VariableDiffusion(stde.AbstractSemilinear, AbstractInitialValue):
    r"""A diffusion whose full matrix and drift depend on time and space.

    $$u_t = \tfrac12 \operatorname{tr}\bigl(\sigma \sigma^T \nabla^2 u\bigr) + b \cdot \nabla u + f, \qquad
    u(t, x) = \sin(t + m \cdot x), \quad m = \frac{1}{\sqrt d} (1, \ldots, 1)$$

    The source follows from $\nabla u = \cos(t + m \cdot x)\, m$ and $\nabla^2 u = -u\, m m^T$,

    $$f = (1 - b \cdot m) \cos(t + m \cdot x) + \tfrac12 |\sigma^T m|^2 \sin(t + m \cdot x),$$

    for any coefficients. Those by default are $\sigma_{ij} = \delta_{ij} + \frac{1}{2 d} \cos(x_i - x_j + t)$, whose
    singular values lie between $\frac12$ and $\frac32$, and $b_i = \cos(t + x_i)$. The matrix is written out: for
    up to some thousand dimensions.

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `sigma`: a function of the point $z = (t, x)$ of space-time with a value of shape `(dim, columns)`, or one of
        the other shapes that [`stde_eqx.WeightedLaplacian`][] takes.
    - `drift`: a function of the same point with a value of shape `(dim,)`.
    - `law`: of the points; [`zoo.laws.Brownian`][] with the scale one from the origin at the final time by default.

    **Raises:** `ValueError` for a dimension, time or law that does not fit, or a coefficient that is not a function.

    ??? cite "Reference"

        Shi, Hu, Lin and Kawaguchi, *Stochastic Taylor Derivative Estimator*, NeurIPS 2024, eq. 20, for its estimate.
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    sigma: Coefficient
    drift: Coefficient
    law: AbstractLaw

    def __init__(
        self,
        dim: int,
        final_time: float = 1.0,
        *,
        sigma: Coefficient | None = None,
        drift: Coefficient | None = None,
        law: AbstractLaw | None = None,
    ):
        self.dim, self.final_time = as_setting(dim, final_time)
        self.sigma = _sigma if sigma is None else sigma
        self.drift = _drift if drift is None else drift
        for name, coefficient in {"sigma": self.sigma, "drift": self.drift}.items():
            if not callable(coefficient):
                raise ValueError(f"{name} must be a function of z = (t, x), got {name}={coefficient!r}.")
        self.law = as_law(law, paths(self.dim, 1.0, self.final_time, origin=self.final_time))

    @property
    def operator(self) -> stde.AbstractOperator:
        return 0.5 * stde.WeightedLaplacian(self.sigma) + stde.AdvectionOperator(self.drift)

    def reaction(
        self, t: Float[Array, ""], x: Float[Array, " dim"], value: Float[Array, ""], square: Float[Array, ""]
    ) -> Float[Array, ""]:
        return self.source(t, x)

    def source(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        """$f$ at one time and point."""
        z = jnp.concatenate([t[None], x])
        sigma, m = self.sigma(z), jnp.full(self.dim, 1 / math.sqrt(self.dim), x.dtype)
        along = m @ sigma if jnp.ndim(sigma) == 2 else sigma * m
        phase = t + m @ x
        return (1 - self.drift(z) @ m) * jnp.cos(phase) + along @ along / 2 * jnp.sin(phase)

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return self.exact(jnp.zeros((), x.dtype), x)

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        return jnp.sin(t + jnp.sum(x) / math.sqrt(self.dim))


def _sigma(z):
    t, x = z[0], z[1:]
    return jnp.eye(x.shape[0], dtype=x.dtype) + jnp.cos(x[:, None] - x[None] + t) / (2 * x.shape[0])


def _drift(z):
    return jnp.cos(z[0] + z[1:])
