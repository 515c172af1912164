from collections.abc import Generator, Sequence
from typing import NamedTuple, TypeAlias

import equinox as eqx
import jax
from jaxtyping import PRNGKeyArray

from .._arguments import check_count, check_key, describe
from ..problems import AbstractProblem
from ._hooks import check_callbacks, Hooks
from ._recorder import Recorder
from ._run import run
from ._solution import Solution
from ._state import own_copy, TrainState
from ._step import TrainStep
from ._test_key import test_key
from .callbacks import AbstractCallback


class Stage(NamedTuple):
    """A stretch of training: a step, the state to begin with, and how many steps to take.

    **Attributes:**

    - `step`: from [`stde_eqx.make_step`][].
    - `state`: of `step.init`, or what an earlier stage left, for a step of the same optimiser, or `restarted`.
    - `steps`: how many.
    - `report_every`: steps between reports, by default a fiftieth of `steps`.
    - `num_report_points`: test points of its reports; by default a quarter of the points trained on between two
        reports, at most 1 000.
    """

    step: TrainStep
    state: TrainState
    steps: int
    report_every: int | None = None
    num_report_points: int | None = None

    def checked(self) -> "Stage":
        """With numbers in place of the defaults; `ValueError` for those that are none, and for a wrong state."""
        check_state(self.step, self.state)
        steps = check_count("steps", self.steps, least=0)
        check_trainable(self.state, steps)
        return self._replace(
            steps=steps,
            **reports(steps, self.report_every, self.num_report_points, batch_size=self.step.batch_size),
        )


def reports(steps: int, every: int | None, num_points: int | None, *, batch_size: int) -> dict[str, int]:
    """The steps between two reports, and their test points."""
    every = max(1, steps // 50) if every is None else check_count("report_every", every)
    if num_points is None:
        num_points = min(1_000, max(1, every * batch_size // 4))
    return {"report_every": every, "num_report_points": check_count("num_report_points", num_points)}


def check_trainable(state: TrainState, steps: int) -> None:
    """`ValueError` for steps from a state whose network has no gradient."""
    if steps and not float(state.scales.output):
        raise ValueError(
            "the network of this `TrainState` counts for nothing: `refit` found a constant alone to be better, and set "
            "the scale of its output to 0. Train it afresh with `train(problem, state.network, ...)`."
        )


def check_state(step: TrainStep, state: TrainState) -> None:
    """`ValueError` for a state from which this step cannot go on."""
    if (step.average is None) != (state.average is None) or (step.weighting is None) != (state.weighting is None):
        raise ValueError(
            "the `TrainState` was begun with another `average` or `weighting`, where None is one too: continue it with "
            "those it began with, or train its network afresh with `train(problem, state.network, ...)`."
        )
    if step.weighting is not None:
        begun = eqx.filter_eval_shape(step.weighting.init, 1 + len(step.problem.penalties()))
        if jax.tree.structure(begun) != jax.tree.structure(state.weighting):
            raise ValueError(
                f"the `TrainState` was begun with another `weighting` than {step.weighting}: continue it with the one "
                "it began with, or train its network afresh with `train(problem, state.network, ...)`."
            )
    expected = eqx.filter_eval_shape(step.optimizer.init, eqx.filter(state.arrays, eqx.is_inexact_array))
    if jax.tree.structure(expected) != jax.tree.structure(state.opt_state):
        raise ValueError(
            "the `TrainState` holds the state of another optimiser: continue it with the one it began with, go on with "
            "`state.restarted(optimizer)`, or train its network afresh with `train(problem, state.network, ...)`."
        )


#: What yields stages, is sent the state that each has led to, and returns the one to end with: the last, if `None`.
Stages: TypeAlias = Generator[Stage, TrainState, TrainState | None]


def train_stages(
    problem: AbstractProblem,
    stages: Stages,
    *,
    last_step: int,
    key: PRNGKeyArray,
    num_test_points: int = 20_000,
    callbacks: Sequence[AbstractCallback] = (),
    throw: bool = True,
) -> Solution:
    r"""One run in several stages, such as another optimiser after the first, or a larger batch late in training.

    Callbacks, history, clock and Ctrl-C know of one run. The stages are a generator: it yields a
    [`stde_eqx.training.Stage`][], is sent the state that this one has led to, and returns the state to end with: the
    last one, if it returns nothing.

    !!! example

        ```python
        def stages():
            adam = stde.make_step(problem, optimizer=optax.adam(1e-3), batch_size=100)
            state = yield stde.training.Stage(adam, adam.init(network, key=key), steps=1_000)
            optimizer = optax.lbfgs()
            lbfgs = stde.make_step(problem, optimizer=optimizer, batch_size=1_000, fixed_batch=True)
            yield stde.training.Stage(lbfgs, state.restarted(optimizer), steps=100)

        solution = stde.training.train_stages(problem, stages(), last_step=1_100, key=key)
        ```

    **Arguments:**

    - `problem`: the PDE, that of all the steps.
    - `stages`: the generator. It is asked for a stage when the one before has ended, and not at all after one that
        ended early; what it does in between is part of the run.
    - `last_step`: the number of the last step of all, for callbacks.
    - `key`: the randomness of the test points, as in [`stde_eqx.train`][].
    - `num_test_points`, `callbacks`, `throw`: as there.

    **Returns:** a [`stde_eqx.training.Solution`][].

    **Raises:** as [`stde_eqx.train`][], and `ValueError` for a state that does not fit its step. An exception of the
    generator before its first stage is the caller's; after it, it becomes a [`stde_eqx.training.StageError`][] that
    carries what was trained.
    """
    check_key(key)
    check_callbacks(callbacks)
    if not isinstance(stages, Generator):
        raise ValueError(
            f"`stages` must be a generator, got {describe(stages)}. Call the function that yields: write stages()."
        )
    num_test_points = check_count("num_test_points", num_test_points)
    return run(
        problem,
        _with_states_of_their_own(stages),
        last_step=check_count("last_step", last_step),
        recorder=Recorder(problem, key=test_key(key), num_test_points=num_test_points),
        hooks=Hooks(callbacks),
        throw=throw,
    )


def _with_states_of_their_own(stages: Stages) -> Stages:
    """The stages, checked, with copies of the states: a run reuses the buffers of those that it gets."""
    stage = next(stages, None)
    if stage is None:
        raise ValueError(
            "`stages` must yield one stage at least, such as `yield stde.training.Stage(step, state, 100)`."
        )
    while True:
        state = yield stage.checked()._replace(state=own_copy(stage.state))
        try:
            stage = stages.send(state)
        except StopIteration as done:
            return done.value
