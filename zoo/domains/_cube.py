import functools

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jax.scipy.special import ndtri
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import as_dimension, as_positive
from .._points import check_point
from ._base import AbstractDomain


class Cube(AbstractDomain):
    r"""The cube about the origin, whose coordinates are O(1) in every dimension.

    $$\{x \in \mathbb{R}^d : |x_i| < s\}$$

    Its boundary factor is the harmonic mean of the factors of the pairs of faces,

    $$b(x) = \Big( \frac 1 d \sum_i \frac{1}{w_i} \Big)^{-1}, \qquad w_i = 1 - x_i^2 / s^2,$$

    at most 1, zero on every face, and of O(1) at the points of `sample` in every dimension, where the product of the
    $w_i$ falls off exponentially with $d$.

    **Arguments:**

    - `dim`: the dimension $d$, at least 1.
    - `half_width`: $s$, positive.
    - `spread`: $\sigma$, in $(0, 1]$, how far towards the faces `sample` goes.

    **Raises:**

    `ValueError` if an argument is out of range.
    """

    dim: int = eqx.field(static=True, converter=as_dimension)
    half_width: float = eqx.field(static=True, default=1.0, converter=functools.partial(as_positive, "half_width"))
    spread: float = eqx.field(static=True, default=0.5, converter=float)

    def __check_init__(self) -> None:
        if not 0 < self.spread <= 1:
            raise ValueError(
                f"The spread of points in a cube is a number above 0 and at most 1, got spread={self.spread}. Write "
                "for example 0.5; beyond 1 they crowd at the faces, where rounding puts them on the boundary."
            )

    def sample(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        r"""Random points: $x_i = s \tanh(\rho z_i)$, $z \sim N(0, I)$, one $\rho$ a point, uniform in $[0, \sigma)$.

        Not the uniform law, whose nearest face is at a distance of $O(s / d)$: whatever is zero there and O(1) at the
        points has a Laplacian of $O(d^2)$, nearly all of it in that one coordinate, which an estimator from a few
        coordinates does not see. Here the density vanishes at the faces faster than any power.

        Nor independent coordinates, with which $\Delta b / b = -\lambda$ is the same at all points in high dimension:
        then the equation by itself does not see $b(x)\, e^{\sqrt \lambda x_i}$. The scale $\rho$ is to the cube what
        the distance from the origin is to [`zoo.Ball`][].

        **Arguments:**

        - `num_points`: how many.
        - `key`: a `jax.random` key.

        **Returns:**

        An array of shape `(num_points, dim)`.
        """
        normal_key, scale_key = jr.split(key)
        scale = self.spread * jr.uniform(scale_key, (num_points, 1))
        return self.half_width * jnp.tanh(scale * jr.normal(normal_key, (num_points, self.dim)))

    def sample_boundary(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Random points of the faces, uniformly distributed.

        **Arguments:**

        - `num_points`: how many.
        - `key`: a `jax.random` key.

        **Returns:**

        An array of shape `(num_points, dim)`, the coordinate across the face being exactly plus or minus `half_width`.
        """
        point_key, axis_key, side_key = jr.split(key, 3)
        inside = jr.uniform(point_key, (num_points, self.dim), minval=-self.half_width, maxval=self.half_width)
        axis = jr.randint(axis_key, (num_points, 1), 0, self.dim)
        face = self.half_width * jr.rademacher(side_key, (num_points, 1), inside.dtype)
        return jnp.where(axis == jnp.arange(self.dim)[None], face, inside)

    @property
    def num_uniforms(self) -> int:
        """One for each coordinate, and the first of all for the scale."""
        return 1 + self.dim

    def from_uniform(self, z: Float[Array, " numbers"]) -> Float[Array, " dim"]:
        """The first number is the scale, of the normal quantiles of the others."""
        return self.half_width * jnp.tanh(self.spread * z[0] * ndtri(z[1:]))

    def extent(self, direction: Float[Array, " dim"]) -> Float[Array, ""]:
        """The distance from the origin to the first face that the direction meets."""
        return self.half_width / jnp.max(jnp.abs(direction))

    def boundary_factor(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        r"""$b(x)$, the harmonic mean of $1 - x_i^2 / s^2$.

        It has all derivatives inside; on the faces its value is right and automatic differentiation divides by zero.

        **Arguments:**

        - `x`: one point of the closed cube, of shape `(dim,)`.

        **Returns:**

        A scalar.

        **Raises:**

        `ValueError` if `x` is not one point of this dimension.
        """
        return self._factor_and_reciprocals(x)[0]

    def boundary_factor_and_derivatives(
        self, x: Float[Array, " dim"]
    ) -> tuple[Float[Array, ""], Float[Array, " dim"], Float[Array, ""]]:
        # The shares p_i = b / (d w_i) are positive and add up to 1. From d_i w_i = -2 x_i / s^2,
        #     d_i b = -2 d x_i p_i^2 / s^2,   d_ii b = -2 d p_i^2 / s^2 - 8 d^2 x_i^2 p_i^3 (1 - p_i) / (s^4 b),
        # without a power of 1 / w_i, which would overflow and cancel near a face.
        b, reciprocals = self._factor_and_reciprocals(x)
        p, y = b * reciprocals / self.dim, x / self.half_width
        square = p * p
        gradient = (-2 * self.dim / self.half_width) * (y * square)
        bend = jnp.sum(square) + 4 * self.dim / b * jnp.sum(y * y * square * p * (1 - p))
        return b, gradient, (-2 * self.dim / self.half_width**2) * bend

    def _factor_and_reciprocals(self, x: Float[Array, " dim"]) -> tuple[Float[Array, ""], Float[Array, " dim"]]:
        check_point(x, self.dim)
        # Two differences, exact near the faces, where 1 - x^2 / s^2 would cancel.
        w = ((self.half_width - x) / self.half_width) * ((self.half_width + x) / self.half_width)
        reciprocals = 1 / w
        return self.dim / jnp.sum(reciprocals), reciprocals
