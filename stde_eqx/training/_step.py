from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from .._custom_types import Field
from ..nn import Affine
from ..operators import AbstractEstimator, Exact
from ..problems import AbstractProblem
from ._chunks import points_per_chunk
from ._loss import AbstractLoss, mean_square, MeanSquare, penalty_parts, residuals
from ._scales import fit_scales
from ._state import initial_state, TrainState
from ._validate import check_count, check_key, check_network, check_optimizer, check_problem


class StepMetrics(eqx.Module):
    """What one training step reports.

    **Attributes:**

    - `loss`: the mean square of the scaled residual, and of the penalties if there are any, before the step; 1 is what
        the best constant reaches.
    - `finite`: whether loss and update were finite. If not, the step was not taken and the state is the one before it.
    """

    loss: Float[Array, ""]
    finite: Bool[Array, ""]


class TrainStep(eqx.Module):
    """One step of training: sample a batch, estimate the residual, follow the gradient. See [`stde_eqx.make_step`][].

    `init` makes the first state; calling the step maps a [`stde_eqx.training.TrainState`][] to the next one and a
    [`stde_eqx.training.StepMetrics`][]. It compiles itself, and can be used inside a caller's own `jax.jit`,
    `jax.lax.scan` and `jax.vmap`.
    """

    problem: AbstractProblem
    estimator: AbstractEstimator
    optimizer: optax.GradientTransformation
    batch_size: int = eqx.field(static=True)
    share_draw: bool = eqx.field(static=True)
    loss: AbstractLoss
    output_shift: float | None
    output_scale: float | None
    residual_scale: float | None

    # `jax.jit(step)` hashes the step, which arrays do not allow by value.
    def __hash__(self):
        return id(self)

    def __eq__(self, other):
        return self is other

    def init(self, u: Field, *, key: PRNGKeyArray) -> TrainState:
        """The state before the first step: scales fitted, optimiser initialised, the network's arrays copied.

        **Arguments:**

        - `u`: the network to train, any PyTree that maps one point to a scalar.
        - `key`: the randomness of the whole run.

        **Returns:**

        A [`stde_eqx.training.TrainState`][].

        **Raises:**

        `ValueError` if the network, the problem and the estimator do not fit together, before anything is compiled.
        """
        check_key(key)
        check_network(self.problem, u, self.estimator, key=key)
        run_key, points_key, draw_key = jr.split(key, 3)
        num_points = max(self.batch_size, points_per_chunk(self.problem.dim))
        scales = fit_scales(
            self.problem,
            self.problem.sample(num_points, key=points_key),
            estimator=self.estimator,
            key=draw_key,
            share_draw=self.share_draw,
            shift=self.output_shift,
        )
        fixed = lambda value, fitted: fitted if value is None else jnp.full_like(fitted, value)
        scales = eqx.tree_at(
            lambda s: (s.output, s.residual),
            scales,
            (fixed(self.output_scale, scales.output), fixed(self.residual_scale, scales.residual)),
        )
        return initial_state(u, self.optimizer, scales, key=run_key)

    @eqx.filter_jit
    def __call__(self, state: TrainState) -> tuple[TrainState, StepMetrics]:
        points_key, draw_key, penalty_key = jr.split(jr.fold_in(state.key, state.step), 3)
        points = self.problem.sample(self.batch_size, key=points_key)
        params, fixed = eqx.partition(state.network, eqx.is_inexact_array)

        def loss_of(params: Any) -> Float[Array, ""]:
            net = Affine(eqx.combine(params, fixed), state.scales.shift, state.scales.output)
            # Divided by the scale before they are squared, so that the squares do not overflow.
            scaled = lambda key: (
                residuals(self.problem, net, points, estimator=self.estimator, key=key, share_draw=self.share_draw)
                / state.scales.residual
            )
            penalties = penalty_parts(self.problem, net, key=penalty_key)
            imposed = sum(weight * mean_square(values / state.scales.residual) for weight, values in penalties)
            return self.loss(scaled, key=draw_key) + imposed

        loss, grads = jax.value_and_grad(loss_of)(params)
        updates, opt_state = optax.with_extra_args_support(self.optimizer).update(
            grads, state.opt_state, params, value=loss, grad=grads, value_fn=loss_of
        )
        finite = jnp.isfinite(loss) & jnp.isfinite(optax.tree.norm(updates))
        arrays = eqx.filter(eqx.combine(eqx.apply_updates(params, updates), fixed), eqx.is_array)
        proposed = eqx.tree_at(lambda s: (s.arrays, s.opt_state, s.step), state, (arrays, opt_state, state.step + 1))
        # Elementwise, so it fuses with the optimiser's update and costs no pass over the parameters of its own.
        kept = jax.tree.map(lambda new, old: jnp.where(finite, new, old), proposed, state)
        return kept, StepMetrics(loss, finite)


def make_step(
    problem: AbstractProblem,
    *,
    estimator: AbstractEstimator | None = None,
    optimizer: optax.GradientTransformation,
    batch_size: int = 100,
    share_draw: bool = True,
    loss: AbstractLoss | None = None,
    output_shift: float | int | None = None,
    output_scale: float | int | None = None,
    residual_scale: float | int | None = None,
) -> TrainStep:
    r"""One step of training, for research code that owns its loop.

    Each step samples a batch of points, estimates the residual of $u = A[s + \sigma\,\mathrm{net}]$ at them, with the
    problem's ansatz $A$, and gives the gradient of the loss, by default $\frac1N \sum_n (r_n / \rho)^2$, to the
    optimiser.

    !!! example

        ```python
        step = stde.make_step(problem, estimator=stde.SparseSTDE(16), optimizer=optax.adam(1e-3))
        state = step.init(network, key=key)
        for _ in range(1_000):
            state, metrics = step(state)
        ```

    **Arguments:**

    - `problem`: the PDE.
    - `estimator`: how to apply its operators; exactly (`stde.Exact()`) if `None`.
    - `optimizer`: any Optax optimiser; those that search along a line get what they need.
    - `batch_size`: points a step.
    - `share_draw`: `True` for one draw of the estimator a step, shared by all points (cheaper), `False` for a draw per
        point (less noise).
    - `loss`: what is made of the residuals; [`stde_eqx.MeanSquare`][] if `None`.
    - `output_shift`, `output_scale`, `residual_scale`: the constants $s$, $\sigma$, $\rho$; those that are `None` are
        found from the residual of the best constant, see [`stde_eqx.training.fit_scales`][].

    **Returns:**

    A [`stde_eqx.training.TrainStep`][].

    **Raises:**

    `ValueError` for a wrong argument, at once.
    """
    estimator = Exact() if estimator is None else estimator
    check_problem(problem, estimator)
    check_optimizer(optimizer)
    if loss is not None and not isinstance(loss, AbstractLoss):
        raise ValueError(f"`loss` must be a loss such as `stde.UnbiasedSquare()`, got {loss!r}.")
    batch_size = check_count("batch_size", batch_size)
    for name, scale in (("output_scale", output_scale), ("residual_scale", residual_scale)):
        if scale is not None and not scale > 0:
            raise ValueError(f"`{name}` must be positive, or None to find it automatically; got {scale!r}.")
    as_float = lambda value: None if value is None else float(value)
    scales = as_float(output_shift), as_float(output_scale), as_float(residual_scale)
    loss = MeanSquare() if loss is None else loss
    return TrainStep(problem, estimator, optimizer, batch_size, share_draw, loss, *scales)
