import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float


def cole_hopf(
    tau: Float[Array, ""], square: Float[Array, ""], *, dim: int, mu: float, longest: float
) -> Float[Array, ""]:
    r"""$-\frac1\mu \log \mathbb{E}\bigl[2^\mu (1 + |X|^2)^{-\mu}\bigr]$ for $X = x + \sqrt{2 \tau} Z$, by a quadrature.

    The expectation is the integral of [`zoo.references.ColeHopf`][], $\frac{1}{\Gamma(\mu)} \int_0^\infty y^{\mu - 1}
    F(y) dy$ with $F(y) = e^{-y} (1 + 4 \tau y)^{-d/2} e^{-y |x|^2 / (1 + 4 \tau y)}$, here by parts,

    $$\frac{1}{\Gamma(1 + \mu)} \int_0^\infty y^\mu F(y)\, G(y)\, dy, \qquad
    G = -(\log F)' = 1 + \frac{2 d \tau}{1 + 4 \tau y} + \frac{|x|^2}{(1 + 4 \tau y)^2},$$

    so that the integrand decays for $y \to 0$ however small $\mu$ is, and in $w = \log(y / c)$, with
    $c = (1 + \mu) / G(0)$ near the peak, by the trapezoidal rule.

    **Arguments:**

    - `tau`: the time to go, at most `longest`.
    - `square`: $|x|^2$.
    - `dim`, `mu`: $d$ and $\mu$.

    **Returns:** a scalar, smooth in both arguments, with an error of rounding.
    """
    nodes, step = _grid(dim, mu, longest)
    nodes = jnp.asarray(nodes, square.dtype)
    # The integral does not depend on where it is centred, and derivatives need not pass through that.
    c = (1 + mu) / jax.lax.stop_gradient(1 + 2 * dim * tau + square)
    y = c * jnp.exp(nodes)
    spread = 1 + 4 * tau * y
    log_f = -y - dim / 2 * jnp.log1p(4 * tau * y) - square * y / spread
    g = 1 + 2 * dim * tau / spread + square / spread**2
    log_integral = logsumexp((1 + mu) * nodes + log_f + jnp.log(c * g)) + math.log(step)
    return -jnp.log(2 * c) - (log_integral - math.lgamma(1 + mu)) / mu


def _grid(dim: int, mu: float, longest: float) -> tuple[np.ndarray, float]:
    r"""Where the integrand is not negligible, and the step: $e^{-\pi^2 / h}$ is the error for $\int e^{w - e^w} dw$."""
    # For d = 0 the logarithm of the integrand is (1 + mu) (1 + w - e^w) below its peak.
    far = 40 / (1 + mu)
    left = -(far + math.sqrt(2 * far))
    # F is below e^-45 for y > 45. Where d or |x|^2 are larger than the bounds below, it is so much earlier.
    right = math.log((45 / (1 + mu) + 3) * (1 + 360 * longest + 2 * min(dim, 200) * longest))
    step = 0.25 / math.sqrt(max(1.0, mu))
    return np.arange(left, right + step, step), step
