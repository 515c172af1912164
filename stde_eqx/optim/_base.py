import abc
from collections.abc import Sequence
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from .jacobian import Block


class AbstractLeastSquaresOptimizer(eqx.Module):
    r"""An optimiser that sees every residual, where those of Optax see the gradient of their mean square.

    It takes the place of an Optax optimiser in [`stde_eqx.train`][] and [`stde_eqx.make_step`][]. What it minimises is
    the square of a vector $r(\theta)$: all residuals of a batch, and the values of penalties, each divided by its scale
    and by the root of how many there are, so that $|r|^2$ is the loss.
    """

    @abc.abstractmethod
    def init(self, params: Any) -> Any:
        """The state before the first step, for a PyTree of floating-point arrays."""

    @abc.abstractmethod
    def update(self, blocks: Sequence[Block], state: Any, params: Any) -> tuple[Float[Array, ""], Any, Any]:
        """The loss at the parameters, what to add to them, and the next state.

        **Arguments:**

        - `blocks`: the residuals as functions of the parameters, whose squares add up to the loss.
        - `state`: of the optimiser.
        - `params`: a PyTree of floating-point arrays.
        """
