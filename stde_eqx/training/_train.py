from collections.abc import Sequence
from typing import Any

import jax.random as jr
import optax
from jaxtyping import PRNGKeyArray

from .._arguments import check_count, check_key
from .._custom_types import Field
from ..operators import AbstractEstimator
from ..optim import AbstractLeastSquaresOptimizer
from ..problems import AbstractProblem
from ._average import ExponentialAverage
from ._hooks import check_callbacks, Hooks
from ._loss import AbstractLoss
from ._make_step import make_step
from ._recorder import Recorder
from ._run import run
from ._schedule import default_optimizer
from ._solution import Solution
from ._stages import check_state, check_trainable, reports, Stage, Stages
from ._state import own_copy, TrainState
from ._step import TrainStep
from ._test_key import test_key
from ._validate import check_network
from .callbacks import AbstractCallback
from .collocation import AbstractCollocation
from .weighting import AbstractWeighting


def train(
    problem: AbstractProblem,
    u: Field | TrainState,
    *,
    estimator: AbstractEstimator | None = None,
    optimizer: optax.GradientTransformation | AbstractLeastSquaresOptimizer | None = None,
    steps: int = 10_000,
    batch_size: int = 100,
    key: PRNGKeyArray,
    share_draw: bool = True,
    chunk_size: int | None = None,
    loss: AbstractLoss | None = None,
    collocation: AbstractCollocation | None = None,
    average: ExponentialAverage | None = None,
    weighting: AbstractWeighting | None = None,
    fixed_batch: bool = False,
    output_shift: float | int | None = None,
    output_scale: float | int | None = None,
    residual_scale: float | int | None = None,
    report_every: int | None = None,
    num_report_points: int | None = None,
    num_test_points: int = 20_000,
    callbacks: Sequence[AbstractCallback] = (),
    throw: bool = True,
) -> Solution:
    r"""Trains a network to solve a problem.

    Before the first step the constant mode and the scales are found ([`stde_eqx.training.fit_scales`][]), so the run
    starts from the trivial ansatz and the optimiser sees quantities of O(1). All steps run in one compiled program;
    Python returns about twice a second. Ctrl-C ends the run in order, and what was trained is evaluated and returned.

    !!! example

        ```python
        solution = stde.train(problem, network, estimator=stde.SparseSTDE(16), steps=1_000, key=key)
        solution.u(x)
        solution.metrics.skill
        longer = stde.train(problem, solution.state, estimator=stde.SparseSTDE(16), steps=1_000, key=key)
        ```

    **Arguments:**

    - `problem`: the PDE.
    - `u`: the network to train, any PyTree that maps one point to a scalar; or a [`stde_eqx.training.TrainState`][] of
        a run of the same problem and optimiser to go on with. Neither is changed.
    - `estimator`: how to apply the PDE's operators; exactly (`stde.Exact()`) if `None`.
    - `optimizer`: any Optax optimiser, or [`stde_eqx.optim.NaturalGradient`][]; by default Adam on clipped gradients,
        its learning rate falling linearly from 1e-3 to 0 at the last step: [`stde_eqx.training.default_optimizer`][].
    - `steps`: how many steps to take; 0 for a state that is only to be evaluated.
    - `batch_size`: points a step.
    - `key`: the randomness of training and of the test points. A run that continues a state draws only the test points
        from it; the same key means the same points.
    - `share_draw`: one draw of the estimator a step for all points, or a draw per point.
    - `loss`: what is made of the residuals; [`stde_eqx.MeanSquare`][] if `None`.
    - `chunk_size`: how many points of a step to work on at once, see [`stde_eqx.make_step`][].
    - `collocation`, `average`, `weighting`, `fixed_batch`: where to put the points, what to average, how to weigh
        penalties, whether every step sees the same batch; see [`stde_eqx.make_step`][].
    - `output_shift`, `output_scale`, `residual_scale`: constants to use in place of the automatic ones, see
        [`stde_eqx.make_step`][]. A state already has its own.
    - `report_every`: steps between reports, by default a fiftieth of `steps`.
    - `num_report_points`: test points of the reports during training, the same ones each time; by default a quarter of
        the points trained on between two reports, at most 1 000.
    - `num_test_points`: test points of the final metrics.
    - `callbacks`: what to do beside training, such as `[stde.training.ProgressBar()]`; by default nothing, in silence.
    - `throw`: whether a run that ended early by an error raises it. If `False`, `solution.status` tells.

    **Returns:**

    A [`stde_eqx.training.Solution`][].

    **Raises:**

    - `ValueError` for a wrong argument, at once.
    - [`stde_eqx.training.NonFiniteLossError`][] as soon as a loss is NaN or infinite.
    - [`stde_eqx.training.CallbackError`][] if a callback raises, and [`stde_eqx.training.EvaluationError`][] if the
        problem's exact solution does.

    The latter three carry the solution as it was before the failure, as `error.solution`.
    """
    check_key(key)
    check_callbacks(callbacks)
    # A state may be the last one already: whoever goes on from a file does not know.
    steps = check_count("steps", steps, least=0 if isinstance(u, TrainState) else 1)
    num_test_points = check_count("num_test_points", num_test_points)
    first = int(u.step) if isinstance(u, TrainState) else 0
    step = make_step(
        problem,
        estimator=estimator,
        optimizer=default_optimizer(_taken_by_optimizer(u) + steps) if optimizer is None else optimizer,
        batch_size=batch_size,
        share_draw=share_draw,
        chunk_size=chunk_size,
        loss=loss,
        collocation=collocation,
        average=average,
        weighting=weighting,
        fixed_batch=fixed_batch,
        output_shift=output_shift,
        output_scale=output_scale,
        residual_scale=residual_scale,
    )
    run_key, _ = jr.split(key)

    reporting = reports(steps, report_every, num_report_points, batch_size=step.batch_size)

    def stages() -> Stages:
        state = _continued(step, u, steps, key=key) if isinstance(u, TrainState) else step.init(u, key=run_key)
        yield Stage(step, state, steps, **reporting)

    return run(
        problem,
        stages(),
        last_step=first + steps,
        recorder=Recorder(problem, key=test_key(key), num_test_points=num_test_points),
        hooks=Hooks(callbacks),
        throw=throw,
    )


def _taken_by_optimizer(u: Any) -> int:
    """The steps that schedules have counted: fewer than those of a state that was `restarted`."""
    if not isinstance(u, TrainState):
        return 0
    return max((int(count) for _, count in optax.tree_utils.tree_get_all_with_path(u.opt_state, "count")), default=0)


def _continued(step: TrainStep, state: TrainState, steps: int, *, key: PRNGKeyArray) -> TrainState:
    """A copy of the state of an earlier run, once it is clear that the step can go on from it."""
    if not (step.output_shift is None and step.output_scale is None and step.residual_scale is None):
        raise ValueError(
            "a `TrainState` keeps the scales it began with: leave out `output_shift`, `output_scale` and "
            "`residual_scale`, or train its network afresh with `train(problem, state.network, ...)`."
        )
    check_network(step.problem, state.network, step.estimator, key=key)
    check_state(step, state)
    check_trainable(state, steps)
    return own_copy(state)
