from collections.abc import Callable
from typing import Any

from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde

from ..solutions import AbstractNeighbourSum, Clamped
from ._manufactured import AbstractManufactured


class ClampedPlate(AbstractManufactured):
    r"""The biharmonic equation on a ball, as of a plate that is clamped at its rim, in any dimension.

    $$\Delta^2 u = f \text{ in } \{|x| < R\}, \qquad u = \partial_n u = 0 \text{ on } \{|x| = R\}$$

    manufactured from a solution $u^* = (R^2 - |x|^2)^2 \sum_i c_i \varphi_i(x)$.

    **Arguments:**

    - `solution`: a [`zoo.TwoBody`][], [`zoo.ThreeBody`][], [`zoo.ExponentialSum`][] or [`zoo.TanhSum`][], whose sum,
        ball and coefficients are used, with the square of its boundary factor.

    **Raises:**

    `ValueError` if `solution` is something else.
    """

    solution: Clamped

    def __init__(self, solution: Any):
        if not isinstance(solution, AbstractNeighbourSum):
            raise ValueError(
                f"A clamped plate is built from a sum over neighbours, got {solution!r}. Write for example "
                "zoo.ClampedPlate(zoo.TwoBody(dim=100, key=jax.random.key(0)))."
            )
        self.solution = Clamped(solution)

    def source(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        r"""The right-hand side $f(x) = \Delta^2 u^*(x)$ at one point: a scalar, at a cost of $O(d)$."""
        return self.solution.bilaplacian(x)

    def residual(
        self,
        u: Callable[..., Any],
        x: Float[Array, " dim"],
        *,
        estimator: stde.AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, ""]:
        r"""$\Delta^2 u(x) - f(x)$, the operator exact or estimated."""
        return stde.Biharmonic()(u, x, estimator=estimator, key=key) - self.source(x)

    def ansatz(self, net: Callable[..., Any]) -> Callable[..., Any]:
        r"""$x \mapsto (R^2 - |x|^2)^2 \, \mathrm{net}(x)$, which vanishes on the sphere together with its slope."""
        return stde.nn.HardConstraint(self.solution.factor, net)
