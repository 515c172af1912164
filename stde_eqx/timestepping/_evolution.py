import enum
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ..problems import AbstractParabolic
from ._parameters import Parameters


class EvolutionStatus(enum.Enum):
    """How an evolution ended."""

    #: It reached `t1`.
    completed = "completed"
    #: An event that was asked for ended it.
    event = "event"
    #: Steps were rejected again and again, or a value was not finite; the last accepted state is kept.
    stalled = "stalled"
    #: `max_steps` were taken; the state reached by then is kept.
    out_of_steps = "out of steps"


class Evolution(eqx.Module):
    r"""A network that was followed through time.

    It is a sequence of networks, one for each saved time: `evolution[i]` is the function of `x` at `evolution.ts[i]`,
    and `evolution.u(x)` that at the last time reached.

    **Attributes:**

    - `problem`: the PDE.
    - `ts`: the times saved, and last the one reached, of shape `(times,)`.
    - `params`: the parameters at these times, shape `(times, params)`.
    - `defects`: at each of them the root mean square of $J \dot\theta - F$ relative to that of $F$: the part of the
        motion that the network cannot follow. 0.01 is good; near 1 it stands still.
    - `error_bounds`: the integrals up to these times of the root mean square of $J \dot\theta - F$. Together with the
        error of the initial fit they bound the error of equations that damp perturbations, as far as the sampled points
        tell.
    - `initial_error`: the root mean square of the error of the initial fit, relative to that of the data.
    - `status`: how it ended, a [`stde_eqx.timestepping.EvolutionStatus`][].
    - `num_steps`: the number of time steps, rejected ones included.
    """

    problem: AbstractParabolic
    network: Parameters
    ts: Float[Array, " times"]
    params: Float[Array, "times params"]
    defects: Float[Array, " times"]
    error_bounds: Float[Array, " times"]
    initial_error: float
    status: EvolutionStatus
    num_steps: int
    dense: diffrax.Solution | None

    def __len__(self) -> int:
        return self.ts.shape[0]

    def __getitem__(self, index: int) -> Any:
        """The network at one of the saved times, a function of `x`."""
        return self.network(self.params[index])

    def u(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The value at one point at the last time reached."""
        return self[-1](x)

    def __call__(self, t: Float[Array, ""] | float, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The value at one time and point.

        **Arguments:**

        - `t`: a saved time; any time if `saveat` was `diffrax.SaveAt(dense=True)`.
        - `x`: shape `(dim,)`.

        **Raises:** `ValueError` for a time that was not saved.
        """
        if self.dense is not None:
            params, _ = self.dense.evaluate(jnp.asarray(t, self.ts.dtype))
            return self.network(params)(x)
        ts = np.asarray(self.ts)
        index = int(np.argmin(np.abs(ts - float(t))))
        if abs(ts[index] - float(t)) > 1e-6 * max(1.0, abs(float(t))):
            raise ValueError(
                f"The times saved are {[float(f'{s:.6g}') for s in ts]}, got t={float(t):g}. To evaluate at any time, "
                "evolve with `saveat=diffrax.SaveAt(dense=True)`."
            )
        return self[index](x)

    def relative_l2(self, *, num_points: int = 10_000, key: PRNGKeyArray) -> Float[Array, " times"]:
        """The relative L2 errors at the saved times, on points of the problem's law.

        **Arguments:**

        - `num_points`: how many points.
        - `key`: a `jax.random` key.

        **Returns:** an array of shape `(times,)`.

        **Raises:** `ValueError` for a problem without an exact solution.
        """
        if self.problem.exact(self.ts[0], jnp.zeros(self.problem.dim)) is None:
            raise ValueError(
                f"`{type(self.problem).__name__}.exact` returns None: without an exact solution there is no error to "
                "evaluate; `defects` and `error_bounds` are what is known."
            )
        states = zip(self.ts, self.params, strict=True)
        return jnp.stack([_error(self.problem, self.network, *state, num_points, key) for state in states])


@eqx.filter_jit
def _error(problem, network, t, params, num_points, key) -> Float[Array, ""]:
    points = problem.sample_at(jnp.full(num_points, t), key=key).astype(params.dtype)
    exact = jax.vmap(lambda x: problem.exact(t.astype(x.dtype), x))(points)
    found = jax.vmap(network(params))(points)
    return jnp.sqrt(jnp.sum((found - exact) ** 2) / jnp.sum(exact**2))
