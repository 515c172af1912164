from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


class RunningMean(eqx.Module):
    """What was measured of every part, averaged over the last updates."""

    mean: Float[Array, " parts"]
    count: Int[Array, ""]

    @classmethod
    def empty(cls, num_parts: int) -> "RunningMean":
        # Single precision at all times: factors need no more, and they leave the precision of a training as it is.
        return cls(jnp.zeros(num_parts, jnp.float32), jnp.zeros((), jnp.int32))

    def including(self, measured: Float[Array, " parts"], decay: float) -> "RunningMean":
        """The mean after one more measurement: all with the same weight at first, so that the first is taken whole."""
        measured = measured.astype(self.mean.dtype)
        kept = jnp.minimum(decay, self.count / (self.count + 1)).astype(self.mean.dtype)
        mean = kept * self.mean + (1 - kept) * measured
        # The step itself finds out whether the loss is finite; a mean would not forget what is not.
        usable = jnp.all(jnp.isfinite(measured))
        return RunningMean(jnp.where(usable, mean, self.mean), self.count + usable)


def inverse_factors(sizes: Float[Array, " parts"], max_ratio: float) -> Float[Array, " parts"]:
    """Factors of mean 1 in inverse proportion to the sizes; a size of zero says nothing, and its factor is 1."""
    known = sizes > 0
    largest = jnp.max(sizes)
    floored = jnp.where(known, jnp.maximum(sizes, largest / max_ratio), 1)
    inverse = jnp.where(known, largest / floored, 0)
    mean = jnp.sum(inverse) / jnp.maximum(jnp.sum(known), 1)
    return jnp.where(known, inverse / jnp.where(mean > 0, mean, 1), 1)


def check_options(name: str, every: Any, decay: Any, max_ratio: Any) -> None:
    """The arguments that all weightings have."""
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        raise ValueError(
            f"`every` of `{name}` is the number of steps from one update to the next, an integer of at least 1 such "
            f"as 100; got {every!r}."
        )
    if not (isinstance(decay, float | int) and 0 <= decay < 1):
        raise ValueError(
            f"`decay` of `{name}` must be at least 0 and below 1, such as 0.9, or 0 for no average; got {decay!r}."
        )
    if not (isinstance(max_ratio, float | int) and 1 < max_ratio < float("inf")):
        raise ValueError(
            f"`max_ratio` of `{name}` bounds the largest factor over the smallest: it must be finite and above 1, such "
            f"as 1e4; got {max_ratio!r}."
        )
