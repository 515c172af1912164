import dataclasses
import itertools
from collections.abc import Callable, Generator
from typing import Any

import equinox as eqx
import jax.random as jr
from jaxtyping import Array, PRNGKeyArray

import stde_eqx as stde

from ..elliptic import AbstractManufactured
from ._optimizers import AbstractOptimizerChoice


class Phase(eqx.Module):
    """A stretch of training with one optimiser.

    **Attributes:**

    - `optimizer`, `steps`: which, and for how long.
    - `estimator`: of the operators.
    - `batch_size`: points a step.
    - `share_draw`: whether one draw of the estimator serves all points of a step.
    - `chunk_size`: how many of the points to work on at once, or `None`.
    - `average`: the average of the parameters to keep, or `None`.
    - `fixed_batch`: whether all steps see the same points and draws.
    - `balances`: how often, evenly over the steps, the time of a step is divided anew between points and samples, by
        the variances as training stands ([`stde_eqx.training.balance`][]). It takes a draw for each point
        (`share_draw=False`), an estimator that samples, and points that are not fixed.

    **Raises:** `ValueError` for `balances` out of range, or if `balances` is asked for without these.
    """

    optimizer: AbstractOptimizerChoice
    steps: int
    estimator: stde.AbstractEstimator
    batch_size: int
    share_draw: bool = True
    chunk_size: int | None = None
    average: stde.training.ExponentialAverage | None = None
    fixed_batch: bool = False
    balances: int = 0

    def __check_init__(self) -> None:
        if not 0 <= self.balances < self.steps:
            raise ValueError(f"`balances` must be at least 0 and below steps={self.steps}, got {self.balances!r}.")
        samples = isinstance(self.estimator, stde.SparseSTDE | stde.DenseSTDE)
        if self.balances and (self.share_draw or self.fixed_batch or not samples):
            raise ValueError(
                "Points and samples are balanced where every step has points of its own, and every point a draw of its "
                "own: write share_draw=False, fixed_batch=False, and estimator=stde.SparseSTDE(16) or "
                f"stde.DenseSTDE(16); got {self}."
            )

    def stages(
        self,
        problem: AbstractManufactured,
        u: Callable[..., Array] | stde.training.TrainState,
        *,
        key: PRNGKeyArray,
        **scales: Any,
    ) -> Generator[stde.training.Stage, stde.training.TrainState, stde.training.TrainState]:
        """The phase for [`stde_eqx.training.train_stages`][], from a network or from what an earlier phase has trained.

        **Arguments:**

        - `problem`: one of the zoo's problems with a solution that was chosen first.
        - `u`: the network, or a [`stde_eqx.training.TrainState`][].
        - `key`: the randomness of training.
        - `scales`: of [`stde_eqx.make_step`][], in place of the automatic ones.
        """
        phase, optimizer = self, self.optimizer.build(self.steps)
        if isinstance(u, stde.training.TrainState):
            state = u.restarted(optimizer, average=self.average is not None)
        else:
            state = self._step(problem, optimizer, **scales).init(u, key=key)
        for part, steps in enumerate(self.parts()):
            if part:
                phase = phase.balanced(problem, state, key=jr.fold_in(key, part))
            state = yield stde.training.Stage(phase._step(problem, optimizer, **scales), state, steps)
        return state

    def check(self, problem: AbstractManufactured, network: Callable[..., Array]) -> None:
        """`ValueError` if problem, network and estimator do not fit together, before anything is computed."""
        step = self._step(problem, self.optimizer.build(self.steps))
        eqx.filter_eval_shape(lambda network: step.init(network, key=jr.key(0)), network)

    def _step(self, problem: AbstractManufactured, optimizer: Any, **scales: Any) -> stde.training.TrainStep:
        return stde.make_step(
            problem,
            estimator=self.estimator,
            optimizer=optimizer,
            batch_size=self.batch_size,
            share_draw=self.share_draw,
            chunk_size=self.chunk_size,
            average=self.average,
            fixed_batch=self.fixed_batch,
            **scales,
        )

    def parts(self) -> tuple[int, ...]:
        """The steps between one balance and the next."""
        ends = [self.steps * part // (self.balances + 1) for part in range(self.balances + 2)]
        return tuple(end - begin for begin, end in itertools.pairwise(ends))

    def balanced(self, problem: AbstractManufactured, state: stde.training.TrainState, *, key: PRNGKeyArray) -> "Phase":
        """The phase with the samples and points that are best where training stands; whole chunks of points."""
        assert isinstance(self.estimator, stde.SparseSTDE | stde.DenseSTDE)
        found = stde.training.balance(problem, state, estimator=self.estimator, batch_size=self.batch_size, key=key)
        estimator = dataclasses.replace(self.estimator, num_samples=found.num_samples)
        whole = self.chunk_size or 1
        batch_size = whole * max(1, round(found.batch_size / whole))
        return dataclasses.replace(self, estimator=estimator, batch_size=batch_size)
