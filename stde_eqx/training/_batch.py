from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field
from ..operators import AbstractEstimator
from ..optim.jacobian import Block
from ..problems import AbstractProblem, as_arguments
from ._loss import AbstractLoss, batch_size, mean_square, penalty_parts, penalty_points, residuals


class Batch(eqx.Module):
    """All that one step of training is about: points, draws, scale.

    **Attributes:**

    - `problem`, `estimator`: what to make small, and how to estimate it.
    - `points`: the collocation points, batched along the leading axis.
    - `share_draw`: whether one draw of the estimator serves all of them.
    - `scale`: the residual scale, by which all residuals and penalties are divided.
    - `chunk_size`: how many points at once; all if `None`.
    - `draw_key`, `penalty_key`: the randomness of the estimator and of the penalties' points.
    """

    problem: AbstractProblem
    estimator: AbstractEstimator
    points: Any
    share_draw: bool = eqx.field(static=True, kw_only=True)
    chunk_size: int | None = eqx.field(static=True, kw_only=True)
    scale: Float[Array, ""] = eqx.field(kw_only=True)
    draw_key: PRNGKeyArray = eqx.field(kw_only=True)
    penalty_key: PRNGKeyArray = eqx.field(kw_only=True)

    def parts(self, net: Field, loss: AbstractLoss) -> Float[Array, " parts"]:
        """The loss of the residuals, and the weighted mean squares of the penalties, for the network in the ansatz."""
        # Divided by the scale before they are squared, so that the squares do not overflow.
        scaled = lambda key: (
            residuals(
                self.problem,
                net,
                self.points,
                estimator=self.estimator,
                key=key,
                share_draw=self.share_draw,
                chunk_size=self.chunk_size,
            )
            / self.scale
        )
        penalties = penalty_parts(self.problem, net, key=self.penalty_key)
        imposed = [weight * mean_square(values / self.scale) for weight, values in penalties]
        return jnp.stack([loss(scaled, key=self.draw_key), *imposed])

    def blocks(self, net_of: Callable[[Any], Field]) -> list[Block]:
        """The parts as vectors of residuals, functions of the parameters, whose squares they are for a mean square."""
        return [self._residual_block(net_of), *self._penalty_blocks(net_of)]

    def _residual_block(self, net_of: Callable[[Any], Field]) -> Block:
        num_points = batch_size(self.points)
        divisor = self.scale * num_points**0.5

        def residual(params, item, common):
            point, own = item
            key = common if self.share_draw else own
            u = self.problem.ansatz(net_of(params))
            return self.problem.residual(u, *as_arguments(point), estimator=self.estimator, key=key) / divisor

        if self.share_draw:
            return Block(residual, (self.points, None), self.draw_key, self.chunk_size)
        return Block(residual, (self.points, jr.split(self.draw_key, num_points)), None, self.chunk_size)

    def _penalty_blocks(self, net_of: Callable[[Any], Field]) -> list[Block]:
        blocks = []
        for penalty, points in penalty_points(self.problem, key=self.penalty_key):
            factor = (penalty.weight / penalty.num_points) ** 0.5 / self.scale
            residual = lambda params, point, _, penalty=penalty, factor=factor: (
                factor * penalty.residual(self.problem.ansatz(net_of(params)), *as_arguments(point))
            )
            blocks.append(Block(residual, points, None))
        return blocks
