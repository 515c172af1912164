from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ...optim.jacobian import Block
from ._inverse_size import AbstractInverseSize


class NeuralTangentKernel(AbstractInverseSize):
    r"""Every part converges as fast as every other, as far as its neural tangent kernel tells.

    With the Jacobian $J_i$ of the residuals of a part, each divided by the root of how many there are, so that its
    mean square is $L_i$,

    $$f_i = \frac{c}{\operatorname{tr} J_i J_i^T}, \qquad \frac 1 P \sum_{i=1}^P f_i = 1.$$

    The trace of the kernel is the sum of its eigenvalues, the rates at which the errors decay under gradient flow.
    Where [`stde_eqx.training.weighting.GradientNorm`][] asks how strongly a part pulls now, this asks how fast it
    could be fitted, whatever its size now. It is estimated without bias from random signs $v$,

    $$\operatorname{tr} J J^T = \mathbb{E} \lVert J^T v \rVert^2,$$

    by one reverse sweep a part, and averaged over the last updates. What the problem's own weights are no longer
    matters: they are in the $J_i$, and cancel.

    The factors have mean 1, where those of the paper are $\operatorname{tr} K / \operatorname{tr} K_{ii}$, the same up
    to a common factor: a learning rate keeps its meaning. A part whose Jacobian was zero until now has the factor 1.

    **Arguments:**

    - `every`: steps from one update to the next; the first step makes the first.
    - `decay`: of the average over updates, at least 0 and below 1. The first updates count the same.
    - `max_ratio`: the most that the largest factor may be over the smallest.

    **Raises:** `ValueError` for an argument out of range.

    ??? cite "Reference"

        Wang, Yu & Perdikaris, "When and why PINNs fail to train: a neural tangent kernel perspective", Journal of
        Computational Physics 449, 2022.
    """

    every: int = eqx.field(static=True, default=100)
    decay: float = eqx.field(static=True, default=0.9)
    max_ratio: float = eqx.field(static=True, default=1e4)

    def sizes(
        self, blocks: Sequence[Block], params: Any, *, step: Int[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, " parts"]:
        # A fixed batch comes with the same key at every step, and the same signs would average to nothing.
        keys = jr.split(jr.fold_in(key, step), len(blocks))
        traces = [trace_estimate(block, params, key=key) for block, key in zip(blocks, keys, strict=True)]
        return jnp.stack(traces)


def trace_estimate(block: Block, params: Any, *, key: PRNGKeyArray) -> Float[Array, ""]:
    r"""$\lVert J^T v \rVert^2$ for random signs $v$: since $\mathbb{E}\, v v^T = I$, its expectation is the trace."""
    residuals, pull = jax.vjp(block, params)
    (pulled,) = pull(jr.rademacher(key, residuals.shape, residuals.dtype))
    return optax.tree.norm(pulled, squared=True)
