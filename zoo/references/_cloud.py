import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import stde_eqx as stde

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

    The points lie where the problem is trained, and are the same on every machine and in every precision:

    $$x \sim \mathcal{N}\bigl(0,\ \tfrac{1}{5} |t_1 - t_0| \, I\bigr),$$

    the law that the problems of reaction and diffusion have by default, at the final time $t_1$.

    **Arguments:**

    - `problem`: a parabolic problem in the whole space.

    **Returns:** a [`zoo.references.ReferenceCloud`][].

    **Raises:** `ValueError` where there is neither an exact solution nor a packaged one.
    """
    points = cloud_points(problem.dim, problem.t1 - problem.t0)
    t, x = jnp.full(len(points), problem.t1, float), jnp.asarray(points, float)
    values = jax.vmap(problem.exact)(t, x)
    if values is not None:
        return ReferenceCloud(t, x, values, jnp.zeros_like(values))
    name = type(problem).__name__
    entry = find(name, problem.dim, problem.t1, "cloud")
    if entry is None:
        raise ValueError(
            f"{name} has no exact solution, and no cloud of values is packaged for dim={problem.dim} and "
            f"t1={problem.t1}; zoo.references.solve_branching computes single ones."
        )
    if not math.isclose(checksum(points), entry.checksum, abs_tol=1e-6):
        raise ValueError("This version of NumPy draws other points than those whose values are packaged.")
    return ReferenceCloud(t, x, jnp.asarray(entry.values, float), jnp.asarray(entry.errors, float))


def cloud_points(dim: int, duration: float, *, num_points: int = 64) -> np.ndarray:
    """The points of the cloud, in float64."""
    # NumPy's generator, as JAX draws other numbers with 64 bits than with 32. They need not be stored.
    normal = np.random.default_rng(0).standard_normal((num_points, dim))
    return math.sqrt(abs(duration) / 5) * normal


def checksum(points: np.ndarray) -> float:
    """The sum of all coordinates."""
    return math.fsum(points.ravel())
