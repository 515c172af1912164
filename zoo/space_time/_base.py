import abc
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde

from .._points import check_point
from ..domains import Box
from ._interpolation import Conditions, DataExtension, DataFactor
from ._solution import AbstractSpaceTimeSolution


def as_solution(
    solution: Any, kinds: tuple[type[AbstractSpaceTimeSolution], ...], *, problem: str, example: str
) -> Any:
    """The argument itself; every problem refuses by this what does not solve its equation."""
    if isinstance(solution, kinds):
        return solution
    names = " or ".join(f"zoo.{kind.__name__}" for kind in kinds)
    raise ValueError(f"zoo.{problem} is built from a {names}, got {solution!r}. Write for example {example}.")


def as_domain(domain: Any, solution: AbstractSpaceTimeSolution, *, default: Box, dim: int) -> Box:
    """The box of a problem, the default one for `None`, once it is clear that the dimensions fit."""
    if solution.dim != dim:
        raise ValueError(f"The equation is one for dim={dim}, time included, but the solution has dim={solution.dim}.")
    if domain is None:
        return default
    if not isinstance(domain, Box):
        raise ValueError(f"domain must be a zoo.Box or None, got {domain!r}. Write for example domain={default!r}.")
    if domain.dim != dim:
        raise ValueError(
            f"The equation needs a box of dim={dim}, the time first, got one of dim={domain.dim}. Write for example "
            f"domain={default!r}."
        )
    return domain


class AbstractSpaceTimeProblem(stde.AbstractProblem):
    r"""An evolution equation in a box of space-time, whose solution is known.

    $$F(u, \partial u, \partial^2 u, ...) = f \text{ in } [t_0, T] \times [a_1, b_1] \times \dots$$

    for an unknown of one point $(t, x_1, ...)$, coordinate 0 being the time. A concrete problem names the partial
    derivatives that its equation has, combines them, and says which data determine the solution. All derivatives are
    exact: in two or three dimensions there is nothing to gain by sampling.
    """

    solution: eqx.AbstractVar[AbstractSpaceTimeSolution]
    domain: eqx.AbstractVar[Box]

    @property
    @abc.abstractmethod
    def derivatives(self) -> Mapping[str, tuple[int, ...]]:
        """The partial derivatives in the equation by name, as for [`stde_eqx.partials`][]."""

    @property
    @abc.abstractmethod
    def manufactured(self) -> bool:
        """Whether the solution is an arbitrary function that the source $f$ makes a solution; otherwise $f = 0$."""

    @property
    @abc.abstractmethod
    def conditions(self) -> Conditions:
        """For every coordinate how many data are given on its lower and on its upper face.

        0 is nothing, 1 the value, 2 the value and the normal derivative, 3 the second normal derivative as well.
        """

    @abc.abstractmethod
    def equation(self, d: Mapping[str, Float[Array, ""]]) -> Float[Array, ""]:
        """The left-hand side $F$ of the equation, from the partial derivatives by name."""

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        """The dimension of space-time."""
        return self.domain.dim

    def sample(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Random points of the box, uniformly distributed.

        **Arguments:**

        - `num_points`: how many.
        - `key`: a `jax.random` key.

        **Returns:**

        An array of shape `(num_points, dim)`.
        """
        return self.domain.sample(num_points, key=key)

    def source(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The right-hand side $f$ at one point: zero, or of a manufactured problem $F$ of the exact solution.

        **Arguments:**

        - `x`: one point, of shape `(dim,)`.

        **Returns:**

        A scalar.
        """
        if not self.manufactured:
            return jnp.zeros((), x.dtype)
        return self.equation(stde.partials(self.solution, x, self.derivatives))

    def residual(
        self,
        u: Callable[..., Any],
        x: Float[Array, " dim"],
        *,
        estimator: stde.AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, ""]:
        r"""$F(u, \partial u, ...) - f$ at one point, exactly, whatever the estimator.

        **Arguments:**

        - `u`: a callable of one point with a scalar value.
        - `x`: one point $(t, x_1, ...)$, of shape `(dim,)`.
        - `estimator`: not used; in so few dimensions every derivative is computed, by [`stde_eqx.partials`][].
        - `key`: not used.

        **Returns:**

        A scalar.

        **Raises:**

        `ValueError` if `x` is not one point of this dimension or `u(x)` is not a scalar.
        """
        check_point(x, self.dim, what="one point (t, x, ...)")
        d = stde.partials(u, x, self.derivatives)
        shape = next(iter(d.values())).shape
        if shape != ():
            raise ValueError(
                f"The unknown must have a scalar value, got shape {shape}; a network ends in a scalar by "
                'eqx.nn.MLP(dim, "scalar", ...).'
            )
        return self.equation(d) - self.source(x)

    def ansatz(self, net: Callable[..., Any]) -> Callable[..., Any]:
        r"""$x \mapsto g(x) + b(x) \, \mathrm{net}(x)$, which has the data of `conditions` whatever the network.

        The factor $b$ vanishes where data are given, to as high an order as they are. The extension $g$ is made of the
        exact solution on these faces by transfinite interpolation; inside the box it is not the solution.

        **Arguments:**

        - `net`: a callable of one point with a scalar value.

        **Returns:**

        A callable of one point, a PyTree with the network inside.
        """
        factor = DataFactor(self.domain, self.conditions)
        return stde.nn.HardConstraint(factor, net, DataExtension(self.solution, self.domain, self.conditions))

    def exact(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The solution at one point, of shape `(dim,)`: a scalar."""
        return self.solution(x)
