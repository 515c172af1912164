import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class AbstractStepSize(eqx.Module):
    """How far to go along a direction, judged by the loss of the same batch."""

    @abc.abstractmethod
    def __call__(
        self, loss_along: Callable[[Any], Float[Array, ""]], loss: Float[Array, ""], slope: Float[Array, ""], first: Any
    ) -> Float[Array, ""]:
        """The step.

        **Arguments:**

        - `loss_along`: the loss as a function of the step.
        - `loss`: that of no step.
        - `slope`: the derivative of `loss_along` at 0.
        - `first`: the step to begin with.
        """


class Backtracking(AbstractStepSize):
    r"""Shortens a step until the loss of the batch falls by enough (Armijo's rule).

    **Arguments:**

    - `sufficient`: by how much: this fraction of what the slope promises.
    - `factor`: by what to shorten.
    - `max_trials`: how often at most; the last step is taken as it is.

    **Raises:** `ValueError` for a number out of range.
    """

    sufficient: float = 1e-4
    factor: float = 0.5
    max_trials: int = eqx.field(static=True, default=8)

    def __check_init__(self) -> None:
        if not (0 < self.sufficient < 1 and 0 < self.factor < 1 and self.max_trials >= 1):
            raise ValueError(
                "Backtracking needs sufficient and factor between 0 and 1, and max_trials >= 1, got "
                f"{self.sufficient}, {self.factor} and {self.max_trials}."
            )

    def __call__(
        self, loss_along: Callable[[Any], Float[Array, ""]], loss: Float[Array, ""], slope: Float[Array, ""], first: Any
    ) -> Float[Array, ""]:
        def too_long(carry):
            trial, step, found = carry
            # Written so that a loss that is not finite counts as too large.
            enough = found <= loss + self.sufficient * step * slope
            return (trial < self.max_trials) & ~enough

        def shorten(carry):
            trial, step, _ = carry
            return trial + 1, self.factor * step, loss_along(self.factor * step)

        first = jnp.asarray(first, loss.dtype)
        start = jnp.zeros((), jnp.int32), first, loss_along(first)
        return jax.lax.while_loop(too_long, shorten, start)[1]
