import itertools
import math
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Inexact


class AbstractDesign(eqx.Module):
    """How the terms of an estimate were sampled: what its variance can be told from."""

    units: eqx.AbstractVar[int]  # How many terms were drawn.


class Draws(AbstractDesign):
    """`units` terms drawn alike: without replacement from `population` of them, or independently (`None`)."""

    units: int = eqx.field(static=True)
    population: int | None = eqx.field(static=True)

    def square(self) -> tuple[float, float]:
        """The numbers (f, g) for which f mean(y)^2 + g mean(y^2) has the squared population mean as expectation.

        With m terms of a population of n, the mean of y_i y_j over distinct terms is unbiased for its population
        counterpart, and makes up (1 - 1/n) of the squared mean; the mean of y_i^2 makes up the remaining 1/n.
        """
        m = self.units
        if m == self.population:
            return 1.0, 0.0
        equal = 0.0 if self.population is None else 1 / self.population
        distinct = 1 - equal
        if m == 1:
            return math.nan, math.nan
        return distinct * m / (m - 1), equal - distinct / (m - 1)


class Strata(AbstractDesign):
    """One term from each of `units` groups of the given sizes."""

    sizes: tuple[int, ...] = eqx.field(static=True)
    units: int = eqx.field(static=True)

    def __init__(self, sizes: tuple[int, ...]):
        self.sizes = sizes
        self.units = len(sizes)


def variance_of_total(terms: Inexact[Array, "*units_and_shape"], designs: Sequence[AbstractDesign]) -> Array:
    r"""An estimate of the variance of the sum of `terms` over its leading axes, one axis a design.

    The sum is $\hat\theta$ up to a constant, and $\operatorname{Var}\hat\theta = \mathbb{E}\hat\theta^2 - \theta^2$,
    whose last term has an unbiased estimate: a product over the axes of that of each. For one axis this is the textbook
    $(1 - V/n) s^2 / V$. For complex terms squares are those of moduli. NaN where an axis holds a single random term.
    """
    if len(designs) == 1 and isinstance(designs[0], Strata):
        return _variance_across_strata(terms, designs[0])
    draws = [design for design in designs if isinstance(design, Draws)]
    if len(draws) < len(designs):
        raise ValueError(
            "No standard error is known for a product of operators whose terms are drawn by strata: "
            "use stde.WithoutReplacement() instead of stde.Stratified()."
        )
    terms = terms * math.prod(design.units for design in draws)
    axes = range(len(draws))
    # A common shift of all terms changes nothing (the two numbers of `square` add to one), and without their mean
    # nothing cancels: in float32 a small standard error of a large estimate would drown otherwise.
    terms = terms - jnp.mean(terms, axis=tuple(axes), keepdims=True)
    square = jnp.zeros(terms.shape[len(draws) :], jnp.finfo(terms.dtype).dtype)
    for kept in itertools.product([False, True], repeat=len(draws)):
        factor = math.prod(design.square()[keep] for design, keep in zip(draws, kept, strict=True))
        partial = jnp.mean(terms, axis=tuple(i for i in axes if not kept[i]))
        square = square + factor * jnp.mean(jnp.abs(partial) ** 2, axis=tuple(range(sum(kept))))
    return -square


def _variance_across_strata(terms: Array, design: Strata) -> Array:
    """From the differences of neighbouring strata: too large on average, by the squared difference of their totals.

    Every stratum counts once: in one pair or, if their number is odd, in two pairs of half the weight. A stratum of a
    single term contributes nothing (Cochran, *Sampling Techniques*, 3rd edition, section 5A.12).
    """
    random = [i for i, size in enumerate(design.sizes) if size > 1]
    if not random:
        return jnp.zeros(terms.shape[1:], jnp.finfo(terms.dtype).dtype)
    if len(random) == 1:
        return jnp.full(terms.shape[1:], jnp.nan, jnp.finfo(terms.dtype).dtype)
    if len(random) % 2:
        pairs, share = [*itertools.pairwise(random), (random[-1], random[0])], 0.5
    else:
        pairs, share = list(zip(random[::2], random[1::2], strict=True)), 1.0
    return share * jnp.sum(jnp.stack([jnp.abs(terms[i] - terms[j]) ** 2 for i, j in pairs]), 0)
