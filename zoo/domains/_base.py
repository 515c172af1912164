import abc

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde
from stde_eqx.training.collocation import PushForward


class AbstractDomain(eqx.Module):
    """Where a problem lives: laws of random points inside and on the boundary, and a function that vanishes there."""

    dim: eqx.AbstractVar[int]

    @abc.abstractmethod
    def sample(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Random points of the interior.

        **Arguments:**

        - `num_points`: how many, a Python integer.
        - `key`: a `jax.random` key.

        **Returns:**

        An array of shape `(num_points, dim)`, in JAX's default floating-point type.
        """

    @abc.abstractmethod
    def sample_boundary(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Random points of the boundary; arguments and result as for `sample`.

        **Raises:**

        `ValueError` for a domain without a boundary, [`zoo.WholeSpace`][].
        """

    @property
    @abc.abstractmethod
    def num_uniforms(self) -> int:
        """How many numbers `from_uniform` takes."""

    @abc.abstractmethod
    def from_uniform(self, z: Float[Array, " numbers"]) -> Float[Array, " dim"]:
        """One point by the law of `sample`, made of independent numbers that are uniform in $(0, 1)$.

        **Arguments:**

        - `z`: shape `(num_uniforms,)`, the numbers that matter most first.

        **Returns:**

        An array of shape `(dim,)`.
        """

    @property
    def push_forward(self) -> PushForward:
        """The law of `sample` as a function of uniform numbers, for points that are more even than random ones.

        !!! example

            ```python
            points = stde.training.collocation.Sobol(problem.domain.push_forward)
            stde.train(problem, network, collocation=points, batch_size=128, key=key)
            ```
        """
        return PushForward(self.from_uniform, self.num_uniforms)

    @abc.abstractmethod
    def extent(self, direction: Float[Array, " dim"]) -> Float[Array, ""]:
        """How far the boundary is from the centre along a direction; in the whole space, how far points go.

        **Arguments:**

        - `direction`: a vector of length one, of shape `(dim,)`.

        **Returns:**

        A scalar.
        """

    @abc.abstractmethod
    def boundary_factor(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """A smooth function, positive inside and zero exactly on the boundary, at one point of shape `(dim,)`."""

    def boundary_factor_and_derivatives(
        self, x: Float[Array, " dim"]
    ) -> tuple[Float[Array, ""], Float[Array, " dim"], Float[Array, ""]]:
        r"""The factor $b$, its gradient $\nabla b$ and its Laplacian $\Delta b$ at one point: what the sources of
        manufactured problems are made of.

        By automatic differentiation, where a domain has no formula; the Laplacian costs $d$ directional derivatives.

        **Arguments:**

        - `x`: one point of the interior, of shape `(dim,)`.

        **Returns:**

        A scalar, an array of shape `(dim,)`, and a scalar.

        **Raises:**

        `ValueError` if `x` is not one point of this dimension.
        """
        factor = lambda x: self.boundary_factor(x)
        value, laplacian = stde.value_and_apply(stde.Laplacian(), factor, x)
        return value, jax.grad(factor)(x), laplacian
