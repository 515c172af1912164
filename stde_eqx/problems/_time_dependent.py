import abc
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field, TimesAndPoints
from ..operators import AbstractEstimator
from ._base import AbstractProblem


class AbstractTimeDependent(AbstractProblem):
    r"""What a PDE for an unknown `u(t, x)` offers, so that it can be trained.

    It is an [`stde_eqx.AbstractProblem`][] whose points are pairs: `sample` returns `(t, x)`, and everything that takes
    a point takes `t` and `x`. A network of one array becomes a function of both by [`stde_eqx.nn.SpaceTime`][]. The
    dimension is that of space.

    For derivatives in time and space together, write the unknown as a function of one array, time first:
    [`stde_eqx.problems.joined`][].

    !!! example

        ```python
        class Wave(stde.AbstractTimeDependent):
            dim: int

            def sample(self, num_points, *, key):
                t_key, x_key = jax.random.split(key)
                return jax.random.uniform(t_key, (num_points,)), jax.random.normal(x_key, (num_points, self.dim))

            def residual(self, u, t, x, *, estimator, key):
                u, z = stde.problems.joined(u, t, x)
                wave = stde.PartialDerivative((0, 0)) - stde.Laplacian().on(slice(1, None))
                return wave(u, z, estimator=estimator, key=key)
        ```
    """

    @abc.abstractmethod
    def sample(  # pyright: ignore[reportIncompatibleMethodOverride], points are pairs
        self, num_points: int, *, key: PRNGKeyArray
    ) -> TimesAndPoints:
        """Random times and points of space, by the law that training and tests use.

        **Arguments:**

        - `num_points`: how many, a Python integer.
        - `key`: a `jax.random` key.

        **Returns:** arrays of shapes `(num_points,)` and `(num_points, dim)`.
        """

    @abc.abstractmethod
    def residual(  # pyright: ignore[reportIncompatibleMethodOverride], points are pairs
        self,
        u: Field,
        t: Float[Array, ""],
        x: Float[Array, " dim"],
        *,
        estimator: AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, "*parts"]:
        """The PDE's residual of `u` at one time and point: zero everywhere for the solution.

        **Arguments:**

        - `u`: the trial function of `(t, x)`, initial condition included.
        - `t`: one time, a scalar.
        - `x`: one point, of shape `(dim,)`.
        - `estimator`: how to apply the PDE's operators to `u`; pass it on to them.
        - `key`: the randomness of the estimator; `None` is enough for [`stde_eqx.Exact`][].

        **Returns:** a scalar, or a vector of `num_parts` parts whose squares are added.
        """

    def exact(  # pyright: ignore[reportIncompatibleMethodOverride], points are pairs
        self, t: Float[Array, ""], x: Float[Array, " dim"]
    ) -> Float[Array, ""] | None:
        """The solution at one time and point, or `None` where none is known: then no error is ever reported."""
        return None


def joined(u: Field, t: Float[Array, ""], x: Float[Array, " dim"]) -> tuple[Field, Float[Array, " coordinates"]]:
    r"""An unknown `u(t, x)` as a function of the one array $z = (t, x_1, \ldots, x_d)$, and that array.

    Operators act on functions of one array; in space alone they are restricted by `.on(slice(1, None))`.

    **Arguments:**

    - `u`: a function of `(t, x)`.
    - `t`: a scalar.
    - `x`: shape `(dim,)`.

    **Returns:** the function, and the array, of shape `(1 + dim,)`.

    **Raises:** `ValueError` for a time that is not a scalar, or a point that is not a vector of floating-point numbers.
    """
    if jnp.ndim(t) != 0 or jnp.ndim(x) != 1:
        raise ValueError(
            f"Expected one time, a scalar, and one point, of shape (dim,); got arrays of shapes {jnp.shape(t)} and "
            f"{jnp.shape(x)}. For batches use jax.vmap."
        )
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        raise ValueError(
            f"x has dtype {x.dtype}, which the time would be rounded to, and in which nothing is differentiated: pass "
            "`x.astype(float)`."
        )

    def function(z: Float[Array, " coordinates"]) -> Any:
        return u(z[0], z[1:])

    return function, jnp.concatenate([jnp.asarray(t, x.dtype)[None], x])
