r"""The constant mode and the two scales of an unknown, found before training.

The trial function is $u = A[\,s + \sigma\, \mathrm{net}\,]$ with the problem's ansatz $A$, and the loss is
$\frac1N \sum_n (r_n/\rho)^2$. Let $r(x; c)$ be the residual of the ansatz of the constant $c$, $A[c]$.

1. **Shift.** $s = \arg\min_c \sum_n r(x_n; c)^2$, one unknown, by Levenberg-Marquardt: the best that can be done
   without learning anything. On the unit ball in high dimension it already leaves a small relative error, falling with
   the dimension, and a network that has to find it by itself spends its whole run on that.
2. **Residual scale.** $\rho = \mathrm{rms}_n\, r(x_n; s)$: the loss of the constant is 1, a loss below 1 is learning.
3. **Output scale.** To first order a change $\delta$ of the constant changes the residual by $\delta\,\partial_c r$. A
   function of size $\sigma = \rho \,/\, \mathrm{rms}_n\, \partial_c r(x_n; s)$ can therefore cancel a residual of size
   $\rho$, and the network that multiplies it has only values of O(1) to find.

The residuals come from the estimator that training uses: the constant then minimises what training minimises, at the
cost of a training step, whatever the operator. (For a boundary factor such as $1 - |x|^2$ every sampled coordinate
contributes the same, so the sparse and the Rademacher estimate of its Laplacian are exact.)

What is left of the residual in floating point is at least `eps` times the terms that cancelled, so $\rho$ never falls
below that. A residual that does not depend on the constant, or is not finite there, yields shift 0 and output scale 1.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import optimistix as optx
from jaxtyping import Array, Float, PRNGKeyArray

from .._problem import AbstractProblem
from ..operators import AbstractEstimator
from ._loss import residuals


class Scales(eqx.Module):
    """The constant mode, the scale of the network's output, and the scale of the residual."""

    shift: Float[Array, ""]
    output: Float[Array, ""]
    residual: Float[Array, ""]


@eqx.filter_jit
def fit_scales(
    problem: AbstractProblem,
    points: Float[Array, "points dim"],
    *,
    estimator: AbstractEstimator,
    key: PRNGKeyArray,
    share_draw: bool,
    shift: float | None = None,
) -> Scales:
    """The three constants, from the residual of constants at some points; `shift` fixes the first of them."""

    def constant(c, _=None):
        return residuals(problem, lambda _: c, points, estimator=estimator, key=key, share_draw=share_draw)

    zero = jnp.zeros((), points.dtype)
    if shift is None:
        solver = optx.LevenbergMarquardt(rtol=1e-4, atol=1e-6)
        shift_ = optx.least_squares(constant, solver, zero, max_steps=64, throw=False).value
        shift_ = jnp.where(_rms(constant(shift_)) <= _rms(constant(zero)), shift_, 0)
    else:
        shift_ = zero + shift
    left, slope = jax.jvp(constant, (shift_,), (jnp.ones_like(shift_),))

    eps = jnp.finfo(points.dtype).eps
    sensitivity = _rms(slope)
    cancelled = _rms(constant(zero)) + sensitivity * jnp.abs(shift_)
    residual = jnp.maximum(_rms(left), eps * cancelled)
    residual = jnp.where(jnp.isfinite(residual) & (residual > 0), residual, 1)
    output = residual / sensitivity
    return Scales(shift_, jnp.where(jnp.isfinite(output) & (output > 0), output, 1), residual)


def _rms(values: Float[Array, " points"]) -> Float[Array, ""]:
    return jnp.sqrt(jnp.mean(values**2))
