import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray


class AbstractCollocation(eqx.Module):
    """Where a step puts its collocation points."""

    @abc.abstractmethod
    def __call__(
        self,
        sample: Callable[[int, PRNGKeyArray], Any],
        indicator: Callable[[Any, PRNGKeyArray], Float[Array, " points"]],
        num_points: int,
        *,
        key: PRNGKeyArray,
    ) -> Any:
        """The points of a step, batched along the leading axis.

        **Arguments:**

        - `sample`: draws so many points by the problem's own law.
        - `indicator`: the size of the residual at points, estimated as training does and scaled, without gradient.
        - `num_points`: how many points to return.
        - `key`: a `jax.random` key.
        """


class Fresh(AbstractCollocation):
    """New points at every step, by the problem's own law."""

    def __call__(
        self,
        sample: Callable[[int, PRNGKeyArray], Any],
        indicator: Callable[[Any, PRNGKeyArray], Float[Array, " points"]],
        num_points: int,
        *,
        key: PRNGKeyArray,
    ) -> Any:
        return sample(num_points, key)
