from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ...optim.jacobian import Block
from ._inverse_size import AbstractInverseSize


class GradientNorm(AbstractInverseSize):
    r"""Every part moves the parameters as strongly as every other.

    $$f_i = \frac{c}{\lVert \nabla_\theta L_i \rVert}, \qquad \frac 1 P \sum_{i=1}^P f_i = 1$$

    The norms are averaged over the last updates, which is what keeps a gradient that is small by chance from a large
    factor; the papers average the factors. What the problem's own weights are no longer matters: they are in the
    $L_i$, and cancel.

    The factors have mean 1, where those of the paper are $\sum_j \lVert \nabla L_j \rVert / \lVert \nabla L_i \rVert$,
    the same up to a common factor. So the loss remains an average of its parts, times their number, and a learning
    rate keeps its meaning. A part whose gradient was zero until now has the factor 1.

    An update costs one reverse sweep a part. The $L_i$ are mean squares, whatever the `loss` of the training.

    **Arguments:**

    - `every`: steps from one update to the next; the first step makes the first.
    - `decay`: of the average over updates, at least 0 and below 1. The first updates count the same.
    - `max_ratio`: the most that the largest factor may be over the smallest, so that a part that is as good as solved
        does not switch off the others.

    **Raises:** `ValueError` for an argument out of range.

    ??? cite "Reference"

        Wang, Sankaran, Wang & Perdikaris, "An expert's guide to training physics-informed neural networks",
        arXiv:2308.08468, 2023, after Wang, Teng & Perdikaris, "Understanding and mitigating gradient flow pathologies
        in physics-informed neural networks", SIAM Journal on Scientific Computing 43(5), 2021.
    """

    every: int = eqx.field(static=True, default=100)
    decay: float = eqx.field(static=True, default=0.9)
    max_ratio: float = eqx.field(static=True, default=1e4)

    def sizes(
        self, blocks: Sequence[Block], params: Any, *, step: Int[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, " parts"]:
        gradient = lambda block: jax.grad(lambda params: jnp.sum(block(params) ** 2))(params)
        return jnp.stack([optax.tree.norm(gradient(block)) for block in blocks])
