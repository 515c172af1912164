import math
from collections.abc import Callable
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import jax.random as jr
import lineax as lx
from jax.core import Tracer
from jaxtyping import Array, Float, PRNGKeyArray


#: A coefficient of a stochastic differential equation: a function of the time and the point.
SDECoefficient = Callable[[Float[Array, ""], Float[Array, " dim"]], Any]


def sample_path(
    drift: SDECoefficient,
    diffusion: SDECoefficient,
    x0: Float[Array, " dim"],
    ts: Float[Array, " times"],
    *,
    t0: float = 0.0,
    num_steps: int = 64,
    solver: diffrax.AbstractSolver[Any] | None = None,
    key: PRNGKeyArray,
) -> Float[Array, "times dim"]:
    r"""A sample path of the diffusion $dX = \mu(t, X) \, dt + \sigma(t, X) \, dW$ at some times, by Diffrax.

    For many paths use `jax.vmap` over keys. The points that a path visits are where the value at its start is decided
    (Feynman and Kac), which makes them good collocation points; [`zoo.laws.Diffusion`][] makes a law of them.

    !!! example

        ```python
        drift = lambda t, x: -x
        diffusion = lambda t, x: jnp.sqrt(2.0)
        ts = jnp.linspace(0, 1, 11)
        path = lambda key: stde.timestepping.sample_path(drift, diffusion, jnp.zeros(3), ts, key=key)
        paths = jax.vmap(path)(jax.random.split(jax.random.key(0), 100))  # (100, 11, 3)
        ```

    **Arguments:**

    - `drift`: $\mu$, with values of shape `(dim,)`.
    - `diffusion`: $\sigma$: a scalar, shape `(dim,)` for a diagonal matrix, or `(dim, noise)` for any matrix.
    - `x0`: where it starts, shape `(dim,)`.
    - `ts`: increasing times, not before `t0`.
    - `t0`: when it starts.
    - `num_steps`: equal steps to each of the times from the one before, with Brownian increments of their own.
    - `solver`: an Itô solver of Diffrax; Euler and Maruyama's by default.
    - `key`: a `jax.random` key.

    **Returns:** an array of shape `(times, dim)`.

    **Raises:** `ValueError` for a solver that is not one of Itô's equation, times that do not increase, or coefficients
    of another shape.
    """
    solver = diffrax.Euler() if solver is None else solver
    if not isinstance(solver, diffrax.AbstractItoSolver):
        raise ValueError(
            f"The equation is in the sense of Itô, and `{type(solver).__name__}` does not solve such: use for example "
            "diffrax.Euler() or diffrax.ItoMilstein()."
        )
    if num_steps < 1:
        raise ValueError(f"A path needs num_steps >= 1, got {num_steps}.")
    if jnp.ndim(x0) != 1 or jnp.ndim(ts) != 1:
        raise ValueError(
            f"A path has one start, of shape (dim,), and times of shape (times,), got shapes {jnp.shape(x0)} and "
            f"{jnp.shape(ts)}. For many paths use jax.vmap over keys."
        )
    for name, array in (("x0", x0), ("ts", ts)):
        if not jnp.issubdtype(array.dtype, jnp.floating):
            raise ValueError(f"{name} must have floating-point numbers, got dtype {array.dtype}: write {name} * 1.0.")
    before = jnp.concatenate([jnp.full(1, t0, ts.dtype), ts[:-1]])
    if not isinstance(ts, Tracer) and not bool(jnp.all(ts >= before)):
        raise ValueError(f"The times of a path must increase from t0={t0:g} on, got {ts}.")
    dim = x0.shape[0]
    noise = _noise_dimension(diffusion, x0, ts)
    slope = jax.eval_shape(lambda t, x: jnp.asarray(drift(t, x)), ts[0], x0).shape
    if slope not in ((), (dim,)):
        raise ValueError(f"drift must return a scalar or an array of shape ({dim},), got shape {slope}.")
    shape = jax.ShapeDtypeStruct((noise,), x0.dtype)

    def push(t: Any, x: Any) -> Any:
        return jnp.broadcast_to(jnp.asarray(drift(t, x)).astype(x.dtype), (dim,))

    def matrix(t: Any, x: Any, args: Any) -> Any:
        sigma = jnp.asarray(diffusion(t, x)).astype(x.dtype)
        if sigma.ndim == 2:
            return lx.MatrixLinearOperator(sigma)
        return lx.DiagonalLinearOperator(jnp.broadcast_to(sigma, (dim,)))

    def onwards(x: Array, interval: tuple[Array, Array, PRNGKeyArray]) -> tuple[Array, Array]:
        """From one of the times to the next."""
        begin, end, key = interval
        # One increment a step is all that a constant step looks at, so nothing of the path needs to be remembered.
        brownian = diffrax.UnsafeBrownianPath(shape, key=key)
        terms = diffrax.MultiTerm(diffrax.ODETerm(lambda t, x, args: push(t, x)), diffrax.ControlTerm(matrix, brownian))
        # A path of no length has no step.
        length = jnp.maximum(end - begin, jnp.finfo(ts.dtype).tiny ** 0.5)
        solution = diffrax.diffeqsolve(
            terms,
            solver,
            begin,
            begin + length,
            length / num_steps,
            x,
            max_steps=num_steps + 2,
            adjoint=diffrax.DirectAdjoint(),
        )
        assert solution.ys is not None
        # begin + length may be begin, to which no step leads.
        reached = jnp.where(end > begin, solution.ys[-1], x)
        return reached, reached

    return jax.lax.scan(onwards, x0, (before, ts, jr.split(key, ts.shape[0])))[1]


def _noise_dimension(diffusion: SDECoefficient, x0: Array, ts: Array) -> int:
    """How many Brownian motions drive the path, from the shape of sigma."""
    dim = x0.shape[0]
    shape = jax.eval_shape(lambda t, x: jnp.asarray(diffusion(t, x)), ts[0], x0).shape
    if len(shape) > 2 or (shape and shape[0] != dim) or math.prod(shape) == 0:
        raise ValueError(
            f"diffusion must return a scalar or an array of shape ({dim},) or ({dim}, noise) at a point of shape "
            f"({dim},), got shape {shape}."
        )
    return shape[1] if len(shape) == 2 else dim
