from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ..operators import AbstractEstimator
from ..problems import AbstractProblem
from ._loss import batch_dtype, penalty_parts, residuals


class Scales(eqx.Module):
    r"""The constants that [`stde_eqx.training.fit_scales`][] finds.

    **Attributes:**

    - `shift`: the constant mode $s$.
    - `output`: the scale $\sigma$ of the network's output.
    - `residual`: the scale $\rho$ of the residual.
    """

    shift: Float[Array, ""]
    output: Float[Array, ""]
    residual: Float[Array, ""]


@eqx.filter_jit
def fit_scales(
    problem: AbstractProblem,
    points: Any,
    *,
    estimator: AbstractEstimator,
    key: PRNGKeyArray,
    share_draw: bool,
    shift: float | None = None,
    chunk_size: int | None = None,
) -> Scales:
    r"""The constant mode of the unknown, the scale of the network's output and the scale of the residual.

    The trial function is $u = A[s + \sigma\, \mathrm{net}]$ with the problem's ansatz $A$, and the loss is
    $\frac1N \sum_n (r_n/\rho)^2$. Let $r(x; c)$ be the residual of the ansatz of the constant $c$, $A[c]$.

    1. **Shift.** $s = \arg\min_c \sum_n r(x_n; c)^2$, one unknown, by damped Gauss-Newton: the best that can be done
       without learning anything. On the unit ball in high dimension it already leaves a small relative error, falling
       with the dimension, and a network that has to find it by itself spends its whole run on that.
    2. **Residual scale.** $\rho = \mathrm{rms}_n\, r(x_n; s)$: the loss of the constant is 1, less is learning.
    3. **Output scale.** To first order a change $\delta$ of the constant changes the residual by
       $\delta\,\partial_c r$. A function of size $\sigma = \rho \,/\, \mathrm{rms}_n\, \partial_c r(x_n; s)$ can
       therefore cancel a residual of size $\rho$, and the network that multiplies it has only values of O(1) to find.

    The residuals come from the estimator that training uses: the constant then minimises what training minimises, at
    the cost of a few training steps, whatever the operator. (For a boundary factor such as $1 - |x|^2$ every sampled
    coordinate contributes the same, so the sparse and the Rademacher estimate of its Laplacian are exact.)

    With penalties, $\sum_n r(x_n; c)^2$ stands for the whole loss: $\frac1N \sum_n r(x_n; c)^2$ plus the weighted mean
    squares of the penalties. They are divided by the same $\rho$, and keep their weights.

    What is left of the residual in floating point is at least `eps` times the terms that cancelled, so $\rho$ never
    falls below that. A residual that does not depend on the constant, or is not finite there, yields output scale 1.

    **Arguments:**

    - `problem`: the PDE.
    - `points`: where to measure the residual, shape `(points, dim)`, or a tuple of times and points.
    - `estimator`, `key`, `share_draw`: how to estimate it, see [`stde_eqx.training.residuals`][].
    - `shift`: the shift to use; the best one by default.
    - `chunk_size`: how many points at once, a divisor of how many there are; all if `None`.

    **Returns:**

    [`stde_eqx.training.Scales`][].
    """

    dtype = batch_dtype(points)
    draw_key, penalty_key = jr.split(key)

    def constant(c):
        """All that should vanish, as a vector whose square is the loss."""
        net = lambda *_: c
        values = residuals(
            problem,
            net,
            points,
            estimator=estimator,
            key=draw_key,
            share_draw=share_draw,
            chunk_size=chunk_size,
        )
        parts = [(1.0, values), *penalty_parts(problem, net, key=penalty_key)]
        return jnp.concatenate([(weight / v.shape[0]) ** 0.5 * v.astype(dtype).ravel() for weight, v in parts])

    linearised = lambda c: jax.jvp(constant, (c,), (jnp.ones_like(c),))
    zero = jnp.zeros((), dtype)
    at_zero = linearised(zero)
    if shift is None:
        fitted, (left, slope) = _gauss_newton(linearised, zero, at_zero)
    else:
        fitted = jnp.full_like(zero, shift)
        left, slope = linearised(fitted)

    eps = jnp.finfo(dtype).eps
    sensitivity = _norm(slope)
    cancelled = _norm(at_zero[0]) + sensitivity * jnp.abs(fitted)
    residual = jnp.maximum(_norm(left), eps * cancelled)
    output = residual / sensitivity
    usable = lambda scale: jnp.isfinite(residual) & jnp.isfinite(scale) & (scale > 0)
    or_one = lambda scale: jnp.where(usable(scale), scale, 1)
    return Scales(fitted, or_one(output), or_one(residual))


def _gauss_newton(linearised, constant, value):
    r"""Minimises $\sum_n r_n(c)^2$ over a scalar: steps $-\sum r r' / \sum r'^2$, shortened while they do not help.

    The step is worth taking while it is more than a thousandth of $\mathrm{rms}(r)/\mathrm{rms}(r')$, the size of what
    is left to learn, and more than rounding. Both comparisons are false for NaN, which ends the search.
    """

    def newton(left, slope):
        ours, theirs = _largest(left), _largest(slope)
        left, slope = left / ours, slope / theirs
        return -jnp.vdot(left, slope) / jnp.vdot(slope, slope) * (ours / theirs)

    def worthwhile(carry):
        count, constant, (left, slope), _ = carry
        step = jnp.abs(newton(left, slope))
        matters = (step > 1e-3 * _norm(left) / _norm(slope)) & (
            step > 4 * jnp.finfo(step.dtype).eps * jnp.abs(constant)
        )
        return (count < 50) & matters

    def improved(carry):
        count, constant, (left, slope), damping = carry
        proposal = constant + newton(left, slope) / (1 + damping)
        ahead = linearised(proposal)
        better = _norm(ahead[0]) < _norm(left)
        keep = lambda new, old: jnp.where(better, new, old)
        damping = jnp.where(better, damping / 10, jnp.maximum(10 * damping, 1))
        return count + 1, keep(proposal, constant), jax.tree.map(keep, ahead, (left, slope)), damping

    start = jnp.zeros((), jnp.int32), constant, value, jnp.zeros_like(constant)
    _, constant, value, _ = jax.lax.while_loop(worthwhile, improved, start)
    return constant, value


def _norm(values: Float[Array, " values"]) -> Float[Array, ""]:
    largest = _largest(values)
    return largest * jnp.sqrt(jnp.vdot(values / largest, values / largest))


def _largest(values: Float[Array, " values"]) -> Float[Array, ""]:
    """What to divide by before squares are taken, which overflow or vanish long before the values do; 1 if nothing."""
    largest = jnp.max(jnp.abs(values))
    return jnp.where((largest > 0) & jnp.isfinite(largest), largest, 1)
