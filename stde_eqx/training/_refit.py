from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._arguments import check_count, check_key
from ..operators import AbstractEstimator
from ..problems import AbstractProblem
from ._chunks import points_per_chunk
from ._loss import residuals
from ._state import TrainState
from ._validate import check_problem


def refit(
    problem: AbstractProblem,
    state: TrainState,
    *,
    estimator: AbstractEstimator,
    key: PRNGKeyArray,
    num_points: int = 10_000,
    chunk_size: int | None = None,
) -> TrainState:
    r"""The same network with the constant and the factor that suit it best: never worse than a constant alone.

    With the network as it is, $u = A[s + \lambda \sigma\, \mathrm{net}]$ has two unknowns, $s$ and $\lambda$. They are
    fitted, by Gauss-Newton steps, to the mean of $\hat r_n \hat r_n'$ over many points, the product of two independent
    draws, whose expectation is the mean square of the residual: unlike the loss it does not ask for little variance.
    Of what the network is now, the steps of the fit, and those of a constant with $\lambda = 0$, the one with the least
    mean is returned. So a network that learned nothing but the noise of sampled operators is put aside.

    Penalties do not enter.

    **Arguments:**

    - `problem`, `state`: the PDE, and a state whose network was trained on it.
    - `estimator`: how to apply the operators, with a draw for every point.
    - `key`: the randomness.
    - `num_points`: points of the problem's law; a multiple of what is worked on at once is taken.
    - `chunk_size`: how many to work on at once, at most 1 000 if `None`.

    **Returns:** a [`stde_eqx.training.TrainState`][] with other `scales`. It can be trained on, unless the constant
    alone was the best: the scale of the output is then 0, and the network has no gradient.

    **Raises:** `ValueError` for a wrong argument.
    """
    check_key(key)
    check_problem(problem, estimator)
    chunk = points_per_chunk(problem.dim) if chunk_size is None else check_count("chunk_size", chunk_size)
    return _refit(problem, state, estimator, key, check_count("num_points", num_points), chunk)


@eqx.filter_jit
def _refit(
    problem: AbstractProblem,
    state: TrainState,
    estimator: AbstractEstimator,
    key: PRNGKeyArray,
    num_points: int,
    chunk: int,
) -> TrainState:
    points_key, first_key, second_key = jr.split(key, 3)
    chunk = min(num_points, chunk)
    chunks = -(-num_points // chunk)
    scales, network = state.scales, state.model.net
    # Unknowns in the units of the scales: changes of O(1) matter. The constant, and with it the factor where there is
    # one: a constant alone is fitted without an evaluation of the network, whose derivatives are what takes time.
    constant = jnp.zeros((1,), scales.shift.dtype)
    now = jnp.zeros((2,), scales.shift.dtype).at[1].set(1)

    def scaled(unknowns: Float[Array, " unknowns"], index: Any, draw: PRNGKeyArray) -> Float[Array, " values"]:
        points = problem.sample(chunk, key=jr.fold_in(points_key, index))
        constant, *factor = unknowns
        # Not an `Affine`, which stops the gradients that are wanted here.
        net = lambda *point: scales.shift + scales.output * (constant + sum(each * network(*point) for each in factor))
        found = residuals(problem, net, points, estimator=estimator, key=jr.fold_in(draw, index), share_draw=False)
        return (found / scales.residual).ravel() / (chunk * chunks) ** 0.5

    def moments(unknowns):
        """The mean product of two draws, its gradient and its Gauss-Newton matrix, over all points."""

        def add(carry, index):
            one, other = (scaled(unknowns, index, draw) for draw in (first_key, second_key))
            j_one, j_other = (
                jax.jacfwd(lambda v, draw=draw: scaled(v, index, draw))(unknowns) for draw in (first_key, second_key)
            )
            cross = j_one.T @ j_other
            found = one @ other, (j_one.T @ other + j_other.T @ one) / 2, (cross + cross.T) / 2
            return jax.tree.map(jnp.add, carry, found), None

        zero = jnp.zeros((), unknowns.dtype), jnp.zeros_like(unknowns), jnp.zeros(2 * unknowns.shape, unknowns.dtype)
        return jax.lax.scan(add, zero, jnp.arange(chunks))[0]

    def newton(unknowns, _):
        loss, gradient, matrix = moments(unknowns)
        ridge = 1e-6 * jnp.trace(matrix) * jnp.eye(unknowns.size, dtype=unknowns.dtype)
        return unknowns - jnp.linalg.solve(matrix + ridge, gradient), (unknowns, loss)

    # All iterates are candidates, what the network is now among them.
    _, (fitted, fitted_losses) = jax.lax.scan(newton, now, length=4)
    _, (constants, constant_losses) = jax.lax.scan(newton, constant, length=4)
    candidates = jnp.concatenate([fitted, jnp.pad(constants, ((0, 0), (0, 1)))])
    losses = jnp.concatenate([fitted_losses, constant_losses])
    # A candidate that is not finite is never chosen.
    best = candidates[jnp.argmin(jnp.where(jnp.isfinite(losses), losses, jnp.inf))]
    return eqx.tree_at(
        lambda s: (s.scales.shift, s.scales.output),
        state,
        (scales.shift + scales.output * best[0], scales.output * best[1]),
    )
