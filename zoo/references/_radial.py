import math
from collections.abc import Callable
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._chebyshev import interpolate, points_and_derivative


class RadialReference(eqx.Module):
    """The solution of a radial problem, made by [`zoo.references.solve_radial`][]; call it for values.

    **Attributes:**

    - `dim`: the dimension.
    - `final_time`: the last time that it knows.
    - `error`: an estimate of the largest error at that time, near the origin: the difference to a coarser solution.
    """

    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    error: float = eqx.field(static=True)
    scale: float = eqx.field(static=True)
    far: float = eqx.field(static=True)
    solution: diffrax.Solution

    def __call__(self, t: float, radius: float | np.ndarray) -> np.ndarray:
        """The values at a time, in float64.

        **Arguments:**

        - `t`: a time between zero and the final one.
        - `radius`: distances from the origin; at most where the reference reaches.

        **Raises:** `ValueError` for a time or a radius out of reach.
        """
        square = np.asarray(radius, float) ** 2
        reach = self.reach(t)
        if not 0 <= t <= self.final_time:
            raise ValueError(f"The reference knows the times from 0 to {self.final_time}, got t={t}.")
        if np.any(square > reach**2):
            raise ValueError(
                f"At t={t} the reference reaches to |x| = {reach:.4g}, got a radius of {np.max(radius):.4g}."
            )
        length = math.log1p(self.far / self.scale)
        return interpolate(self.nodal_values(t), 1 - 2 * np.log1p(square / self.scale) / length)

    def nodal_values(self, t: float) -> np.ndarray:
        """The values at a time at the Chebyshev points, the first of which is the origin."""
        with jax.enable_x64(True):
            return np.asarray(self.solution.evaluate(jnp.asarray(t, jnp.float64)))

    def reach(self, t: float) -> float:
        """The largest radius at which the values at time `t` do not know of the artificial end of the domain."""
        return math.sqrt(max(squared_reach(self.far, self.dim, t), 0.0))


def squared_reach(far: float, dim: int, t: Any) -> Any:
    """The square of the largest radius that the artificial end, at the square `far`, has not reached by a time."""
    # It moves inwards with the mean speed 2 d of |x|^2, and spreads by diffusion: hence a factor of three. At this
    # radius 1e-8 of it has arrived, further in nothing.
    return far - 3 * 2 * dim * t


def solve_radial(
    nonlinearity: Callable[[Float[Array, " points"]], Float[Array, " points"]],
    profile: Callable[[Float[Array, " points"]], Float[Array, " points"]],
    dim: int,
    time: float,
    *,
    scale: float = 1.0,
    num_points: int = 96,
    tolerance: float = 1e-11,
) -> RadialReference:
    r"""Solves $u_t = \Delta u + f(u)$ with radial initial data in any number of dimensions, to an absolute 1e-8.

    With $s = |x|^2$ the equation has one dimension, $u_t = 4 s\, u_{ss} + 2 d\, u_s + f(u)$, and with
    $q = \log(1 + s / c)$ no steep place either, from the scale $c$ of the data out to $60 d t$, where the solution
    spreads to. It is discretised by Chebyshev collocation in $q$ and integrated by an implicit Runge-Kutta method of
    order five with error control (`diffrax.Kvaerno5`), always in float64. At the origin $4 s$ vanishes and no boundary
    condition is needed; what happens at the far end does not arrive in time.

    **Arguments:**

    - `nonlinearity`: $f$, elementwise.
    - `profile`: the data $u(0, x) = g(|x|^2)$, elementwise, a smooth function of the *square* of the radius.
    - `dim`: $d$.
    - `time`: how long.
    - `scale`: $c$, the square of the radius over which the data change.
    - `num_points`: of the collocation; the error estimate compares with two thirds as many.
    - `tolerance`: of the time stepping.

    **Returns:** a [`zoo.references.RadialReference`][].

    **Raises:** `ValueError` for a dimension, time or scale that is not positive.
    """
    if dim < 1 or not time > 0 or not scale > 0:
        raise ValueError(f"A radial problem needs dim >= 1, time > 0 and scale > 0, got {dim}, {time} and {scale}.")
    far = 60 * dim * time + 10 * scale
    solve = lambda n: _integrate(nonlinearity, profile, dim, time, scale, far, n, tolerance)
    with jax.enable_x64(True):
        fine, coarse = solve(num_points), solve(2 * num_points // 3)
        last = [np.asarray(each.evaluate(jnp.asarray(time, jnp.float64))) for each in (fine, coarse)]
    near = np.linspace(1.0, 0.0, 20)
    error = np.max(np.abs(interpolate(last[0], near) - interpolate(last[1], near)))
    return RadialReference(dim, time, float(error), scale, far, fine)


def _integrate(nonlinearity, profile, dim, time, scale, far, num_points, tolerance) -> diffrax.Solution:
    y, derivative = points_and_derivative(num_points)
    length = math.log1p(far / scale)
    q = length * (1 - y) / 2
    d_q = -2 / length * derivative
    # d/ds = e^-q / c d/dq, and s = c (e^q - 1).
    s, shrink = scale * np.expm1(q), np.exp(-q) / scale
    matrix = (4 * s * shrink**2)[:, None] * (d_q @ d_q - d_q) + (2 * dim * shrink)[:, None] * d_q
    # The far end only reacts: the values there are not asked for, and no boundary condition is known.
    matrix[-1] = 0
    return _stiff(nonlinearity, jnp.asarray(matrix), jnp.asarray(profile(jnp.asarray(s))), jnp.asarray(time), tolerance)


@eqx.filter_jit
def _stiff(nonlinearity, matrix, initial, time, tolerance) -> diffrax.Solution:
    # Compiled once for all dimensions, times and profiles: they are in the arrays.
    return diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, u, matrix: matrix @ u + nonlinearity(u)),
        diffrax.Kvaerno5(),
        t0=0.0,
        t1=time,
        dt0=1e-4 * time,
        y0=initial,
        args=matrix,
        stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
        saveat=diffrax.SaveAt(dense=True),
        max_steps=4096,
    )
