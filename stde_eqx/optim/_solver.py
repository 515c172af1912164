import abc
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import lineax as lx
from jaxtyping import Array, Bool, Float, Int

from .jacobian import AbstractJacobian, Block, linearize, linearize_implicitly


class AbstractKernelSolver(eqx.Module):
    r"""How the equations $(J J^T + \lambda I)\, y = b$ of a natural-gradient step are solved."""

    @abc.abstractmethod
    def linearize(self, blocks: Sequence[Block], params: Any) -> tuple[Float[Array, " rows"], AbstractJacobian]:
        """The residuals, and the Jacobian in the form that the solver needs."""

    @abc.abstractmethod
    def solve(
        self,
        jacobian: Any,
        right: Float[Array, " rows"],
        damping: Float[Array, ""] | float,
        *,
        count: Int[Array, ""],
    ) -> Float[Array, " rows"]:
        r"""$y$, for $\lambda$ = `damping` times the mean of the diagonal of $J J^T$.

        `count` is the number of the step, from which a solver may draw what it needs at random.
        """


class Cholesky(AbstractKernelSolver):
    r"""Makes $J J^T$ and factorises it. For up to a few thousand residuals.

    Where rounding makes the factorisation fail, as it may in float32 with a damping of 1e-4 or less, the damping of
    that step is raised tenfold until it does not. With a damping of 1e-6 or less use float64.
    """

    def linearize(self, blocks: Sequence[Block], params: Any) -> tuple[Float[Array, " rows"], AbstractJacobian]:
        return linearize(blocks, params)

    def solve(
        self, jacobian: Any, right: Float[Array, " rows"], damping: Float[Array, ""] | float, *, count: Int[Array, ""]
    ) -> Float[Array, " rows"]:
        gram = jacobian.gram()
        scale = _or_one(jnp.trace(gram) / gram.shape[0])

        def solved(damping: Float[Array, ""]) -> Float[Array, " rows"]:
            damped = gram + damping * scale * jnp.eye(gram.shape[0], dtype=gram.dtype)
            operator = lx.MatrixLinearOperator(damped, lx.positive_semidefinite_tag)
            return lx.linear_solve(operator, right, lx.Cholesky(), throw=False).value

        def failed(state: tuple[Float[Array, ""], Float[Array, " rows"]]) -> Bool[Array, ""]:
            # Residuals that are not finite are not mended by damping: the step is NaN, and training says so.
            damping, found = state
            return ~jnp.all(jnp.isfinite(found)) & (damping < 1) & jnp.isfinite(scale) & jnp.all(jnp.isfinite(right))

        raised = lambda state: (10 * state[0], solved(10 * state[0]))
        damping = jnp.asarray(damping, gram.dtype)
        return jax.lax.while_loop(failed, raised, (damping, solved(damping)))[1]


class ConjugateGradients(AbstractKernelSolver):
    r"""Products with $J$ and $J^T$ alone, each one sweep through the network: nothing of the size of $J$ is held.

    Slower than [`stde_eqx.optim.Cholesky`][] wherever $J$, in the form it is held there, fits into memory.

    **Arguments:**

    - `tolerance`: at which relative residual to stop.
    - `max_steps`: or after how many iterations; what was found by then is a direction, too.

    **Raises:** `ValueError` for a value out of range.
    """

    tolerance: float = 1e-3
    max_steps: int = eqx.field(static=True, default=100)

    def __check_init__(self) -> None:
        if not self.tolerance > 0 or self.max_steps < 1:
            raise ValueError(
                f"ConjugateGradients needs tolerance > 0 and max_steps >= 1, got {self.tolerance} and {self.max_steps}."
            )

    def linearize(self, blocks: Sequence[Block], params: Any) -> tuple[Float[Array, " rows"], AbstractJacobian]:
        return linearize_implicitly(blocks, params)

    def solve(
        self,
        jacobian: AbstractJacobian,
        right: Float[Array, " rows"],
        damping: Float[Array, ""] | float,
        *,
        count: Int[Array, ""],
    ) -> Float[Array, " rows"]:
        # The trace of J J^T without bias: E |J^T s|^2 for random signs s (Hutchinson 1989).
        signs = jr.rademacher(jr.fold_in(jr.key(0), count), right.shape, right.dtype)
        pulled = jacobian.pull(signs)
        trace = jnp.asarray(sum(jnp.vdot(leaf, leaf) for leaf in jax.tree.leaves(pulled)))
        weight = damping * _or_one(trace / right.shape[0])
        product = lambda y: jacobian.push(jacobian.pull(y)) + weight * y
        shape = jax.ShapeDtypeStruct(right.shape, right.dtype)
        operator = lx.FunctionLinearOperator(product, shape, lx.positive_semidefinite_tag)
        solver = lx.CG(rtol=self.tolerance, atol=0.0, max_steps=self.max_steps)
        return lx.linear_solve(operator, right, solver, throw=False).value


def _or_one(scale: Float[Array, ""]) -> Float[Array, ""]:
    """Where all derivatives are zero any damping is enough, and the step is zero; without it there would be none."""
    return jnp.where(scale == 0, jnp.ones_like(scale), scale)


#: Above this many numbers, 2 GiB in float32, a Jacobian is not held.
MOST_ENTRIES = 2**29


def suitable(entries: int) -> AbstractKernelSolver:
    """Cholesky where the Jacobian fits into memory, conjugate gradients above."""
    return Cholesky() if entries <= MOST_ENTRIES else ConjugateGradients()
