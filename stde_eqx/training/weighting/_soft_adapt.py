import math
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ...optim.jacobian import Block
from ._base import AbstractWeighting
from ._running_mean import check_options, RunningMean


class SoftAdaptState(eqx.Module):
    """The mean of the parts, and what it was at the update before."""

    values: RunningMean
    previous: Float[Array, " parts"]


class SoftAdapt(AbstractWeighting):
    r"""More weight for the parts that are large, and that fall more slowly than the others.

    $$f_i = P\, \frac{L_i\, e^{\beta s_i}}{\sum_j L_j\, e^{\beta s_j}}, \qquad
    s_i = \frac{\Delta L_i}{\sum_j |\Delta L_j|},$$

    with the change $\Delta L_i$ of a part from one update to the next: the variant of the paper that is weighted by
    the loss and has normalised rates. It costs nothing, as it looks at no gradient; and a part that is large because
    its units are gets a large factor, so that the problem's own weights matter.

    The factors have mean 1, those of the paper sum 1: the loss remains an average of its parts, times their number,
    and a learning rate keeps its meaning.

    **Arguments:**

    - `every`: steps from one update to the next; the first step makes the first. Over too few of them the change of a
        part is the noise of its batches.
    - `beta`: $\beta$; 0 looks at the sizes alone, a negative one favours the parts that fall fast.
    - `decay`: of the average of the parts over updates, at least 0 and below 1. The first updates count the same.
    - `max_ratio`: the most that the largest factor may be over the smallest: no part is ever switched off.

    **Raises:** `ValueError` for an argument out of range.

    ??? cite "Reference"

        Heydari, Thompson & Mehmood, "SoftAdapt: techniques for adaptive loss weighting of neural networks with
        multi-part loss functions", arXiv:1912.12355, 2019.
    """

    every: int = eqx.field(static=True, default=100)
    beta: float = eqx.field(static=True, default=1.0)
    decay: float = eqx.field(static=True, default=0.5)
    max_ratio: float = eqx.field(static=True, default=1e4)

    def __check_init__(self) -> None:
        check_options("SoftAdapt", self.every, self.decay, self.max_ratio)
        # Rates are between -1 and 1: what is beyond 30 only overflows single precision.
        if not (isinstance(self.beta, float | int) and math.fabs(self.beta) <= 30):
            raise ValueError(f"`beta` of `SoftAdapt` must be a number from -30 to 30, such as 1.0; got {self.beta!r}.")

    def init(self, num_parts: int) -> SoftAdaptState:
        # Arrays of their own: training donates them all.
        return SoftAdaptState(RunningMean.empty(num_parts), jnp.zeros(num_parts, jnp.float32))

    def factors(self, state: SoftAdaptState) -> Float[Array, " parts"]:
        change = jnp.where(state.values.count > 1, state.values.mean - state.previous, 0)
        total = jnp.sum(jnp.abs(change))
        rates = change / jnp.where(total > 0, total, 1)
        # An unbiased square may be negative, which is noise about a part that is nearly zero.
        values = jnp.maximum(state.values.mean, 0)
        raw = values / jnp.maximum(jnp.max(values), jnp.finfo(values.dtype).tiny) * jnp.exp(self.beta * rates)
        raw = jnp.maximum(raw, jnp.max(raw) / self.max_ratio)
        mean = jnp.mean(raw)
        return jnp.where(mean > 0, raw / jnp.where(mean > 0, mean, 1), 1)

    def update(
        self,
        state: SoftAdaptState,
        blocks: Sequence[Block],
        values: Float[Array, " parts"],
        params: Any,
        *,
        step: Int[Array, ""],
        key: PRNGKeyArray,
    ) -> SoftAdaptState:
        measure = lambda state: SoftAdaptState(state.values.including(values, self.decay), state.values.mean)
        return jax.lax.cond(step % self.every == 0, measure, lambda state: state, state)
