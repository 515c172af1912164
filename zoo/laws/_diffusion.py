from collections.abc import Callable
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde

from .._checks import as_nonnegative, as_number
from ._base import AbstractLaw


class Diffusion(AbstractLaw):
    r"""The law of a diffusion, simulated: sample paths of $dX = \mu(t, X) \, dt + \sigma(t, X) \, dW$ by Diffrax.

    Where the law is known, as for [`zoo.laws.Brownian`][], [`zoo.laws.GeometricBrownian`][] and
    [`zoo.laws.MeanReverting`][], that is exact and takes no steps.

    **Arguments:**

    - `drift`: $\mu$, a function of time and point with values of shape `(dim,)`.
    - `diffusion`: $\sigma$, with values that are scalars or of shape `(dim,)` or `(dim, noise)`.
    - `start`: $X$ at the time `origin`, shape `(dim,)`.
    - `origin`: when the paths start. They run towards the time that is asked for, later or earlier.
    - `spread`: the standard deviation of a normal law of the start about `start`.
    - `num_steps`: of a path.
    - `solver`: an Itô solver of Diffrax; Euler and Maruyama's if `None`.

    **Raises:** `ValueError` for a start that is not a vector or a negative spread; on use, as
    [`stde_eqx.timestepping.sample_path`][].
    """

    drift: Callable[..., Any]
    diffusion: Callable[..., Any]
    start: Float[Array, " dim"]
    origin: float
    spread: float
    num_steps: int = eqx.field(static=True)
    solver: diffrax.AbstractSolver[Any] | None

    def __init__(
        self,
        drift: Callable[..., Any],
        diffusion: Callable[..., Any],
        start: Float[Array, " dim"],
        *,
        origin: float = 0.0,
        spread: float = 0.0,
        num_steps: int = 64,
        solver: diffrax.AbstractSolver[Any] | None = None,
    ):
        self.drift, self.diffusion, self.start = drift, diffusion, jnp.asarray(start)
        self.origin, self.spread = as_number("origin", origin), as_nonnegative("spread", spread)
        self.num_steps, self.solver = num_steps, solver
        if self.start.ndim != 1:
            raise ValueError(f"start must have the shape (dim,), got {self.start.shape}.")

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        """The dimension."""
        return self.start.shape[0]

    def at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """The ends of independent paths, one for each of the times."""

        def end(t: Float[Array, ""], key: PRNGKeyArray) -> Float[Array, " dim"]:
            start_key, path_key = jr.split(key)
            start = self.start.astype(t.dtype) + self.spread * jr.normal(start_key, (self.dim,), t.dtype)
            # Measured from the origin time always runs forwards, and the coefficients see the time that it is.
            direction = jnp.where(t < self.origin, -1.0, 1.0).astype(t.dtype)
            at = lambda passed: self.origin + direction * passed
            return stde.timestepping.sample_path(
                lambda s, x: self.drift(at(s), x),
                lambda s, x: self.diffusion(at(s), x),
                start,
                jnp.abs(t - self.origin)[None],
                num_steps=self.num_steps,
                solver=self.solver,
                key=path_key,
            )[0]

        return jax.vmap(end)(t, jr.split(key, t.shape[0]))
