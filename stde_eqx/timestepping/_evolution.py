import enum
import operator
from collections.abc import Iterator
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float, PRNGKeyArray

from ..problems import AbstractParabolic
from ._flat_network import FlatNetwork


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
    - `network`: the way from parameters to the network, a [`stde_eqx.timestepping.FlatNetwork`][].
    - `ts`: the times saved, and last the one reached, of shape `(times,)`.
    - `params`: the parameters of the network at these times, shape `(times, params)`, before its output is shifted and
        scaled.
    - `defects`: at each of them the root mean square of $J \dot\theta - F$ relative to that of $F$: the part of the
        motion that the network does not follow. 0.01 is good; near 1 it stands still. It is taken at other points than
        those that the motion is fitted to, and without the noise of the estimator's draw there.
    - `error_bounds`: the integrals up to these times of the root mean square of $J \dot\theta - F$. Together with the
        error of the initial fit they bound the error of equations that damp perturbations, in the mean square over the
        law of the points and but for the error of the time steps.
    - `initial_error`: the root mean square of the error of the initial fit, relative to that of the data
        (absolute where these vanish).
    - `status`: how it ended, a [`stde_eqx.timestepping.EvolutionStatus`][].
    - `num_steps`: the number of time steps, rejected ones included.
    - `dense`: Diffrax's solution at all times, where `saveat` was `diffrax.SaveAt(dense=True)`; otherwise `None`.
    """

    problem: AbstractParabolic
    network: FlatNetwork
    ts: Float[Array, " times"]
    params: Float[Array, "times params"]
    defects: Float[Array, " times"]
    error_bounds: Float[Array, " times"]
    initial_error: float
    status: EvolutionStatus
    num_steps: int
    dense: diffrax.Solution | None

    def __str__(self) -> str:
        return (
            f"Evolution of {type(self.problem).__name__}, {self.status.value}: t={float(self.ts[-1]):.4g} after "
            f"{self.num_steps} steps, relative error of the initial fit {self.initial_error:.1e}, last defect "
            f"{float(self.defects[-1]):.1e}"
        )

    def __len__(self) -> int:
        return self.ts.shape[0]

    def __getitem__(self, index: int) -> Any:
        """The network at one of the saved times, a function of `x`; `IndexError` if there is no such one."""
        if not -len(self) <= operator.index(index) < len(self):
            raise IndexError(f"the evolution has {len(self)} saved times, got the index {index}.")
        return self.network(self.params[index])

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def u(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The value at one point at the last time reached."""
        return self[-1](x)

    def __call__(self, t: Float[Array, ""] | float, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The value at one time and point.

        **Arguments:**

        - `t`: a saved time; any time passed if `saveat` was `diffrax.SaveAt(dense=True)`.
        - `x`: shape `(dim,)`.

        **Raises:** `ValueError` for a time that was not saved. Where the time is traced, as inside of `jax.jit`, the
        value is NaN instead.
        """
        t = jnp.asarray(t, self.ts.dtype)
        tolerance = 1e-5 * abs(self.problem.t1 - self.problem.t0)
        if self.dense is not None:
            begin, end = self.problem.t0, self.ts[-1]
            known = (t - begin) * (t - end) <= tolerance * jnp.abs(end - begin)
            params = self.dense.evaluate(t)[0]
        else:
            index = jnp.argmin(jnp.abs(self.ts - t))
            known = jnp.abs(self.ts[index] - t) <= tolerance
            params = self.params[index]
        if not isinstance(known, Tracer) and not known:
            raise ValueError(self._unknown_time(float(t)))
        return jnp.where(known, self.network(params)(x), jnp.nan)

    def _unknown_time(self, t: float) -> str:
        if self.dense is not None:
            return f"The evolution passed the times from {self.problem.t0:g} to {float(self.ts[-1]):g}, got t={t:g}."
        return (
            f"The times saved are {[float(f'{s:.6g}') for s in self.ts]}, got t={t:g}. To evaluate at any time, evolve "
            "with `saveat=diffrax.SaveAt(dense=True)`."
        )

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
