from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int


class SkipSpikesState(eqx.Module):
    """The inner state, a moving average of the logarithm of the loss, how many were averaged, and skipped in a row.

    Losses that are not finite are skipped without being counted.
    """

    inner: Any
    log_loss: Float[Array, ""]
    seen: Int[Array, ""]
    skipped: Int[Array, ""]


def skip_spikes(
    optimizer: optax.GradientTransformation, *, factor: float = 10.0, decay: float = 0.99, max_skips: int = 20
) -> optax.GradientTransformationExtraArgs:
    """An Optax optimiser that leaves out steps whose loss stands out.

    A batch with a few extreme points, or a draw of coordinates that misses what cancels, can undo in one step what a
    thousand have learned. A step whose loss is above `factor` times the geometric mean of the last ones is not taken,
    and does not enter the optimiser's moments. After `max_skips` in a row the loss has risen for good, and steps are
    taken again. A loss that is not finite is always left out. Of losses that may be negative, as with
    [`stde_eqx.UnbiasedSquare`][], the absolute values are compared.

    !!! example

        ```python
        optimizer = stde.optim.skip_spikes(optax.adam(1e-3))
        ```

    **Arguments:**

    - `optimizer`: any Optax optimiser.
    - `factor`: above 1.
    - `decay`: of the moving average, between 0 and 1.
    - `max_skips`: at least 1.

    **Returns:** an Optax optimiser whose `update` needs the keyword `value`, which training gives it.

    **Raises:** `ValueError` for a value out of range.
    """
    if not factor > 1 or not 0 < decay < 1 or max_skips < 1:
        raise ValueError(
            "skip_spikes needs factor > 1, a decay between 0 and 1 and max_skips >= 1, got "
            f"factor={factor}, decay={decay}, max_skips={max_skips}."
        )
    inner = optax.with_extra_args_support(optimizer)

    def init(params: Any) -> SkipSpikesState:
        zero = lambda: jnp.zeros((), jnp.int32)
        return SkipSpikesState(inner.init(params), jnp.zeros(()), zero(), zero())

    def update(updates: Any, state: SkipSpikesState, params: Any = None, *, value: Array, **extra: Any):
        size, finite = jnp.abs(value), jnp.isfinite(value)
        # A loss of zero is no spike, and has no logarithm.
        usable = finite & (size > 0)
        log_loss = jnp.log(jnp.where(usable, size, 1)).astype(state.log_loss.dtype)
        # The mean of so few losses tells nothing yet.
        settled = state.seen >= 10
        risen = state.skipped >= max_skips
        spike = ~finite | (usable & settled & (log_loss > state.log_loss + jnp.log(factor)) & ~risen)
        proposed, moved = inner.update(updates, state.inner, params, value=value, **extra)
        keep = lambda old, new: jnp.where(spike, old, new)
        weight = jnp.maximum(1 - decay, 1 / (1 + state.seen)).astype(log_loss.dtype)
        average = jnp.where(risen, log_loss, state.log_loss + weight * (log_loss - state.log_loss))
        kept = SkipSpikesState(
            jax.tree.map(keep, state.inner, moved),
            jnp.where(usable & ~spike, average, state.log_loss),
            jnp.where(usable & ~spike, state.seen + 1, state.seen),
            jnp.where(spike, state.skipped + finite, 0),
        )
        return jax.tree.map(lambda u: keep(jnp.zeros_like(u), u), proposed), kept

    return optax.GradientTransformationExtraArgs(init, update)  # pyright: ignore[reportArgumentType]
