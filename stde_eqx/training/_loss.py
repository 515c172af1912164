import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field
from .._problem import AbstractProblem
from ..operators import AbstractEstimator


def residuals(
    problem: AbstractProblem,
    net: Field,
    points: Float[Array, "points dim"],
    *,
    estimator: AbstractEstimator,
    key: PRNGKeyArray,
    share_draw: bool,
) -> Float[Array, " points"]:
    r"""The residual of `problem.ansatz(net)` at every point of a batch.

    **Arguments:**

    - `problem`: the PDE.
    - `net`: the network inside the ansatz, a callable of one point.
    - `points`: shape `(points, dim)`.
    - `estimator`: how to apply the operators.
    - `key`: the randomness of the estimator.
    - `share_draw`: `True` for one draw of the estimator that all points share, `False` for a draw per point.

    **Returns:**

    Shape `(points,)`.
    """
    u = problem.ansatz(net)
    keys = key if share_draw else jr.split(key, points.shape[0])
    at_point = lambda x, k: problem.residual(u, x, estimator=estimator, key=k)
    return jax.vmap(at_point, in_axes=(0, None if share_draw else 0))(points, keys)


def mean_square(values: Float[Array, " points"], scale: Float[Array, ""]) -> Float[Array, ""]:
    r"""The mean square $\frac{1}{N} \sum_n (r_n / \mathrm{scale})^2$, dividing first so that it does not overflow.

    **Arguments:**

    - `values`: the residuals, shape `(points,)`.
    - `scale`: a scalar.

    **Returns:**

    A scalar.
    """
    return jnp.mean((values / scale) ** 2)
