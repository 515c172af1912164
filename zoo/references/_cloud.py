import math

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float

import stde_eqx as stde

from ..laws import Brownian
from ._stored import find


class ReferenceCloud(eqx.Module):
    """Points at the final time, and the values of a solution there.

    **Attributes:**

    - `t`: the final time, for each of the points.
    - `x`: the points.
    - `values`: of the solution.
    - `errors`: their standard errors; 0 where the values are exact.
    """

    t: Float[Array, " points"]
    x: Float[Array, "points dim"]
    values: Float[Array, " points"]
    errors: Float[Array, " points"]


def cloud(problem: stde.AbstractParabolic) -> ReferenceCloud:
    r"""Reference values at 64 points, for problems with an exact solution and for those whose values are packaged.

    For a problem whose points lie on the paths of Brownian motion from the origin, they are at the far end of the head
    starts that these have by default, and the same on every machine and in every precision,

    $$x \sim \mathcal{N}\bigl(0,\ \tfrac{1}{10} \sigma^2 |t_1 - t_0| \, I\bigr).$$

    So are the packaged ones, with $\sigma^2 = 2$, whatever the law of the problem. For other problems they are drawn
    from the law at the time $t_1$.

    **Arguments:**

    - `problem`: a parabolic problem in the whole space.

    **Returns:** a [`zoo.references.ReferenceCloud`][].

    **Raises:** `ValueError` where there is neither an exact solution nor a packaged one.
    """
    t = jnp.full(64, problem.t1, float)
    x = jnp.asarray(_points(problem, t), float)
    values = jax.vmap(problem.exact)(t, x)
    return _packaged(problem, t) if values is None else ReferenceCloud(t, x, values, jnp.zeros_like(values))


def _points(problem: stde.AbstractParabolic, t: Float[Array, " points"]) -> np.ndarray:
    law = getattr(problem, "law", None)
    if isinstance(law, Brownian) and law.start == 0:
        return cloud_points(problem.dim, problem.t1 - problem.t0, scale=law.scale)
    return np.asarray(problem.sample_at(t, key=jr.key(0)))


def _packaged(problem: stde.AbstractParabolic, t: Float[Array, " points"]) -> ReferenceCloud:
    name = type(problem).__name__
    entry = find(name, problem.dim, problem.t1, "cloud")
    if entry is None:
        raise ValueError(
            f"{name} has no exact solution, and no cloud of values is packaged for dim={problem.dim} and "
            f"t1={problem.t1}; zoo.references.solve_branching computes single ones."
        )
    points = cloud_points(problem.dim, problem.t1 - problem.t0)
    if not math.isclose(checksum(points), entry.checksum, abs_tol=1e-6):
        raise ValueError("This version of NumPy draws other points than those whose values are packaged.")
    return ReferenceCloud(t, *(jnp.asarray(each, float) for each in (points, entry.values, entry.errors)))


def cloud_points(dim: int, duration: float, *, scale: float = math.sqrt(2.0), num_points: int = 64) -> np.ndarray:
    """The points of the cloud, in float64."""
    # NumPy's generator, as JAX draws other numbers with 64 bits than with 32. They need not be stored.
    normal = np.random.default_rng(0).standard_normal((num_points, dim))
    return scale * math.sqrt(abs(duration) / 10) * normal


def checksum(points: np.ndarray) -> float:
    """The sum of all coordinates."""
    return math.fsum(points.ravel())
