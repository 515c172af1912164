from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp


class Guard(diffrax.AbstractStepSizeController):
    """A step size controller that gives up in time: it accepts no value that is not finite, and no endless shrinking.

    The solution then ends at the last accepted step.
    """

    controller: diffrax.AbstractStepSizeController[Any, Any]
    max_rejections: int = eqx.field(static=True)

    def wrap(self, direction):
        return Guard(self.controller.wrap(direction), self.max_rejections)

    def init(self, terms, t0, t1, y0, dt0, args, func, error_order):
        return _init(self.controller, terms, t0, t1, y0, dt0, args, func, error_order)

    def adapt_step_size(self, t0, t1, y0, y1_candidate, args, y_error, error_order, controller_state):
        step = t0, t1, y0, y1_candidate, args, y_error, error_order
        return _adapt(self.controller, self.max_rejections, step, controller_state)


class AdaptiveGuard(diffrax.AbstractAdaptiveStepSizeController):
    """The same for a controller with tolerances, which implicit solvers and events look up."""

    controller: diffrax.AbstractAdaptiveStepSizeController
    max_rejections: int = eqx.field(static=True)

    @property
    def rtol(self):  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        return self.controller.rtol

    @property
    def atol(self):  # pyright: ignore[reportIncompatibleVariableOverride], likewise
        return self.controller.atol

    @property
    def norm(self):  # pyright: ignore[reportIncompatibleMethodOverride], likewise
        return self.controller.norm

    def wrap(self, direction):
        return guarded(self.controller.wrap(direction), self.max_rejections)

    def init(self, terms, t0, t1, y0, dt0, args, func, error_order):
        return _init(self.controller, terms, t0, t1, y0, dt0, args, func, error_order)

    def adapt_step_size(self, t0, t1, y0, y1_candidate, args, y_error, error_order, controller_state):
        step = t0, t1, y0, y1_candidate, args, y_error, error_order
        return _adapt(self.controller, self.max_rejections, step, controller_state)


def guarded(controller: diffrax.AbstractStepSizeController[Any, Any], max_rejections: int) -> Any:
    """The controller with a guard, adaptive if it is."""
    if isinstance(controller, diffrax.AbstractAdaptiveStepSizeController):
        return AdaptiveGuard(controller=controller, max_rejections=max_rejections)  # pyright: ignore[reportCallIssue]
    return Guard(controller, max_rejections)


#: A step that is rejected and would be shorter than this part of the whole time is not tried.
_SHORTEST = 1e-6


def _init(controller, terms, t0, t1, *args):
    first, state = controller.init(terms, t0, t1, *args)
    return first, (state, jnp.zeros((), jnp.int32), jnp.asarray(_SHORTEST * (t1 - t0)))


def _adapt(controller, max_rejections, step, controller_state):
    inner, rejected, shortest = controller_state
    keep, next_t0, next_t1, made_jump, inner, result = controller.adapt_step_size(*step, inner)
    finite = jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(step[3])]).all()
    rejected = jnp.where(keep, 0, rejected + 1)
    # A controller without error control accepts anything, and would try the same step for ever.
    too_short = (rejected > 0) & (next_t1 - next_t0 < shortest)
    given_up = (keep & ~finite) | (rejected > max_rejections) | too_short
    result = diffrax.RESULTS.where(
        given_up & (result == diffrax.RESULTS.successful), diffrax.RESULTS.dt_min_reached, result
    )
    return keep & finite, next_t0, next_t1, made_jump, (inner, rejected, shortest), result
