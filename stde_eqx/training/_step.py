from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from .._arguments import check_key
from .._custom_types import Field
from ..nn import Affine
from ..operators import AbstractEstimator
from ..optim import AbstractLeastSquaresOptimizer, JacobianPlan
from ..optim.jacobian import plan
from ..problems import AbstractProblem
from ._average import ExponentialAverage
from ._batch import Batch
from ._chunks import points_per_chunk
from ._loss import AbstractLoss, residuals
from ._scales import fit_scales, Scales
from ._state import initial_state, TrainState
from ._validate import check_network
from .collocation import AbstractCollocation
from .weighting import AbstractWeighting


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
    optimizer: optax.GradientTransformation | AbstractLeastSquaresOptimizer
    batch_size: int = eqx.field(static=True)
    share_draw: bool = eqx.field(static=True)
    chunk_size: int | None = eqx.field(static=True)
    loss: AbstractLoss
    collocation: AbstractCollocation
    average: ExponentialAverage | None
    weighting: AbstractWeighting | None
    fixed_batch: bool = eqx.field(static=True)
    output_shift: float | None
    output_scale: float | None
    residual_scale: float | None

    # `jax.jit(step)` hashes the step, which arrays do not allow by value.
    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
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
        whole = self.chunk_size or 1
        num_points = max(self.batch_size, points_per_chunk(self.problem.dim) // whole * whole)
        scales = fit_scales(
            self.problem,
            self.problem.sample(num_points, key=points_key),
            estimator=self.estimator,
            key=draw_key,
            share_draw=self.share_draw,
            shift=self.output_shift,
            chunk_size=self.chunk_size,
        )
        fixed = lambda value, fitted: fitted if value is None else jnp.full_like(fitted, value)
        scales = eqx.tree_at(
            lambda s: (s.output, s.residual),
            scales,
            (fixed(self.output_scale, scales.output), fixed(self.residual_scale, scales.residual)),
        )
        num_parts = 1 + len(self.problem.penalties())
        return initial_state(
            u,
            self.optimizer,
            scales,
            key=run_key,
            averaged=self.average is not None,
            weighting=None if self.weighting is None else self.weighting.init(num_parts),
        )

    @eqx.filter_jit
    def __call__(self, state: TrainState) -> tuple[TrainState, StepMetrics]:
        counter = jnp.zeros_like(state.step) if self.fixed_batch else state.step
        points_key, draw_key, penalty_key = jr.split(jr.fold_in(state.key, counter), 3)
        params, fixed = eqx.partition(state.network, eqx.is_inexact_array)
        net_of = lambda params: Affine(eqx.combine(params, fixed), state.scales.shift, state.scales.output)
        points = self._points(net_of(params), state.scales, key=points_key)
        batch = self._batch(points, state.scales.residual, draw_key, penalty_key)
        factors = None if self.weighting is None else self.weighting.factors(state.weighting)
        loss, parts, updates, opt_state = self._updates(batch, net_of, factors, params, state.opt_state)
        finite = jnp.isfinite(loss) & jnp.isfinite(optax.tree.norm(updates))
        moved = eqx.apply_updates(params, updates)
        average, weighting = state.average, state.weighting
        if self.average is not None:
            average = self.average.update(average, moved, step=state.step)
        if self.weighting is not None:
            blocks = batch.blocks(net_of)
            key = jr.fold_in(penalty_key, len(blocks))
            assert parts is not None
            weighting = self.weighting.update(weighting, blocks, parts, params, step=state.step, key=key)
        arrays = eqx.filter(eqx.combine(moved, fixed), eqx.is_array)
        proposed = eqx.tree_at(
            lambda s: (s.arrays, s.opt_state, s.step, s.average, s.weighting),
            state,
            (arrays, opt_state, state.step + 1, average, weighting),
            is_leaf=lambda leaf: leaf is None,
        )
        # Elementwise, so it fuses with the optimiser's update and costs no pass over the parameters of its own.
        kept = jax.tree.map(lambda new, old: jnp.where(finite, new, old), proposed, state)
        return kept, StepMetrics(loss, finite)

    def jacobian_plan(self, state: TrainState) -> JacobianPlan:
        """How a natural gradient's step would hold the Jacobian of its residuals: `print` it. Nothing is computed.

        **Raises:** `ValueError` for an optimiser that needs no Jacobian.
        """
        if not isinstance(self.optimizer, AbstractLeastSquaresOptimizer):
            raise ValueError(
                "Only an optimiser that sees the residuals needs their Jacobian, as does `stde.optim.NaturalGradient`: "
                "this step has an optimiser of Optax."
            )
        chosen = []

        def blocks_of(state: TrainState):
            params, fixed = eqx.partition(state.network, eqx.is_inexact_array)
            net_of = lambda params: Affine(eqx.combine(params, fixed), state.scales.shift, state.scales.output)
            points = self.problem.sample(self.batch_size, key=state.key)
            batch = self._batch(points, state.scales.residual, state.key, state.key)
            chosen.append(plan(batch.blocks(net_of), params))

        eqx.filter_eval_shape(blocks_of, state)
        return chosen[0]

    def _batch(self, points: Any, scale: Float[Array, ""], draw_key: PRNGKeyArray, penalty_key: PRNGKeyArray) -> Batch:
        return Batch(
            self.problem,
            self.estimator,
            points,
            share_draw=self.share_draw,
            chunk_size=self.chunk_size,
            scale=scale,
            draw_key=draw_key,
            penalty_key=penalty_key,
        )

    def _points(self, net: Field, scales: Scales, *, key: PRNGKeyArray) -> Any:
        """The collocation points of a step."""

        def indicator(points, key):
            found = residuals(
                self.problem,
                net,
                points,
                estimator=self.estimator,
                key=key,
                share_draw=self.share_draw,
                chunk_size=self.chunk_size,
            )
            found = found / scales.residual
            return jax.lax.stop_gradient(jnp.sqrt(jnp.sum(found.reshape(found.shape[0], -1) ** 2, 1)))

        sample = lambda num_points, key: self.problem.sample(num_points, key=key)
        return self.collocation(sample, indicator, self.batch_size, key=key)

    def _updates(self, batch: Batch, net_of: Callable[[Any], Field], factors: Any, params: Any, opt_state: Any):
        """The loss, its parts, what to add to the parameters, and the state of the optimiser."""
        if isinstance(self.optimizer, AbstractLeastSquaresOptimizer):
            blocks = batch.blocks(net_of)
            weighed = blocks if factors is None else [b.times(f**0.5) for b, f in zip(blocks, factors, strict=True)]
            loss, updates, opt_state = self.optimizer.update(weighed, opt_state, params)
            parts = None if factors is None else jnp.stack([jnp.sum(block(params) ** 2) for block in blocks])
            return loss, parts, updates, opt_state

        def loss_of(params: Any) -> tuple[Float[Array, ""], Float[Array, " parts"]]:
            parts = batch.parts(net_of(params), self.loss)
            return jnp.sum(parts if factors is None else factors * parts), parts

        (loss, parts), grads = jax.value_and_grad(loss_of, has_aux=True)(params)
        updates, opt_state = optax.with_extra_args_support(self.optimizer).update(
            grads, opt_state, params, value=loss, grad=grads, value_fn=lambda params: loss_of(params)[0]
        )
        return loss, parts, updates, opt_state
