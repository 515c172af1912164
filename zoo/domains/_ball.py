import functools

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jax.scipy.special import ndtri
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import as_dimension, as_positive
from .._points import check_point
from ._base import AbstractDomain


class Ball(AbstractDomain):
    r"""The ball of a radius $R$ about the origin.

    $$\{x \in \mathbb{R}^d : |x| < R\}$$

    Its boundary factor is $b(x) = R^2 - |x|^2$. On the unit ball coordinates are $O(1/\sqrt d)$, and functions of a few
    of them hardly vary; of radius $\sqrt d$ it has coordinates of O(1) in every dimension.

    **Arguments:**

    - `dim`: the dimension $d$, at least 1.
    - `radius`: $R$, positive.

    **Raises:**

    `ValueError` if `dim` or `radius` is out of range.
    """

    dim: int = eqx.field(static=True, converter=as_dimension)
    radius: float = eqx.field(static=True, default=1.0, converter=functools.partial(as_positive, "radius"))

    def sample(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        r"""Random points: the direction uniform on the sphere, the distance from the origin uniform in $[0, R)$.

        This is the law of the STDE paper's experiments, not the uniform law on the ball, whose points all but touch
        the sphere in high dimension ($|x|/R$ has mean $d/(d+1)$).

        **Arguments:**

        - `num_points`: how many.
        - `key`: a `jax.random` key.

        **Returns:**

        An array of shape `(num_points, dim)`.

        ??? cite "Reference"

            Shi, Hu, Lin & Kawaguchi, "Stochastic Taylor Derivative Estimator", NeurIPS 2024, arXiv:2412.00088.
        """
        direction_key, radius_key = jr.split(key)
        directions = self._directions(num_points, key=direction_key)
        return directions * (self.radius * jr.uniform(radius_key, (num_points, 1)))

    def sample_boundary(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Random points of the sphere, uniformly distributed.

        **Arguments:**

        - `num_points`: how many.
        - `key`: a `jax.random` key.

        **Returns:**

        An array of shape `(num_points, dim)`.
        """
        return self.radius * self._directions(num_points, key=key)

    def _directions(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        normal = jr.normal(key, (num_points, self.dim))
        square = jnp.sum(normal * normal, axis=1, keepdims=True)
        # An all-zero draw, which one dimension does produce now and then, becomes the origin instead of NaN.
        return normal / jnp.sqrt(jnp.maximum(square, jnp.finfo(square.dtype).tiny))

    @property
    def num_uniforms(self) -> int:
        """One for each coordinate, and the first of all for the distance."""
        return 1 + self.dim

    def from_uniform(self, z: Float[Array, " numbers"]) -> Float[Array, " dim"]:
        """The first number is the distance, the normal quantiles of the others give the direction."""
        normal = ndtri(z[1:])
        square = jnp.sum(normal * normal)
        return self.radius * z[0] * normal / jnp.sqrt(jnp.maximum(square, jnp.finfo(z.dtype).tiny))

    def extent(self, direction: Float[Array, " dim"]) -> Float[Array, ""]:
        """The radius."""
        return jnp.asarray(self.radius, direction.dtype)

    def boundary_factor(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        r"""$b(x) = R^2 - |x|^2$, with $\nabla b = -2x$ and $\Delta b = -2d$.

        **Arguments:**

        - `x`: one point, of shape `(dim,)`.

        **Returns:**

        A scalar.

        **Raises:**

        `ValueError` if `x` is not one point of this dimension.
        """
        check_point(x, self.dim)
        return self.radius**2 - jnp.sum(x * x)

    def boundary_factor_and_derivatives(
        self, x: Float[Array, " dim"]
    ) -> tuple[Float[Array, ""], Float[Array, " dim"], Float[Array, ""]]:
        return self.boundary_factor(x), -2 * x, jnp.asarray(-2.0 * self.dim, x.dtype)


def UnitBall(dim: int) -> Ball:
    r"""The ball of radius 1 about the origin, $\{x \in \mathbb{R}^d : |x| < 1\}$: `Ball(dim, 1.0)`."""
    return Ball(dim, 1.0)
