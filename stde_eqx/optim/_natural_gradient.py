from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from ._base import AbstractLeastSquaresOptimizer
from ._solver import AbstractKernelSolver, suitable
from ._step_size import AbstractStepSize
from .jacobian import Block, plan, square_of


#: A number, or an Optax schedule: a function of the number of steps taken.
Scheduled: TypeAlias = float | Callable[[Int[Array, ""]], Any]


class NaturalGradientState(eqx.Module):
    """The last direction, `None` without momentum, and the number of steps taken."""

    direction: Any
    count: Int[Array, ""]


class NaturalGradient(AbstractLeastSquaresOptimizer):
    r"""Gauss-Newton steps in the space of the samples, with momentum.

    $$\phi_k = \arg\min_\phi \ |J \phi + r|^2 + \lambda\, |\phi - \mu \phi_{k-1}|^2
    = \mu \phi_{k-1} - J^T (J J^T + \lambda I)^{-1} (r + \mu J \phi_{k-1}), \qquad
    \theta_{k+1} = \theta_k + \eta_k \phi_k$$

    The matrix $J J^T$ has as many rows as there are residuals, however many parameters there are. It is made without
    writing out $J$ where that is large, see [`stde_eqx.optim.JacobianPlan`][].

    **Arguments:**

    - `learning_rate`: $\eta$, a number or an Optax schedule.
    - `damping`: $\lambda$ in units of the mean of the diagonal of $J J^T$, a number or an Optax schedule.
    - `momentum`: $\mu$, at least 0 and below 1. Without it the method is ENGD-W, with it SPRING.
    - `step_size`: how to shorten a step that does not help; every step is taken whole if `None`.
    - `solver`: [`stde_eqx.optim.Cholesky`][] or [`stde_eqx.optim.ConjugateGradients`][]; if `None`, by the memory that
        the Jacobian takes.

    **Raises:** `ValueError` for a value out of range.

    ??? cite "Reference"

        Guzman-Cordero, Dangel, Goldshlager & Zeinhofer, "Improving energy natural gradient descent through Woodbury,
        momentum, and randomization", 2025. Goldshlager, Abrahamsen & Lin, "A Kaczmarz-inspired approach to accelerate
        the optimization of neural network wavefunctions", Journal of Computational Physics 516, 2024.
    """

    learning_rate: Scheduled
    damping: Scheduled
    momentum: float
    step_size: AbstractStepSize | None
    solver: AbstractKernelSolver | None

    def __init__(
        self,
        learning_rate: Scheduled = 1.0,
        *,
        damping: Scheduled = 1e-3,
        momentum: float = 0.0,
        step_size: AbstractStepSize | None = None,
        solver: AbstractKernelSolver | None = None,
    ):
        for name, value in (("learning_rate", learning_rate), ("damping", damping)):
            if not callable(value) and not value > 0:
                raise ValueError(f"`{name}` must be positive, or an Optax schedule, got {value!r}.")
        if not 0 <= momentum < 1:
            raise ValueError(f"`momentum` must be at least 0 and below 1, got {momentum!r}.")
        self.learning_rate = learning_rate
        self.damping = damping
        self.momentum = momentum
        self.step_size = step_size
        self.solver = solver

    def init(self, params: Any) -> NaturalGradientState:
        first = optax.tree.zeros_like(params) if self.momentum else None
        return NaturalGradientState(first, jnp.zeros((), jnp.int32))

    def update(
        self, blocks: Sequence[Block], state: NaturalGradientState, params: Any
    ) -> tuple[Float[Array, ""], Any, NaturalGradientState]:
        solver = suitable(plan(blocks, params).entries) if self.solver is None else self.solver
        residuals, jacobian = solver.linearize(blocks, params)
        # Points may have more digits than the network.
        residuals = residuals.astype(jnp.result_type(*jax.tree.leaves(params)))
        at = lambda value: jnp.asarray(value(state.count) if callable(value) else value, residuals.dtype)
        carried = optax.tree.scale(self.momentum, state.direction) if self.momentum else None
        ahead = residuals if carried is None else residuals + jacobian.push(carried)
        weights = solver.solve(jacobian, ahead, at(self.damping), count=state.count)
        pulled = jacobian.pull(weights)
        direction = optax.tree.scale(-1, pulled) if carried is None else optax.tree.sub(carried, pulled)
        loss = jnp.vdot(residuals, residuals)
        step = at(self.learning_rate)
        if self.step_size is not None:
            slope = 2 * jnp.vdot(residuals, jacobian.push(direction))
            loss_along = lambda step: square_of(blocks, optax.tree.add_scale(params, step, direction)).astype(
                loss.dtype
            )
            step = self.step_size(loss_along, loss, slope, step)
        updates = jax.tree.map(lambda d: (step * d).astype(d.dtype), direction)
        return loss, updates, NaturalGradientState(direction if self.momentum else None, state.count + 1)
