import abc

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ._least_squares import AbstractLeastSquares, AtPoint


class AbstractUpdate(eqx.Module):
    """Which of the parameters move."""

    @abc.abstractmethod
    def num_moving(self, num_params: int) -> int:
        """How many of them move at a time."""

    @abc.abstractmethod
    def __call__(
        self,
        solve: AbstractLeastSquares,
        at_point: AtPoint,
        params: Float[Array, " params"],
        points: Float[Array, "points dim"],
        target: Float[Array, " points"],
        *,
        key: PRNGKeyArray,
    ) -> Float[Array, " params"]:
        """The change of all parameters, zero for those that do not move."""


class AllParameters(AbstractUpdate):
    """Every parameter moves at every time."""

    def num_moving(self, num_params: int) -> int:
        return num_params

    def __call__(
        self,
        solve: AbstractLeastSquares,
        at_point: AtPoint,
        params: Float[Array, " params"],
        points: Float[Array, "points dim"],
        target: Float[Array, " points"],
        *,
        key: PRNGKeyArray,
    ) -> Float[Array, " params"]:
        return solve(at_point, params, points, target)


class RandomParameters(AbstractUpdate):
    """A random subset of the parameters moves, another one after every redraw of the points.

    The least-squares problem is smaller, and better conditioned: what a subset cannot do is mostly what the others
    could do as well, the parameters of a network being redundant.

    **Arguments:**

    - `number`: how many move at a time.

    **Raises:** `ValueError` for less than one; on use, for more than there are.

    ??? cite "Reference"

        Berman and Peherstorfer, *Randomized Sparse Neural Galerkin Schemes for Solving Evolution Equations with Deep
        Networks*, NeurIPS 2023.
    """

    number: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        if self.number < 1:
            raise ValueError(f"RandomParameters needs at least one parameter, got {self.number}.")

    def num_moving(self, num_params: int) -> int:
        if self.number > num_params:
            raise ValueError(
                f"RandomParameters({self.number}) moves more parameters than the network has, {num_params}."
            )
        return self.number

    def __call__(
        self,
        solve: AbstractLeastSquares,
        at_point: AtPoint,
        params: Float[Array, " params"],
        points: Float[Array, "points dim"],
        target: Float[Array, " points"],
        *,
        key: PRNGKeyArray,
    ) -> Float[Array, " params"]:
        chosen = jr.choice(key, params.shape[0], (self.number,), replace=False)
        among = lambda moving, x: at_point(params.at[chosen].set(moving), x)
        return jnp.zeros_like(params).at[chosen].set(solve(among, params[chosen], points, target))
