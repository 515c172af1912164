"""Which terms of an operator come up: schemes for sparse estimates."""

import abc
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax import lax
from jax.core import Tracer
from jaxtyping import Array, Float, Int, PRNGKeyArray, Real

from ..operators import AbstractDesign, Draws, Strata


#: Rows, the factors that make up for their probabilities, and the design.
Drawn = tuple[Int[Array, " samples"], float | Float[Array, "..."], AbstractDesign]


class AbstractSamplingScheme(eqx.Module):
    """A scheme by which `num_samples` of the terms of an operator are drawn."""

    @abc.abstractmethod
    def draw(
        self, total: int, num_samples: int, magnitudes: Callable[[], Float[Array, " terms"]], *, key: PRNGKeyArray
    ) -> Drawn:
        """The terms that came up, the factor 1 / (expected number of times) of each, and the design.

        **Arguments:**

        - `total`: how many terms there are, more than `num_samples`.
        - `num_samples`: how many to draw.
        - `magnitudes`: called for the absolute values of all coefficients, by schemes that want them.
        - `key`: the randomness.
        """


class WithoutReplacement(AbstractSamplingScheme):
    """Every set of terms with equal probability."""

    def draw(
        self, total: int, num_samples: int, magnitudes: Callable[[], Float[Array, " terms"]], *, key: PRNGKeyArray
    ) -> Drawn:
        rows = uniform_subset(total, num_samples, key=key)
        return rows, total / num_samples, Draws(num_samples, total)


class WithReplacement(AbstractSamplingScheme):
    """Independent terms, of which some may come up twice."""

    def draw(
        self, total: int, num_samples: int, magnitudes: Callable[[], Float[Array, " terms"]], *, key: PRNGKeyArray
    ) -> Drawn:
        return jr.randint(key, (num_samples,), 0, total), total / num_samples, Draws(num_samples, None)


class Stratified(AbstractSamplingScheme):
    """One term from each of `num_samples` groups of neighbours, which are as equal as can be.

    Better than a uniform draw where neighbouring terms are alike. Its standard error is estimated from differences
    between neighbouring groups, whose squares are too large on average.
    """

    def draw(
        self, total: int, num_samples: int, magnitudes: Callable[[], Float[Array, " terms"]], *, key: PRNGKeyArray
    ) -> Drawn:
        bounds = [total * i // num_samples for i in range(num_samples + 1)]
        sizes = tuple(b - a for a, b in zip(bounds, bounds[1:], strict=False))
        lower, upper = jnp.array(bounds[:-1]), jnp.array(bounds[1:])
        return jr.randint(key, (num_samples,), lower, upper), jnp.array(sizes, float), Strata(sizes)


class Importance(AbstractSamplingScheme):
    """Independent terms, with probabilities in proportion to weights.

    Ideal weights are the sizes of the terms, coefficient times derivative. Which terms come up does not change smoothly
    with the weights, so that an estimate is differentiated as if they were constant: its derivative with respect to the
    coefficients is unbiased as long as none of these vanishes. The draw inverts cumulated probabilities,
    whose rounding is that of 1: in float32 a term's probability is off by about 1e-7 times the number of terms,
    relatively.

    **Arguments:**

    - `weights`: one positive number for each term; the absolute values of the coefficients if `None`.

    **Raises:** `ValueError` for weights that are not positive and finite; on use, for a number of weights that is not
    the number of terms.
    """

    weights: Real[Array, " terms"] | None = None

    def __check_init__(self) -> None:
        # Those that are being traced cannot be looked at.
        if self.weights is None or isinstance(self.weights, Tracer):
            return
        wrong = int(np.sum(~((np.asarray(self.weights) > 0) & np.isfinite(self.weights))))
        if wrong:
            raise ValueError(
                f"Importance needs weights that are positive and finite, got {wrong} that are not: a term that is "
                "never drawn would make the estimate biased."
            )

    def draw(
        self, total: int, num_samples: int, magnitudes: Callable[[], Float[Array, " terms"]], *, key: PRNGKeyArray
    ) -> Drawn:
        weights = magnitudes() if self.weights is None else jnp.asarray(self.weights)
        # A factor 1 / p that is differentiated, beside terms drawn by p that are not, would bias the derivative.
        weights = lax.stop_gradient(weights.astype(jnp.result_type(weights, float)))
        if weights.shape != (total,):
            raise ValueError(f"Importance needs one weight for each of the {total} terms, got shape {weights.shape}.")
        # Where every coefficient vanishes, any probabilities will do.
        probabilities = jnp.where(jnp.sum(weights) > 0, weights / jnp.sum(weights), 1 / total).astype(weights.dtype)
        cumulative = jnp.cumsum(probabilities)
        levels = cumulative[-1] * jr.uniform(key, (num_samples,), weights.dtype)
        rows = jnp.clip(jnp.searchsorted(cumulative, levels, side="right"), 0, total - 1)
        return rows, 1 / (num_samples * probabilities[rows]), Draws(num_samples, None)


def uniform_subset(total: int, size: int, *, key: PRNGKeyArray) -> Int[Array, " size"]:
    """A uniformly random subset of `range(total)`, in no particular order.

    Small subsets by R. W. Floyd's algorithm (Bentley & Floyd, CACM 30, 1987), in O(size^2) however large `total` is; a
    permutation costs O(total log(total)), which at a million dimensions is more than the rest of a training step.
    """
    if size * size > 8 * total:
        return jr.permutation(key, total)[:size]
    # For j = total - size .. total - 1: draw t in 0..j, and take t, or j where t has been taken already.
    last = jnp.arange(total - size, total)
    draws = jr.randint(key, (size,), 0, last + 1)

    def step(i, taken):
        new = jnp.where(jnp.any(taken == draws[i]), last[i], draws[i])
        return taken.at[i].set(new)

    return lax.fori_loop(0, size, step, jnp.full((size,), -1, draws.dtype))
