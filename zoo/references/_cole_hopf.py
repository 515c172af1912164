import dataclasses
import math

import numpy as np
import scipy.integrate
import scipy.optimize


@dataclasses.dataclass(frozen=True)
class ColeHopf:
    r"""The Hamilton-Jacobi-Bellman equation of linear-quadratic control, by the transform of Cole and Hopf.

    $$u_t + \Delta u - \mu |\nabla u|^2 = 0, \qquad u(T, x) = \log \frac{1 + |x|^2}{2}$$

    has $u(t, x) = -\frac1\mu \log \mathbb{E}\bigl[e^{-\mu u(T, X)}\bigr]$ with $X = x + \sqrt{2 (T - t)}\, Z$, $Z$
    standard normal. The expectation is that of $2^\mu (1 + |X|^2)^{-\mu}$, and with
    $a^{-\mu} = \frac{1}{\Gamma(\mu)} \int_0^\infty y^{\mu - 1} e^{-a y} dy$ and the moment generating function of
    $|X|^2$, a noncentral chi-square,

    $$\mathbb{E} (1 + |X|^2)^{-\mu} = \frac{1}{\Gamma(\mu)} \int_0^\infty y^{\mu - 1} e^{-y} (1 + 4 \tau y)^{-d/2}
    \exp\Bigl(-\frac{y |x|^2}{1 + 4 \tau y}\Bigr) dy, \qquad \tau = T - t,$$

    one smooth integral in any dimension. It is computed by parts,

    $$\frac{1}{\Gamma(1 + \mu)} \int_0^\infty y^\mu F(y)\, G(y)\, dy, \qquad G = -(\log F)'
    = 1 + \frac{2 d \tau}{1 + 4 \tau y} + \frac{|x|^2}{(1 + 4 \tau y)^2}$$

    with all but the power of $y$ for $F$, which decays for $y \to 0$ however small $\mu$ is: to a relative 1e-10 at
    least, or as rounding allows, and so the value to an absolute $10^{-10} / \mu$.

    **Arguments:**

    - `dim`: $d$.
    - `final_time`: $T$.
    - `mu`: $\mu > 0$.

    ??? cite "Reference"

        Yong and Zhou, *Stochastic Controls*, Springer 1999; as a test of solvers E, Han and Jentzen, Communications in
        Mathematics and Statistics 5 (2017).
    """

    dim: int
    final_time: float = 1.0
    mu: float = 1.0

    def __post_init__(self) -> None:
        if self.dim < 1 or not self.final_time > 0 or not self.mu > 0:
            raise ValueError(
                f"ColeHopf needs dim >= 1, final_time > 0 and mu > 0, got {self.dim}, {self.final_time} and {self.mu}."
            )

    def __call__(self, t: float, radius: float) -> float:
        """The value at a time and a distance from the origin.

        **Raises:** `ValueError` for a time after the last, or for a quadrature that does not reach its tolerance.
        """
        tau, square = self.final_time - t, float(radius) ** 2
        if not tau >= 0:
            raise ValueError(f"The terminal condition is given at t={self.final_time}, got the later t={t}.")

        def log_integrand(v):
            """At y = e^v: the integrand is then smooth and decays on both sides; its logarithm does not underflow."""
            y = np.exp(v)
            spread = 1 + 4 * tau * y
            log_f = -y - self.dim / 2 * np.log1p(4 * tau * y) - square * y / spread
            return (1 + self.mu) * v + log_f + np.log(1 + 2 * self.dim * tau / spread + square / spread**2)

        # The peak is near y = (1 + mu) / G, with 1 <= G <= G(0), and e^-60 of it is negligible.
        lowest = math.log((1 + self.mu) / (1 + 2 * self.dim * tau + square)) - 70
        grid = np.linspace(lowest, math.log(3 * (1 + self.mu) + 60), 8001)
        found = log_integrand(grid)
        (matters,) = np.nonzero(found > np.max(found) - 60)
        begin, end = grid[max(matters[0] - 1, 0)], grid[min(matters[-1] + 1, len(grid) - 1)]
        peak, *_ = scipy.optimize.fminbound(lambda v: -log_integrand(v), begin, end, full_output=True)
        shift = float(log_integrand(peak))
        integrand = lambda v: math.exp(log_integrand(v) - shift)
        # No better than the logarithm is rounded.
        tolerance = max(1e-12, 1e-15 * abs(shift))
        value, error = scipy.integrate.quad(integrand, begin, end, points=[peak], epsabs=0, epsrel=tolerance, limit=500)
        if error > 100 * tolerance * value:
            raise ValueError(
                f"The quadrature at t={t}, |x|={radius} stopped at a relative error of {error / value:.1e}."
            )
        log_mean = self.mu * math.log(2) + shift + math.log(value) - math.lgamma(1 + self.mu)
        return -log_mean / self.mu
