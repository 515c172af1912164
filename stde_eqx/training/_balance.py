import dataclasses
import functools
import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._arguments import check_count, check_key
from .._timing import interleaved_seconds
from ..estimators import DenseSTDE, SparseSTDE
from ..nn import Affine
from ..problems import AbstractProblem
from ._batch import Batch
from ._loss import MeanSquare
from ._state import TrainState


@dataclasses.dataclass(frozen=True)
class Balance:
    """How a step of training divides its time between points and samples: [`stde_eqx.training.balance`][].

    **Attributes:**

    - `num_samples`, `batch_size`: what gives the least noise in the gradient for the time that a step takes.
    - `between`: the mean square by which gradients at different points depart from their mean.
    - `within`: that by which one draw at a point departs from the mean over draws, with the samples it was measured at.
    - `gain`: how many times less noise (as a variance) the recommended step has.
    """

    num_samples: int
    batch_size: int
    between: float
    within: float
    gain: float

    def __str__(self) -> str:
        return (
            f"{self.num_samples} samples at each of {self.batch_size} points: {self.gain:.2f} times less variance of "
            f"the gradient in the same time (between points {self.between:.2e}, between draws {self.within:.2e})."
        )


def balance(
    problem: AbstractProblem,
    state: TrainState,
    *,
    estimator: SparseSTDE | DenseSTDE,
    batch_size: int,
    key: PRNGKeyArray,
    num_points: int = 64,
    rounds: int = 5,
) -> Balance:
    r"""How many samples and points a step should have, from the noise of its gradient as training stands.

    With a draw at each point the gradient of the loss has the variance $(\sigma_b^2 + \sigma_w^2 V_0 / V) / N$ for
    $N$ points of $V$ samples, where $\sigma_b^2$ is between points and $\sigma_w^2$ between draws of $V_0$ samples. A
    step takes a time $N (c_0 + c_1 V)$. For a given time the variance is least at

    $$V = \sqrt{\frac{\sigma_w^2 V_0}{\sigma_b^2} \, \frac{c_0}{c_1}}.$$

    Both change as the network learns: ask again, and go on with
    `train(problem, solution.state, estimator=..., batch_size=..., share_draw=False)`.

    !!! example

        ```python
        found = stde.training.balance(problem, state, estimator=stde.SparseSTDE(16), batch_size=100, key=key)
        print(found)
        ```

    **Arguments:**

    - `problem`, `state`: the PDE, and where training stands.
    - `estimator`: [`stde_eqx.SparseSTDE`][] or [`stde_eqx.DenseSTDE`][] with the samples of now, $V_0$.
    - `batch_size`: the points of now; they fix the time to be spent.
    - `key`: the randomness.
    - `num_points`: points at which the variances are measured, with two draws each.
    - `rounds`: how often the gradient is timed, with $V_0$ samples and with four times as many (or all).

    **Returns:** a [`stde_eqx.training.Balance`][].

    **Raises:** `ValueError` for an estimator without samples, a number below one, or a single point.

    ??? cite "Reference"

        The optimal allocation of two-stage sampling: Cochran, *Sampling Techniques*, 3rd edition, 1977, section 10.6.
    """
    check_key(key)
    batch_size, rounds = check_count("batch_size", batch_size), check_count("rounds", rounds)
    num_points = check_count("num_points", num_points, least=2)
    if not isinstance(estimator, (SparseSTDE, DenseSTDE)):
        raise ValueError(
            "`balance` weighs samples against points: `estimator` must be a `stde.SparseSTDE` or a `stde.DenseSTDE`, "
            f"got {estimator!r}."
        )
    points_key, first_key, second_key, timing_key = jr.split(key, 4)
    points = problem.sample(num_points, key=points_key)
    draws = jr.split(first_key, num_points), jr.split(second_key, num_points)
    between, within = map(float, _variances(problem, estimator, state, points, draws))
    # An unbiased estimate of little may be negative.
    between = max(between, 0.0)
    most = problem.dim if isinstance(estimator, SparseSTDE) else 8 * estimator.num_samples
    fixed, by_sample = _costs(problem, estimator, state, batch_size, most, rounds, key=timing_key)
    now = estimator.num_samples
    ideal = most if between == 0 else math.sqrt(within * now / between * fixed / by_sample)
    samples = min(max(round(ideal), 1), most)
    cost = lambda count: fixed + by_sample * count
    variance = lambda count, size: (between + within * now / count) / size
    size = max(1, round(batch_size * cost(now) / cost(samples)))
    gain = variance(now, batch_size) / variance(samples, size) if between or within else 1.0
    return Balance(samples, size, between, within, gain)


