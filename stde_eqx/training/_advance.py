import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ._state import TrainState
from ._step import TrainStep


class Carry(eqx.Module):
    """What a stretch of steps changes: the state, the sum of its losses, the last loss, and whether all was finite."""

    state: TrainState
    loss_sum: Float[Array, ""]
    loss: Float[Array, ""]
    finite: Bool[Array, ""]


# A `while_loop` rather than a `scan`: its length is an argument, so every stretch of every interval runs the one
# compiled program, and a loss that is not finite ends it at once.
@eqx.filter_jit(donate="all-except-first")
def advance(fixed: tuple[TrainStep, Int[Array, ""]], carry: Carry) -> Carry:
    """Takes steps until the state's counter reaches `last`, or a step is not finite; donates the carry."""
    step, last = fixed

    def body(carry: Carry) -> Carry:
        state, metrics = step(carry.state)
        loss_sum = carry.loss_sum + jnp.where(metrics.finite, metrics.loss, 0).astype(carry.loss_sum.dtype)
        return Carry(state, loss_sum, metrics.loss.astype(carry.loss.dtype), metrics.finite)

    return jax.lax.while_loop(lambda c: (c.state.step < last) & c.finite, body, carry)


def begin(state: TrainState) -> Carry:
    """The carry of a run that begins, or of an interval that follows a report."""
    dtype = state.scales.residual.dtype
    return Carry(state, jnp.zeros((), dtype), jnp.zeros((), dtype), jnp.array(True))
