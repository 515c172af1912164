from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

import stde_eqx as stde

from ..solutions import AbstractSolution
from ._base import as_solution
from ._manufactured import AbstractManufactured


class CoupledLaplacian(stde.operators.AbstractSecondOrder):
    r"""A diffusion that couples every coordinate with the next: $\operatorname{tr}(\sigma \sigma^T H)$, $\sigma$
    bidiagonal.

    The columns of $\sigma$ are $e_i + \kappa e_{i+1}$, so that $C = \sigma \sigma^T$ has $1 + \kappa^2$ on the
    diagonal (1 in the first place) and $\kappa$ beside it. They are its directions, with two entries each: $C$ is
    never written out.

    **Arguments:**

    - `coupling`: $\kappa$.
    """

    coupling: float

    def num_terms(self, x: Float[Array, " point"], *, dim: int) -> int:
        return dim

    def directions(
        self, x: Float[Array, " point"], rows: Int[Array, " rows"] | None = None, *, dim: int
    ) -> stde.Directions:
        rows = jnp.arange(dim) if rows is None else rows
        after = jnp.minimum(rows + 1, dim - 1)
        values = jnp.stack([jnp.ones(rows.shape), jnp.where(rows + 1 < dim, self.coupling, 0.0)], 1).astype(x.dtype)
        tangents = stde.operators.Coordinates(jnp.stack([rows, after], 1), values)
        return stde.Directions(tangents, jnp.ones((), x.dtype), 2)

    def magnitudes(self, x: Float[Array, " point"], *, dim: int) -> Float[Array, " terms"]:
        return jnp.full(dim, 1 + self.coupling**2, x.dtype).at[-1].set(1)

    def flux(self, x: Float[Array, " point"], vector: Float[Array, " dim"]) -> Float[Array, " dim"]:
        forward = vector + self.coupling * jnp.concatenate([vector[1:], jnp.zeros_like(vector[:1])])
        return self._factor(forward)

    def random_directions(
        self,
        x: Float[Array, " point"],
        num_samples: int,
        distribution: stde.AbstractDistribution,
        *,
        dim: int,
        key: PRNGKeyArray,
    ) -> stde.Directions:
        drawn = stde.Laplacian().random_directions(x, num_samples, distribution, dim=dim, key=key)
        vectors = drawn.tangents.dense(dim)
        return eqx.tree_at(lambda d: d.tangents, drawn, stde.operators.Vectors(self._factor(vectors)))

    def _factor(self, vectors: Float[Array, "*rows dim"]) -> Float[Array, "*rows dim"]:
        """The matrix sigma times vectors."""
        shifted = jnp.concatenate([jnp.zeros_like(vectors[..., :1]), vectors[..., :-1]], axis=-1)
        return vectors + self.coupling * shifted


class Anisotropic(AbstractManufactured):
    r"""An anisotropic elliptic equation whose matrix is not diagonal.

    $$\operatorname{tr}(C \nabla^2 u) = f \text{ in } D, \qquad u = 0 \text{ on } \partial D$$

    on the domain $D$ of the solution, with the matrix of a [`zoo.CoupledLaplacian`][]. The source is the exact operator
    applied to the chosen solution, which coordinate sparsity makes $O(d)$ for the sums over neighbours.

    **Arguments:**

    - `solution`: the exact solution, as for [`zoo.Poisson`][].
    - `coupling`: $\kappa$, how much neighbouring coordinates diffuse together; 0 is the Poisson equation.

    **Raises:**

    `ValueError` if `solution` is something else.
    """

    solution: AbstractSolution
    operator: CoupledLaplacian

    def __init__(self, solution: AbstractSolution, coupling: float = 0.5):
        self.solution = as_solution(solution)
        self.operator = CoupledLaplacian(coupling)

    def source(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        r"""The right-hand side $f(x) = \operatorname{tr}(C \nabla^2 u^*(x))$ at one point: a scalar."""
        return self.operator(self.solution, x)

    def residual(
        self,
        u: Callable[..., Any],
        x: Float[Array, " dim"],
        *,
        estimator: stde.AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, ""]:
        r"""$\operatorname{tr}(C \nabla^2 u(x)) - f(x)$, the operator exact or estimated."""
        return self.operator(u, x, estimator=estimator, key=key) - self.source(x)

    def ansatz(self, net: Callable[..., Any]) -> Callable[..., Any]:
        r"""$x \mapsto b(x) \, \mathrm{net}(x)$, which is zero on the boundary whatever the network."""
        return stde.nn.HardConstraint(self.domain.boundary_factor, net)
