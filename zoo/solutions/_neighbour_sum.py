import abc

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from ._base import AbstractSolution


class AbstractNeighbourSum(AbstractSolution):
    r"""A weighted sum of one function of a few neighbouring coordinates, times the boundary factor.

    $$u(x) = b(x) \sum_i c_i \, \varphi_i(x), \qquad b(x) = R^2 - |x|^2, \quad
    \varphi_i(x) = \varphi(x_i, x_{i+1}, \dots)$$

    By the product rule, with $\nabla b = -2x$ and $\Delta b = -2d$,

    $$\Delta u = \sum_i c_i \, (b \, \Delta \varphi_i - 4 \, x \cdot \nabla \varphi_i) - 2 d \sum_i c_i \, \varphi_i.$$
    """

    coefficients: eqx.AbstractVar[Float[Array, " terms"]]

    @property
    @abc.abstractmethod
    def value_at_origin(self) -> float:
        r"""$\varphi(0)$, the value that every $\varphi_i$ has at the origin."""

    @abc.abstractmethod
    def terms(self, x: Float[Array, " dim"]) -> Float[Array, " terms"]:
        r"""$\varphi_i(x)$ for every $i$."""

    @abc.abstractmethod
    def terms_and_derivatives(
        self, x: Float[Array, " dim"]
    ) -> tuple[Float[Array, " terms"], Float[Array, " terms"], Float[Array, " terms"]]:
        r"""$\varphi_i(x)$, $x \cdot \nabla \varphi_i(x)$ and $\Delta \varphi_i(x)$ for every $i$."""

    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return self.domain.boundary_factor(x) * self._sum(self.terms(x))

    def value_and_laplacian(self, x: Float[Array, " dim"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
        factor = self.domain.boundary_factor(x)
        terms, radial, laplacian = self.terms_and_derivatives(x)
        total = self._sum(terms)
        curvature = self.contract(factor * laplacian - 4 * radial)
        return factor * total, curvature - 2 * self.dim * total

    def _sum(self, terms: Float[Array, " terms"]) -> Float[Array, ""]:
        # In high dimension the terms are nearly equal and the coefficients' signs cancel: in float32 the constant
        # part, added up apart, would drown what distinguishes one point from another.
        constant = self.value_at_origin * jnp.sum(self.coefficients)
        return constant + self.contract(terms - self.value_at_origin)

    def contract(self, terms: Float[Array, " terms"]) -> Float[Array, ""]:
        r"""$\sum_i c_i t_i$."""
        # A contraction rather than sum(c * terms): XLA fuses the terms into one pass, and a batch into a product with
        # a matrix. The highest precision keeps accelerators from rounding float32 factors to fewer bits.
        return jnp.dot(self.coefficients, terms, precision=lax.Precision.HIGHEST)
