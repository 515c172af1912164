import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jax.scipy.special import ndtri
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import as_dimension
from .._points import check_point
from ._base import AbstractDomain


class WholeSpace(AbstractDomain):
    r"""The whole space, with points whose coordinates are O(1) in every dimension.

    It has no boundary. The condition that takes its place is $u(x) \to 0$ for $|x| \to \infty$, which makes the
    solution of the Poisson equation unique: a harmonic function that tends to zero is zero. The factor

    $$b(x) = \frac{1}{1 + |x|^2 / d}, \qquad \nabla b = -\frac{2 b^2}{d}\, x, \qquad
    \Delta b = -2 b^2 + \frac{8}{d^2}\, |x|^2 b^3,$$

    imposes it on every bounded network, and is of O(1) at the points of `sample` in every dimension. What equations do
    not tell apart at points is told apart at infinity alone, where no points are: of [`zoo.SineGordon`][], whose
    solutions may be shifted by $2\pi$, training may find another solution than the one that vanishes.

    **Arguments:**

    - `dim`: the dimension $d$, at least 1.

    **Raises:**

    `ValueError` if `dim` is out of range.
    """

    dim: int = eqx.field(static=True, converter=as_dimension)

    def sample(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        r"""Random points $x = \rho z$, $z \sim N(0, I)$, $\rho$ uniform in $[0, \sqrt 3)$: coordinates of variance 1.

        Not a normal law, whose points lie on one thin shell in high dimension. There $\Delta b / b = -\lambda$ is
        constant, and the equation by itself does not see $b(x)\, e^{\sqrt \lambda x_i}$: what fixes the solution are
        points at all distances from the origin, as those of [`zoo.Ball`][] are.

        **Arguments:**

        - `num_points`: how many.
        - `key`: a `jax.random` key.

        **Returns:**

        An array of shape `(num_points, dim)`.
        """
        normal_key, scale_key = jr.split(key)
        scale = 3**0.5 * jr.uniform(scale_key, (num_points, 1))
        return scale * jr.normal(normal_key, (num_points, self.dim))

    def sample_boundary(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Raises a `ValueError`: the whole space has no boundary."""
        raise ValueError(
            "The whole space has no boundary to draw points from: the solution tends to zero at infinity, and "
            "problem.ansatz(net) does so by its factor. Nothing needs to be imposed; for a domain with a boundary "
            f"write zoo.Cube({self.dim}) or zoo.Ball({self.dim}, radius={self.dim}**0.5)."
        )

    @property
    def num_uniforms(self) -> int:
        """One for each coordinate, and the first of all for the scale."""
        return 1 + self.dim

    def from_uniform(self, z: Float[Array, " numbers"]) -> Float[Array, " dim"]:
        """The first number is the scale, of the normal quantiles of the others."""
        return 3**0.5 * z[0] * ndtri(z[1:])

    def extent(self, direction: Float[Array, " dim"]) -> Float[Array, ""]:
        r"""$\sqrt{3 d}$, within which nearly all points of `sample` are in high dimension."""
        return jnp.asarray((3 * self.dim) ** 0.5, direction.dtype)

    def boundary_factor(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        r"""$b(x) = 1 / (1 + |x|^2 / d)$, which tends to zero at infinity.

        **Arguments:**

        - `x`: one point, of shape `(dim,)`.

        **Returns:**

        A scalar.

        **Raises:**

        `ValueError` if `x` is not one point of this dimension.
        """
        check_point(x, self.dim)
        return 1 / (1 + jnp.sum(x * x) / self.dim)

    def boundary_factor_and_derivatives(
        self, x: Float[Array, " dim"]
    ) -> tuple[Float[Array, ""], Float[Array, " dim"], Float[Array, ""]]:
        b = self.boundary_factor(x)
        square = jnp.sum(x * x) / self.dim
        return b, x * (-2 / self.dim * b * b), -2 * b * b + 8 / self.dim * square * b**3
