import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def two_wave_moments(
    phases: tuple[Float[Array, ""], Float[Array, ""]], rates: tuple[float, float], coupling: float
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    r"""The first two derivatives of $\log \tau$ along a direction, for Hirota's two-wave $\tau$.

    $$\tau = 1 + e^{\eta_1} + e^{\eta_2} + A \, e^{\eta_1 + \eta_2}$$

    Each term is the exponential of a linear function. With their shares $p_j$ of the sum, a softmax, and the rates
    $\kappa_j \in \{0, \kappa_1, \kappa_2, \kappa_1 + \kappa_2\}$ at which the exponents grow along the direction, the
    first derivative is the mean of $\kappa$ and the second one its variance. Nothing overflows, and nothing cancels.

    **Arguments:**

    - `phases`: $\eta_1$ and $\eta_2$.
    - `rates`: $\kappa_1$ and $\kappa_2$.
    - `coupling`: $A$, positive.

    ??? cite "Reference"

        Hirota, "Exact solution of the Korteweg-de Vries equation for multiple collisions of solitons", Physical Review
        Letters 27(18), 1971.
    """
    first, second = phases
    exponents = jnp.stack([jnp.zeros_like(first), first, second, first + second + math.log(coupling)])
    kappa = jnp.asarray((0.0, rates[0], rates[1], rates[0] + rates[1]), exponents.dtype)
    shares = jax.nn.softmax(exponents)
    mean = jnp.sum(shares * kappa)
    return mean, jnp.sum(shares * (kappa - mean) ** 2)


def sech_squared(z: Float[Array, ""]) -> Float[Array, ""]:
    r"""$\operatorname{sech}^2 z$ without overflow and, unlike $1 - \tanh^2 z$, to full relative accuracy."""
    return 4 * jax.nn.sigmoid(2 * z) * jax.nn.sigmoid(-2 * z)
