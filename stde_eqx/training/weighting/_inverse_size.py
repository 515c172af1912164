import abc
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ...optim.jacobian import Block
from ._base import AbstractWeighting
from ._running_mean import check_options, inverse_factors, RunningMean


class AbstractInverseSize(AbstractWeighting):
    """Factors of mean 1 in inverse proportion to a size of each part, averaged over the last updates."""

    every: eqx.AbstractVar[int]
    decay: eqx.AbstractVar[float]
    max_ratio: eqx.AbstractVar[float]

    def __check_init__(self) -> None:
        check_options(type(self).__name__, self.every, self.decay, self.max_ratio)

    @abc.abstractmethod
    def sizes(
        self, blocks: Sequence[Block], params: Any, *, step: Int[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, " parts"]:
        """The size of every part; arguments as of `update`."""

    def init(self, num_parts: int) -> RunningMean:
        return RunningMean.empty(num_parts)

    def factors(self, state: RunningMean) -> Float[Array, " parts"]:
        return inverse_factors(state.mean, self.max_ratio)

    def update(
        self,
        state: RunningMean,
        blocks: Sequence[Block],
        values: Float[Array, " parts"],
        params: Any,
        *,
        step: Int[Array, ""],
        key: PRNGKeyArray,
    ) -> RunningMean:
        # Measured inside, so that the sweeps are paid for at updates alone.
        measure = lambda state: state.including(self.sizes(blocks, params, step=step, key=key), self.decay)
        return jax.lax.cond(step % self.every == 0, measure, lambda state: state, state)
