import math

import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ..domains import AbstractDomain
from ._base import as_domain
from ._neighbour_sum import AbstractNeighbourSum


class TwoBody(AbstractNeighbourSum):
    r"""The two-body solution: every coordinate interacts with the next.

    $$u(x) = b(x) \sum_{i=1}^{d-1} c_i \sin a_i, \qquad b(x) = R^2 - |x|^2, \quad
    a_i = x_i + \cos x_{i+1} + x_{i+1} \cos x_i$$

    With $x = x_i$, $y = x_{i+1}$, $q = \partial_x a = 1 - y \sin x$, $r = \partial_y a = \cos x - \sin y$ and
    $p = -\Delta a = y \cos x + \cos y$, so that $a = x + p$, and for a vector with $(v, w) = (v_i, v_{i+1})$,

    $$(v, w) \cdot \nabla \sin a = (v q + w r) \cos a, \qquad \Delta \sin a = -p \cos a - (q^2 + r^2) \sin a.$$

    The cost is $O(d)$.

    **Arguments:**

    - `dim`: the dimension $d$, at least 2.
    - `key`: a `jax.random` key for the coefficients $c_i \sim N(0, 1)$.
    - `radius`: the radius $R$ of the ball, positive; 1 if neither this nor a domain is given.
    - `domain`: where the solution lives instead of a ball about the origin, such as [`zoo.Cube`][] or
        [`zoo.WholeSpace`][], with $b$ its boundary factor.

    **Raises:**

    `ValueError` if `dim` or `radius` is out of range, or both `radius` and `domain` are given.

    ??? cite "Reference"

        Shi, Hu, Lin & Kawaguchi, "Stochastic Taylor Derivative Estimator", NeurIPS 2024, arXiv:2412.00088; there with
        radius 1. The problem is from Hu, Shukla, Karniadakis & Kawaguchi, "Tackling the curse of dimensionality with
        physics-informed neural networks", Neural Networks 176, 2024.
    """

    domain: AbstractDomain
    coefficients: Float[Array, " dim-1"]

    def __init__(
        self, dim: int, *, key: PRNGKeyArray, radius: float | None = None, domain: AbstractDomain | None = None
    ):
        self.domain = as_domain(dim, radius, domain)
        if self.domain.dim < 2:
            raise ValueError(f"TwoBody couples pairs of neighbouring coordinates: it needs dim >= 2, got dim={dim}.")
        self.coefficients = jr.normal(key, (self.domain.dim - 1,))

    @property
    def value_at_origin(self) -> float:
        return math.sin(1)

    def terms(self, x: Float[Array, " dim"]) -> Float[Array, " terms"]:
        cos = jnp.cos(x)
        return jnp.sin(x[:-1] + x[1:] * cos[:-1] + cos[1:])

    def terms_and_derivatives(
        self, x: Float[Array, " dim"], vector: Float[Array, " dim"]
    ) -> tuple[Float[Array, " terms"], Float[Array, " terms"], Float[Array, " terms"]]:
        sin, cos = jnp.sin(x), jnp.cos(x)
        x, y = x[:-1], x[1:]
        p = y * cos[:-1] + cos[1:]
        q = 1 - y * sin[:-1]
        r = cos[:-1] - sin[1:]
        sin_a, cos_a = jnp.sin(x + p), jnp.cos(x + p)
        return sin_a, (vector[:-1] * q + vector[1:] * r) * cos_a, -p * cos_a - (q * q + r * r) * sin_a
