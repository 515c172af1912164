import math
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._points import check_point
from ._base import AbstractDomain


def _as_corner(corner: Any) -> tuple[float, ...]:
    try:
        return tuple(float(coordinate) for coordinate in corner)
    except (TypeError, ValueError):
        raise ValueError(
            f"A corner of a box is a sequence of numbers, one a coordinate, got {corner!r}. Write for example "
            "zoo.Box((0, -5), (1, 5)), and for the cube of side 1 in d dimensions zoo.Box((0,) * d, (1,) * d)."
        ) from None


class Box(AbstractDomain):
    r"""A box: the product of intervals.

    $$\{x \in \mathbb{R}^d : a_i < x_i < b_i\}$$

    **Arguments:**

    - `lower`: the corner $a$, a sequence of $d$ numbers.
    - `upper`: the corner $b$, likewise, every coordinate larger than that of `lower`.

    **Raises:**

    `ValueError` if the corners do not make a box.
    """

    lower: tuple[float, ...] = eqx.field(static=True)
    upper: tuple[float, ...] = eqx.field(static=True)

    def __init__(self, lower: Sequence[float | int], upper: Sequence[float | int]):
        self.lower = _as_corner(lower)
        self.upper = _as_corner(upper)
        if len(self.lower) != len(self.upper):
            raise ValueError(
                "The two corners of a box have as many coordinates as each other, got "
                f"lower={self.lower} with {len(self.lower)} and upper={self.upper} with {len(self.upper)}."
            )
        if not self.lower:
            raise ValueError("A box needs dim >= 1, got two corners without coordinates.")
        for axis, (a, b) in enumerate(zip(self.lower, self.upper, strict=True)):
            if not (math.isfinite(a) and math.isfinite(b) and a < b):
                raise ValueError(
                    f"A box needs lower < upper, both finite, in every coordinate, got {a} and {b} in "
                    f"coordinate {axis}."
                )

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        """The dimension $d$."""
        return len(self.lower)

    @property
    def sides(self) -> tuple[float, ...]:
        """The lengths $b_i - a_i$."""
        return tuple(b - a for a, b in zip(self.lower, self.upper, strict=True))

    def sample(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Random points of the box, uniformly distributed.

        **Arguments:**

        - `num_points`: how many.
        - `key`: a `jax.random` key.

        **Returns:**

        An array of shape `(num_points, dim)`.
        """
        lower, upper = jnp.asarray(self.lower), jnp.asarray(self.upper)
        points = lower[None] + jnp.asarray(self.sides)[None] * jr.uniform(key, (num_points, self.dim))
        return jnp.minimum(points, upper[None])  # which the sum may exceed by its rounding

    def sample_boundary(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        r"""Random points of the faces, uniformly distributed: a face is drawn in proportion to its area.

        The two faces across coordinate $i$ have the area $\prod_{j \ne i} (b_j - a_j)$, in proportion to
        $1 / (b_i - a_i)$.

        **Arguments:**

        - `num_points`: how many.
        - `key`: a `jax.random` key.

        **Returns:**

        An array of shape `(num_points, dim)`, the coordinate across the face being exactly that of the corner.
        """
        point_key, axis_key, side_key = jr.split(key, 3)
        points = self.sample(num_points, key=point_key)
        axis = jr.categorical(axis_key, -jnp.log(jnp.asarray(self.sides)), shape=(num_points,))
        is_upper = jr.bernoulli(side_key, shape=(num_points, 1))
        face = jnp.where(is_upper, jnp.asarray(self.upper)[None], jnp.asarray(self.lower)[None])
        return jnp.where(axis[:, None] == jnp.arange(self.dim)[None], face, points)

    @property
    def num_uniforms(self) -> int:
        """One for each coordinate."""
        return self.dim

    def from_uniform(self, z: Float[Array, " numbers"]) -> Float[Array, " dim"]:
        """The affine image of the unit cube."""
        lower, upper, sides = (jnp.asarray(corner, z.dtype) for corner in (self.lower, self.upper, self.sides))
        return jnp.minimum(lower + sides * z, upper)  # which the sum may exceed by its rounding

    def extent(self, direction: Float[Array, " dim"]) -> Float[Array, ""]:
        """The distance from the middle to the first face that the direction meets."""
        return jnp.min(jnp.asarray(self.sides, direction.dtype) / (2 * jnp.abs(direction)))

    def boundary_factor(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        r"""$b(x) = \prod_i 4 (x_i - a_i)(b_i - x_i) / (b_i - a_i)^2$, which is 1 in the centre.

        It falls off with every coordinate, by 2/3 in the mean, so it serves in a few dimensions and not in a
        hundred, where there is [`zoo.Cube`][].

        **Arguments:**

        - `x`: one point, of shape `(dim,)`.

        **Returns:**

        A scalar.

        **Raises:**

        `ValueError` if `x` is not one point of this dimension.
        """
        check_point(x, self.dim)
        lower, upper, sides = (jnp.asarray(corner, x.dtype) for corner in (self.lower, self.upper, self.sides))
        return jnp.prod(4 * ((x - lower) / sides) * ((upper - x) / sides))
