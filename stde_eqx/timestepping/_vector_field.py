from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ..operators import AbstractEstimator
from ..problems import AbstractParabolic
from ._least_squares import AbstractLeastSquares
from ._parameters import Parameters
from ._updates import AbstractUpdate


class VectorField(eqx.Module):
    r"""The motion of a network's parameters by which it follows a parabolic equation.

    The state is the vector of parameters and the integral so far of the root mean square of what the network cannot
    follow, $|J \dot\theta - F|$.
    """

    problem: AbstractParabolic
    network: Parameters
    estimator: AbstractEstimator
    update: AbstractUpdate
    least_squares: AbstractLeastSquares
    num_points: int = eqx.field(static=True)
    num_redraws: int = eqx.field(static=True)
    t1: Float[Array, ""]
    key: PRNGKeyArray

    def __call__(self, t: Float[Array, ""], state: tuple[Array, Array], args: Any) -> tuple[Array, Array]:
        params, _ = state
        velocity, left, _ = self.solve(t, params)
        # Time may run backwards, but the error only grows.
        return velocity, left * jnp.sign(self.t1 - self.problem.t0)

    def solve(
        self, t: Float[Array, ""], params: Float[Array, " params"]
    ) -> tuple[Float[Array, " params"], Float[Array, ""], Float[Array, ""]]:
        """The velocity of the parameters, and the root mean squares of what is left and of the right-hand side."""
        points_key, draw_key, update_key = jr.split(jr.fold_in(self.key, self._interval(t)), 3)
        t = jnp.asarray(t, params.dtype)
        points = self.problem.sample_at(jnp.full(self.num_points, t), key=points_key).astype(params.dtype)
        u = self.network(params)
        at = lambda x, key: self.problem.rate(u, t, x, estimator=self.estimator, key=key)
        target = jax.vmap(at)(points, jr.split(draw_key, self.num_points))
        at_point = lambda p, x: self.network(p)(x)
        velocity = self.update(self.least_squares, at_point, params, points, target, key=update_key)
        along = lambda x: jax.jvp(lambda p: at_point(p, x), (params,), (velocity,))[1]
        rms = lambda values: jnp.sqrt(jnp.mean(values**2))
        return velocity, rms(jax.vmap(along)(points) - target), rms(target)

    def _interval(self, t: Float[Array, ""]) -> Array:
        """Which of the equal intervals, in each of which the random numbers are the same, a time belongs to."""
        passed = (t - self.problem.t0) / (self.t1 - self.problem.t0)
        return jnp.clip(jnp.floor(passed * self.num_redraws), 0, self.num_redraws - 1).astype(jnp.int32)
