from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float, PRNGKeyArray

from ._base import AbstractCollocation, Fresh


class Sharded(AbstractCollocation):
    """The points of a step, split evenly between devices: data-parallel training.

    Everything that a step computes at its points follows the points, and each device draws its own. The compiler adds
    the sum of the gradients; nothing else changes, and the result is that of one device up to rounding.

    !!! example

        ```python
        stde.train(problem, network, collocation=stde.training.collocation.Sharded(), batch_size=4_096, key=key)
        ```

    **Arguments:**

    - `points`: where the points are, any other collocation; [`stde_eqx.training.collocation.Fresh`][] by default.
    - `devices`: between which to split them; by default all that JAX has, on all hosts.

    **Raises:** `ValueError` for no device or something that is none, and while the step is traced for a batch that
        their number does not divide.
    """

    points: AbstractCollocation
    sharding: NamedSharding = eqx.field(static=True)

    def __init__(self, points: AbstractCollocation | None = None, *, devices: Sequence[Any] | None = None):
        devices = jax.devices() if devices is None else list(devices)
        if not devices or not all(isinstance(device, jax.Device) for device in devices):
            raise ValueError(f"devices must be a list of JAX devices, such as jax.devices()[:4], got {devices!r}.")
        self.points = Fresh() if points is None else points
        self.sharding = NamedSharding(Mesh(np.array(devices), ("points",)), PartitionSpec("points"))

    def __call__(
        self,
        sample: Callable[[int, PRNGKeyArray], Any],
        indicator: Callable[[Any, PRNGKeyArray], Float[Array, " points"]],
        num_points: int,
        *,
        key: PRNGKeyArray,
    ) -> Any:
        number = self.sharding.num_devices
        if num_points % number:
            raise ValueError(
                f"A batch of {num_points} points cannot be split evenly between {number} devices: write "
                f"batch_size={-(-num_points // number) * number}."
            )
        return jax.lax.with_sharding_constraint(self.points(sample, indicator, num_points, key=key), self.sharding)
