import functools

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import as_dimension, as_positive
from ..domains import Ball
from ._base import AbstractLaw


class LightCone(AbstractLaw):
    r"""Points of the backward light cone $|x| < R - t$, of waves with the speed one.

    At each time the direction is uniform on the sphere and the distance from the origin uniform in $[0, R - t)$, as in
    [`zoo.Ball`][].

    **Arguments:**

    - `dim`: $d$.
    - `radius`: $R$, the radius at the time 0, and the time at which the cone ends.

    **Raises:** `ValueError` for a dimension or radius out of range.
    """

    dim: int = eqx.field(static=True, converter=as_dimension)
    radius: float = eqx.field(static=True, converter=functools.partial(as_positive, "radius"))

    def at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Points of the balls with the radii of their times."""
        return (self.radius - t)[:, None] * Ball(self.dim).sample(t.shape[0], key=key).astype(t.dtype)
