from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ..operators import AbstractEstimator, Exact
from ..problems import AbstractParabolic
from ._flat_network import FlatNetwork
from ._least_squares import AbstractLeastSquares
from ._updates import AbstractUpdate


class VectorField(eqx.Module):
    r"""The motion of a network's parameters by which it follows a parabolic equation.

    The state is the vector of parameters and the integral so far of the root mean square of what the network cannot
    follow, $|J \dot\theta - F|$, at points that the motion was not fitted to.
    """

    problem: AbstractParabolic
    network: FlatNetwork
    estimator: AbstractEstimator
    update: AbstractUpdate
    least_squares: AbstractLeastSquares
    num_points: int = eqx.field(static=True)
    #: The times between the intervals in each of which the random numbers are the same.
    edges: Float[Array, " edges"]
    t1: Float[Array, ""]
    key: PRNGKeyArray

    def __call__(self, t: Float[Array, ""], state: tuple[Array, Array], args: Any) -> tuple[Array, Array]:
        params, _ = state
        velocity, left, _ = self.solve(t, params)
        # Time may run backwards, but the error only grows.
        return velocity, left * self._direction.astype(left.dtype)

    def solve(
        self, t: Float[Array, ""], params: Float[Array, " params"]
    ) -> tuple[Float[Array, " params"], Float[Array, ""], Float[Array, ""]]:
        """The velocity of the parameters, and the root mean squares of what is left and of the right-hand side.

        The latter two at other points, and with two independent draws, whose product is free of the noise's square.
        """
        fit_key, update_key, judge_key = jr.split(jr.fold_in(self.key, self._interval(t)), 3)
        t = jnp.asarray(t, params.dtype)
        points_key, draw_key = jr.split(fit_key)
        points = self._points(t, self.num_points, params.dtype, points_key)
        target = self._rates(t, params, points, draw_key)
        at_point = lambda p, x: self.network(p)(x)
        velocity = self.update(self.least_squares, at_point, params, points, target, key=update_key)

        points_key, *draw_keys = jr.split(judge_key, 3)
        unseen = self._points(t, max(50, self.num_points // 4), params.dtype, points_key)
        first = self._rates(t, params, unseen, draw_keys[0])
        second = first if isinstance(self.estimator, Exact) else self._rates(t, params, unseen, draw_keys[1])
        along = jax.vmap(lambda x: jax.jvp(lambda p: at_point(p, x), (params,), (velocity,))[1])(unseen)
        rms = lambda a, b: jnp.sqrt(jnp.maximum(jnp.mean(a * b), 0))
        return velocity, rms(along - first, along - second), rms(first, second)

    def _points(self, t: Float[Array, ""], number: int, dtype: Any, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        return self.problem.sample_at(jnp.full(number, t), key=key).astype(dtype)

    def _rates(self, t: Float[Array, ""], params: Array, points: Array, key: PRNGKeyArray) -> Float[Array, " points"]:
        u = self.network(params)
        at = lambda x, k: self.problem.rate(u, t, x, estimator=self.estimator, key=k)
        return jax.vmap(at)(points, jr.split(key, points.shape[0])).astype(params.dtype)

    @property
    def _direction(self) -> Float[Array, ""]:
        return jnp.sign(self.t1 - self.problem.t0)

    def _interval(self, t: Float[Array, ""]) -> Array:
        """Which interval a time belongs to. The solver stops just before an edge and goes on just after it."""
        return jnp.sum((t - self.edges) * self._direction >= 0)
