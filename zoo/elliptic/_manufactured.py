from collections.abc import Callable
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde

from ..domains import AbstractDomain


class AbstractManufactured(stde.AbstractProblem):
    """A problem on a domain whose solution was chosen first, and the right-hand side after it."""

    solution: eqx.AbstractVar[Any]  # An `AbstractSolution`, or a `Clamped` one.

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        """The dimension of the domain."""
        return self.solution.dim

    @property
    def domain(self) -> AbstractDomain:
        """Where the equation holds."""
        return self.solution.domain

    def sample(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Random points of the domain, by its own law: that of [`zoo.Ball`][] on a ball.

        **Arguments:**

        - `num_points`: how many.
        - `key`: a `jax.random` key.

        **Returns:**

        An array of shape `(num_points, dim)`.
        """
        return self.domain.sample(num_points, key=key)

    def exact(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The solution at one point, of shape `(dim,)`: a scalar."""
        return self.solution(x)

    def ansatz(self, net: Callable[..., Any]) -> Callable[..., Any]:
        r"""$x \mapsto b(x) \, \mathrm{net}(x)$, which is zero on the boundary whatever the network; $b = R^2 - |x|^2$
        on a ball.

        **Arguments:**

        - `net`: a callable of one point with a scalar value.

        **Returns:**

        A callable of one point, a PyTree with the network inside.
        """
        return stde.nn.HardConstraint(self.domain.boundary_factor, net)
