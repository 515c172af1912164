import abc
from typing import Any

from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field
from ..operators import AbstractEstimator
from ._base import AbstractProblem


class AbstractFamily(AbstractProblem):
    r"""Many equations as one problem: what a neural operator `u(a, x)` is trained on.

    A member is known by its parameters `a`, any PyTree of arrays: coefficients, values of a source at sensors, a
    boundary condition. It is an [`stde_eqx.AbstractProblem`][] whose points are pairs: `sample` returns members and
    points, and everything that takes a point takes `a` and `x`. Operators act on `lambda x: u(a, x)`.

    !!! example

        ```python
        class Screened(stde.AbstractFamily):
            dim: int

            def sample(self, num_points, *, key):
                a_key, x_key = jax.random.split(key)
                return jax.random.uniform(a_key, (num_points,)), jax.random.uniform(x_key, (num_points, self.dim))

            def residual(self, u, a, x, *, estimator, key):
                at = lambda x: u(a, x)
                value, laplacian = stde.value_and_apply(stde.Laplacian(), at, x, estimator=estimator, key=key)
                return laplacian - a * value + 1

            def ansatz(self, net):
                return stde.nn.HardConstraint(lambda a, x: jnp.prod(4 * x * (1 - x)), net)
        ```
    """

    @abc.abstractmethod
    def sample(  # pyright: ignore[reportIncompatibleMethodOverride], points are pairs
        self, num_points: int, *, key: PRNGKeyArray
    ) -> tuple[Any, Float[Array, "points dim"]]:
        """Random members and points, by the law that training and tests use.

        **Arguments:**

        - `num_points`: how many, a Python integer.
        - `key`: a `jax.random` key.

        **Returns:** a PyTree of arrays with a leading axis of `num_points`, and an array of shape `(num_points, dim)`.
        """

    @abc.abstractmethod
    def residual(  # pyright: ignore[reportIncompatibleMethodOverride], points are pairs
        self,
        u: Field,
        a: Any,
        x: Float[Array, " dim"],
        *,
        estimator: AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, "*parts"]:
        """The residual of `u` for one member at one point: zero everywhere for the solution.

        **Arguments:**

        - `u`: the trial function of `(a, x)`, boundary condition included.
        - `a`: the parameters of one member.
        - `x`: one point, of shape `(dim,)`.
        - `estimator`: how to apply the operators to `u`; pass it on to them.
        - `key`: the randomness of the estimator; `None` is enough for [`stde_eqx.Exact`][].

        **Returns:** a scalar, or a vector of `num_parts` parts whose squares are added.
        """

    def exact(  # pyright: ignore[reportIncompatibleMethodOverride], points are pairs
        self, a: Any, x: Float[Array, " dim"]
    ) -> Float[Array, ""] | None:
        """The solution of one member at one point, or `None` where none is known: then no error is ever reported."""
        return None
