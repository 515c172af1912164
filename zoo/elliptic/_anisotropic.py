from collections.abc import Callable
from typing import Any

from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde

from ..solutions import AbstractSolution
from ._base import as_solution
from ._coupled_laplacian import CoupledLaplacian
from ._manufactured import AbstractManufactured


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
