import abc
from collections.abc import Sequence
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ...optim.jacobian import Block


class AbstractWeighting(eqx.Module):
    r"""How the parts of a loss are weighed against each other while training goes on.

    The parts are the mean square of the residual and those of the penalties, each with the problem's own weight
    already in it; a weighting multiplies them by factors that it adapts.
    """

    @abc.abstractmethod
    def init(self, num_parts: int) -> Any:
        """The state before the first step."""

    @abc.abstractmethod
    def factors(self, state: Any) -> Float[Array, " parts"]:
        """The factors of the parts, the residual's first."""

    @abc.abstractmethod
    def update(
        self,
        state: Any,
        blocks: Sequence[Block],
        values: Float[Array, " parts"],
        params: Any,
        *,
        step: Int[Array, ""],
        key: PRNGKeyArray,
    ) -> Any:
        """The state after a step.

        **Arguments:**

        - `state`: the state before it.
        - `blocks`: for each part the vector of residuals whose square it is, a function of the parameters, without the
            factors.
        - `values`: the parts before the step.
        - `params`: the network's parameters before the step.
        - `step`: how many steps were taken before.
        - `key`: a `jax.random` key.
        """
