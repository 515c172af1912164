import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field, TimesAndPoints
from ._base import AbstractPenalty
from ._data_as_feature import DataAsFeature
from ._parabolic import AbstractParabolic
from ._wrapper import AbstractParabolicWrapper, check_parabolic


class InitialPenalty(AbstractPenalty):
    r"""The distance to the data at the time `t0`: $|u - g|^2 + \lambda |\nabla u - \nabla g|^2$.

    **Attributes:**

    - `problem`: whose data.
    - `weight`: its factor in the loss.
    - `gradient_weight`: $\lambda$; for 0 the gradient is not computed.
    - `num_points`: points a step.
    """

    problem: AbstractParabolic
    weight: float
    gradient_weight: float = eqx.field(static=True)
    num_points: int = eqx.field(static=True)

    def sample(self, num_points: int, *, key: PRNGKeyArray) -> TimesAndPoints:
        """The time of the data, and points from all over space that the problem samples at any time."""
        # At the time itself the law may be a single point.
        _, x = self.problem.sample(num_points, key=key)
        return jnp.full(x.shape[:1], self.problem.t0, x.dtype), x

    def residual(self, u: Field, *point: Any) -> Float[Array, "*parts"]:
        r"""$u - g$, and below it $\sqrt\lambda (\nabla u - \nabla g)$, by one reverse pass, where it has a weight."""
        t, x = point
        distance = lambda y: u(t, y) - self.problem.initial(y)
        if not self.gradient_weight:
            return distance(x)
        value, gradient = jax.value_and_grad(distance)(x)
        return jnp.concatenate([value[None], math.sqrt(self.gradient_weight) * gradient])


class SoftInitial(AbstractParabolicWrapper):
    r"""A parabolic problem whose data are imposed by a penalty, instead of by the ansatz.

    The trial function is the network itself, and the loss is that of the residual plus
    $w \, \mathbb{E} \bigl( |u - g|^2 + \lambda |\nabla u - \nabla g|^2 \bigr)$ at the time of the data.

    **Arguments:**

    - `problem`: any parabolic problem.
    - `weight`: $w$, positive; the default is that of the STDE paper.
    - `gradient_weight`: $\lambda$, not negative, with the default of the paper.
    - `num_points`: points of the penalty a step.

    **Raises:** `ValueError` for a problem that is not parabolic, or an argument out of range.

    ??? cite "Reference"

        Shi, Hu, Lin and Kawaguchi, *Stochastic Taylor Derivative Estimator*, NeurIPS 2024, eq. 56 and 57.
    """

    problem: AbstractParabolic
    weight: float
    gradient_weight: float = eqx.field(static=True)
    num_points: int = eqx.field(static=True)

    def __init__(
        self,
        problem: AbstractParabolic,
        *,
        weight: float = 20.0,
        gradient_weight: float = 0.05,
        num_points: int = 100,
    ):
        check_parabolic("SoftInitial", problem)
        if isinstance(problem, DataAsFeature):
            raise ValueError(
                "SoftInitial gives the network time and space alone, and the feature would be lost: write "
                "stde.DataAsFeature(stde.SoftInitial(problem))."
            )
        self.problem = problem
        self.weight, self.gradient_weight, self.num_points = weight, gradient_weight, num_points
        if not (self.weight > 0 and self.gradient_weight >= 0 and self.num_points >= 1):
            raise ValueError(
                "SoftInitial needs weight > 0, gradient_weight >= 0 and num_points >= 1, got "
                f"{self.weight}, {self.gradient_weight} and {self.num_points}."
            )

    def ansatz(self, net: Field) -> Field:
        """The network itself."""
        return net

    def penalties(self) -> tuple[AbstractPenalty, ...]:
        """The distance to the data, and the problem's own penalties."""
        penalty = InitialPenalty(
            problem=self.problem,
            weight=self.weight,
            gradient_weight=self.gradient_weight,
            num_points=self.num_points,
        )
        return (penalty, *self.problem.penalties())