@eqx.filter_jit
def _variances(
    problem: AbstractProblem, estimator: Any, state: TrainState, points: Any, draws: tuple[Array, Array]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Unbiased: between points, and between draws at a point, summed over the parameters."""
    gradient = functools.partial(_gradient, problem, estimator, state)
    square = lambda tree: sum(jnp.vdot(leaf, leaf) for leaf in jax.tree.leaves(tree))
    number = jax.tree.leaves(points)[0].shape[0]

    # Point by point: the gradients of all of them may not fit into memory.
    def add(carry, item):
        total, squares, differences = carry
        point, first, second = item
        alone = jax.tree.map(lambda leaf: leaf[None], point)
        one, other = gradient(alone, first), gradient(alone, second)
        mean = jax.tree.map(lambda a, b: (a + b) / 2, one, other)
        difference = jax.tree.map(jnp.subtract, one, other)
        return (
            jax.tree.map(jnp.add, total, mean),
            squares + square(mean),
            differences + square(difference),
        ), None

    params = eqx.filter(state.network, eqx.is_inexact_array)
    zero = jnp.zeros((), jax.tree.leaves(params)[0].dtype)
    start = jax.tree.map(jnp.zeros_like, params), zero, zero
    (total, squares, differences), _ = jax.lax.scan(add, start, (points, *draws))
    within = differences / (2 * number)
    # The means of two draws vary between points by sigma_b^2 + sigma_w^2 / 2.
    of_means = (squares - square(total) / number) / max(number - 1, 1)
    return of_means - within / 2, within


def _gradient(problem: AbstractProblem, estimator: Any, state: TrainState, points: Any, key: PRNGKeyArray) -> Any:
    """The gradient of the mean square of the residual at these points, with a draw for each."""
    params, fixed = eqx.partition(state.network, eqx.is_inexact_array)
    batch = Batch(
        problem,
        estimator,
        points,
        share_draw=False,
        chunk_size=None,
        scale=state.scales.residual,
        draw_key=key,
        penalty_key=key,
    )
    net = lambda params: Affine(eqx.combine(params, fixed), state.scales.shift, state.scales.output)
    return jax.grad(lambda params: batch.parts(net(params), MeanSquare())[0])(params)


def _costs(
    problem: AbstractProblem,
    estimator: Any,
    state: TrainState,
    batch_size: int,
    most: int,
    rounds: int,
    *,
    key: PRNGKeyArray,
) -> tuple[float, float]:
    """What a point costs, and what each of its samples adds: from the time of a batch with few and with more."""
    few = estimator.num_samples
    many = min(4 * few, most) if few < most else max(1, few // 4)
    points = problem.sample(batch_size, key=key)
    gradient = eqx.filter_jit(_gradient)
    counted = [dataclasses.replace(estimator, num_samples=count) for count in (few, many)]
    calls = [functools.partial(gradient, problem, each, state, points, key) for each in counted]
    for call in calls:
        jax.block_until_ready(call())
    first, second = interleaved_seconds(calls, rounds)
    # Differences of times are noisy; what a sample adds is not less than nothing. In one dimension there is one only.
    by_sample = max((second - first) / (many - few), 1e-3 * first / few) if many != few else first / few
    return max(first - few * by_sample, 1e-3 * first), by_sample
