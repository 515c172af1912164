import abc

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from ._base import AbstractSolution


class AbstractNeighbourSum(AbstractSolution):
    r"""A weighted sum of one function of a few neighbouring coordinates, times the boundary factor.

    $$u(x) = b(x) \sum_i c_i \, \varphi_i(x), \qquad \varphi_i(x) = \varphi(x_i, x_{i+1}, \dots)$$

    with the boundary factor $b$ of the domain, $R^2 - |x|^2$ on a ball. By the product rule,

    $$\Delta u = \sum_i c_i \, (b \, \Delta \varphi_i + 2 \, \nabla b \cdot \nabla \varphi_i) + \Delta b \sum_i c_i \,
    \varphi_i.$$
    """

    coefficients: eqx.AbstractVar[Float[Array, " terms"]]

    @property
    def reach(self) -> int:
        r"""How many neighbouring coordinates each $\varphi_i$ is a function of."""
        return self.dim + 1 - self.coefficients.shape[0]

    @property
    @abc.abstractmethod
    def value_at_origin(self) -> float:
        r"""$\varphi(0)$, the value that every $\varphi_i$ has at the origin."""

    @abc.abstractmethod
    def terms(self, x: Float[Array, " dim"]) -> Float[Array, " terms"]:
        r"""$\varphi_i(x)$ for every $i$."""

    @abc.abstractmethod
    def terms_and_derivatives(
        self, x: Float[Array, " dim"], vector: Float[Array, " dim"]
    ) -> tuple[Float[Array, " terms"], Float[Array, " terms"], Float[Array, " terms"]]:
        r"""$\varphi_i(x)$, $v \cdot \nabla \varphi_i(x)$ for a vector $v$, and $\Delta \varphi_i(x)$, for every $i$."""

    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return self.domain.boundary_factor(x) * self.weighted_sum(self.terms(x))

    def value_and_laplacian(self, x: Float[Array, " dim"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
        factor, gradient, bend = self.domain.boundary_factor_and_derivatives(x)
        terms, slope, laplacian = self.terms_and_derivatives(x, gradient)
        total = self.weighted_sum(terms)
        return factor * total, self.contract(factor * laplacian + 2 * slope) + bend * total

    def weighted_sum(self, terms: Float[Array, " terms"]) -> Float[Array, ""]:
        r"""$\sum_i c_i \varphi_i(x)$ from the $\varphi_i(x)$, right in float32 where all are near $\varphi(0)$."""
        # In high dimension the terms are nearly equal and the coefficients' signs cancel: in float32 the constant
        # part, added up apart, would drown what distinguishes one point from another.
        constant = self.value_at_origin * jnp.sum(self.coefficients)
        return constant + self.contract(terms - self.value_at_origin)

    def contract(self, terms: Float[Array, " terms"]) -> Float[Array, ""]:
        r"""$\sum_i c_i t_i$ of any numbers."""
        # A contraction rather than sum(c * terms): XLA fuses the terms into one pass, and a batch into a product with
        # a matrix. The highest precision keeps accelerators from rounding float32 factors to fewer bits.
        return jnp.dot(self.coefficients, terms, precision=lax.Precision.HIGHEST)
