import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._arguments import check_count
from .._custom_types import Field
from .._timing import interleaved_seconds
from ..operators import AbstractEstimator, AbstractOperator, Exact, value_and_apply
from ._diagnosis import Diagnosis, Line, numbered


def diagnose(
    operator: AbstractOperator,
    u: Field,
    points: Float[Array, "points dim"],
    estimators: Sequence[AbstractEstimator] | Mapping[str, AbstractEstimator],
    *,
    key: PRNGKeyArray,
    num_draws: int = 64,
    rounds: int = 9,
) -> Diagnosis:
    """What several estimators of an operator are worth: their bias, variance and time, on a function of yours.

    !!! example

        ```python
        estimators = [stde.SparseSTDE(4), stde.SparseSTDE(16), stde.DenseSTDE(4), stde.DenseSTDE(16)]
        diagnosis = stde.diagnose(stde.Laplacian(), u, points, estimators, key=key)
        print(diagnosis)
        print(diagnosis.recommend(seconds=0.01))
        diagnosis.plot().savefig("diagnosis.png")
        ```

    **Arguments:**

    - `operator`: a linear differential operator.
    - `u`: a function of one point with a scalar value.
    - `points`: where to compare, shape `(points, dim)`. The exact operator is applied at each of them.
    - `estimators`: a list of estimators, or a dictionary of them by name; the second of those in a list that print
        alike is named with (2) behind.
    - `key`: the randomness.
    - `num_draws`: how many independent draws at each point the variance is taken over.
    - `rounds`: how often each is timed; the estimators take turns.

    **Returns:** a [`stde_eqx.diagnosis.Diagnosis`][].

    **Raises:** `ValueError` for fewer than two draws, a function that is not scalar, or an estimator that does not fit.
    """
    if num_draws < 2:
        raise ValueError(f"A variance needs at least two draws, got num_draws={num_draws}.")
    rounds = check_count("rounds", rounds)
    if points.ndim != 2:
        raise ValueError(f"`points` must have the shape (points, dim), got {points.shape}.")
    shape = jnp.shape(eqx.filter_eval_shape(u, points[0]))
    if shape != ():
        raise ValueError(f"`diagnose` compares scalars, but `u` returns shape {shape}: pick one of its values.")
    if not isinstance(estimators, Mapping):
        names = numbered([" ".join(str(estimator).split()) for estimator in estimators])
        estimators = dict(zip(names, estimators, strict=True))
    exact = eqx.filter_jit(_at_points)(operator, u, points, Exact(), None)
    keys = jr.split(key, (num_draws, points.shape[0]))
    calls: list[Callable[[], Any]] = []
    statistics = []
    for estimator in estimators.values():
        apply = eqx.filter_jit(_at_points)
        estimates = jnp.stack([apply(operator, u, points, estimator, row) for row in keys])
        deviations = estimates - exact[None]
        means = jnp.mean(deviations, axis=1)
        variance = jnp.mean(jnp.var(estimates, axis=0, ddof=1))
        error = jnp.std(means, ddof=1) / num_draws**0.5
        statistics.append([float(figure) for figure in (jnp.mean(means), error, variance)])
        calls.append(functools.partial(apply, operator, u, points, estimator, keys[0]))
    seconds = interleaved_seconds(calls, rounds)
    lines = [
        Line(name, estimator, bias, error, variance, taken)
        for (name, estimator), (bias, error, variance), taken in zip(
            estimators.items(), statistics, seconds, strict=True
        )
    ]
    accepts = functools.partial(_accepts, operator, u, points[0])
    return Diagnosis(tuple(lines), points.shape[0], float(jnp.var(exact)), accepts)


def _at_points(operator, u, points, estimator, keys) -> Float[Array, " points"]:
    at = lambda x, key: value_and_apply(operator, u, x, estimator=estimator, key=key)[1]
    return jax.vmap(at, in_axes=(0, None if keys is None else 0))(points, keys)


def _accepts(operator: AbstractOperator, u: Field, x: Float[Array, " dim"], estimator: Any, num_samples: int) -> bool:
    """Whether an estimator takes a number of samples: vectors may come in blocks, an operator may want more of them."""
    try:
        changed = dataclasses.replace(estimator, num_samples=num_samples)
    except TypeError:
        return True  # One that is made in its own way cannot be asked.
    try:
        jax.eval_shape(lambda key: value_and_apply(operator, u, x, estimator=changed, key=key), jr.key(0))
    except ValueError:
        return False
    return True
