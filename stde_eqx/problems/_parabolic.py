import abc

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field, TimesAndPoints
from ..nn import HardConstraint
from ..operators import AbstractEstimator
from ._time_dependent import AbstractTimeDependent


class AbstractParabolic(AbstractTimeDependent):
    r"""A PDE that carries data forward: $u_t = F(t, x, u, \nabla u, \nabla^2 u)$, $u(t_0, \cdot) = g$.

    `t0` is the time of the data and `t1` where the equation leads, as in Diffrax. With a terminal condition, as in
    optimal control and finance, `t0` is the *later* time, and `t1 < t0`: the equation is then well-posed backwards.

    A problem of one's own has the fields `dim`, `t0` and `t1` and the methods `initial`, `rate` and `sample_at`. It can
    be trained in space-time by [`stde_eqx.train`][], and followed in time by [`stde_eqx.evolve`][].

    !!! example

        ```python
        class Fisher(stde.AbstractParabolic):
            dim: int
            t0: float = 0.0
            t1: float = 1.0

            def initial(self, x):
                return jnp.exp(-jnp.sum(x**2))

            def rate(self, u, t, x, *, estimator, key):
                value, laplacian = stde.value_and_apply(stde.Laplacian(), u, x, estimator=estimator, key=key)
                return laplacian + value * (1 - value)

            def sample_at(self, t, *, key):
                return jax.random.normal(key, (t.shape[0], self.dim))
        ```

    **Attributes:**

    - `t0`: the time of the data.
    - `t1`: the time up to which the solution is wanted.
    """

    t0: eqx.AbstractVar[float]
    t1: eqx.AbstractVar[float]

    @abc.abstractmethod
    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The data $g$ at one point, given at the time `t0`."""

    @abc.abstractmethod
    def rate(
        self,
        u: Field,
        t: Float[Array, ""],
        x: Float[Array, " dim"],
        *,
        estimator: AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, ""]:
        """The right-hand side $F$ at one time and point: what $u_t$ is there.

        **Arguments:**

        - `u`: a function of `x` alone, the unknown at time `t`.
        - `t`: a scalar.
        - `x`: shape `(dim,)`.
        - `estimator`, `key`: how to apply the operators.

        **Returns:** a scalar.
        """

    @abc.abstractmethod
    def sample_at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """One random point of space for each of the given times, by the law that training and tests use.

        **Arguments:**

        - `t`: times between `t0` and `t1`.
        - `key`: a `jax.random` key.

        **Returns:** an array of shape `(points, dim)`.
        """

    def sample(self, num_points: int, *, key: PRNGKeyArray) -> TimesAndPoints:
        """Times uniform between `t0` and `t1`, and for each of them a point by `sample_at`.

        **Arguments:**

        - `num_points`: how many.
        - `key`: a `jax.random` key.

        **Returns:** arrays of shapes `(num_points,)` and `(num_points, dim)`.
        """
        time_key, space_key = jr.split(key)
        t = self.t0 + (self.t1 - self.t0) * jr.uniform(time_key, (num_points,))
        return t, self.sample_at(t, key=space_key)

    def residual(
        self,
        u: Field,
        t: Float[Array, ""],
        x: Float[Array, " dim"],
        *,
        estimator: AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, ""]:
        """$u_t - F$ at one time and point. The derivative in time is exact, whatever the estimator."""
        _, in_time = jax.jvp(lambda s: u(s, x), (t,), (jnp.ones_like(t),))
        return in_time - self.rate(lambda y: u(t, y), t, x, estimator=estimator, key=key)

    def extension(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        """A function of time and space that has the data at `t0`; by default the data themselves, at all times.

        It must be smooth at all other times. Automatic differentiation does not see what a kink of the data, as that of
        an option's payoff, contributes to a Laplacian, and a trial function with a kink minimises a wrong residual.
        """
        return self.initial(x)

    def ansatz(self, net: Field) -> Field:
        r"""$(t, x) \mapsto \tilde g(t, x) + \frac{t - t_0}{t_1 - t_0} \, \mathrm{net}(t, x)$, which has the data.

        $\tilde g$ is the `extension` of the data. [`stde_eqx.SoftInitial`][] imposes them by a penalty instead.
        """
        return HardConstraint(lambda t, x: (t - self.t0) / (self.t1 - self.t0), net, self.extension)
