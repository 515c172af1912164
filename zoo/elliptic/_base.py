import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde

from ..solutions import AbstractSolution
from ._manufactured import AbstractManufactured


def as_solution(solution: Any) -> AbstractSolution:
    """The argument itself; every problem refuses by this what is not a solution."""
    if isinstance(solution, AbstractSolution):
        return solution
    raise ValueError(
        f"A problem is built from a solution, got {solution!r}. Write for example "
        "zoo.Poisson(zoo.TwoBody(dim=1000, key=jax.random.key(0))), or for a function of your own "
        "zoo.Poisson(zoo.CustomSolution(function, dim=1000))."
    )


class AbstractElliptic(AbstractManufactured):
    r"""A semilinear elliptic problem on a domain, manufactured from its solution.

    $$\Delta u + g(u) = f \text{ in } D, \qquad u = 0 \text{ on } \partial D, \qquad
    f = \Delta u^* + g(u^*)$$

    for a chosen solution $u^*$, whose domain $D$ is a ball $\{|x| < R\}$ unless it says otherwise. A concrete problem
    is its nonlinearity $g$ and nothing else.
    """

    solution: eqx.AbstractVar[AbstractSolution]

    @abc.abstractmethod
    def nonlinearity(self, value: Float[Array, ""]) -> Float[Array, ""] | float:
        """$g(u)$ for a value $u$, a scalar."""

    def source(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        r"""The right-hand side $f(x) = \Delta u^*(x) + g(u^*(x))$.

        **Arguments:**

        - `x`: one point, of shape `(dim,)`.

        **Returns:**

        A scalar.
        """
        value, laplacian = self.solution.value_and_laplacian(x)
        return laplacian + self.nonlinearity(value)

    def residual(
        self,
        u: Callable[..., Any],
        x: Float[Array, " dim"],
        *,
        estimator: stde.AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, ""]:
        r"""$\Delta u(x) + g(u(x)) - f(x)$, the Laplacian exact or estimated.

        **Arguments:**

        - `u`: a callable of one point with a scalar value.
        - `x`: one point, of shape `(dim,)`.
        - `estimator`: how to apply the Laplacian.
        - `key`: the randomness of the estimator; `None` is enough for [`stde_eqx.Exact`][].

        **Returns:**

        A scalar, unbiased if the estimator is.

        **Raises:**

        `ValueError` if `x` is not one point of this dimension or `u(x)` is not a scalar.
        """
        source = self.source(x)
        value, laplacian = stde.value_and_apply(stde.Laplacian(), u, x, estimator=estimator, key=key)
        if value.shape != ():
            raise ValueError(
                f"The unknown must have a scalar value, got shape {value.shape}; a network ends in a scalar by "
                'eqx.nn.MLP(dim, "scalar", ...).'
            )
        return laplacian + self.nonlinearity(value) - source
