from collections.abc import Sequence

import equinox as eqx
import jax.random as jr
from jaxtyping import PRNGKeyArray

import stde_eqx as stde

from ..parabolic import AbstractDiffusion
from ._conditions import AbstractCondition
from ._networks import AbstractArchitecture
from ._optimizers import AbstractOptimizerChoice


class ParabolicRecipe(eqx.Module):
    """How to find the value of a parabolic problem at its target: the network, the condition, the training.

    It prints as what it is, and `dataclasses.replace(recipe, steps=1_000)` changes it.

    !!! example

        ```python
        recipe = zoo.recipes.quick_parabolic()
        problem = zoo.SemilinearHeat(dim=10)
        solution = recipe.train(problem, key=jax.random.key(0))
        zoo.references.compare(problem, solution.u)
        ```

    **Attributes:**

    - `network`: the kind of network.
    - `optimizer`, `steps`: which, and for how long.
    - `condition`: how the data are imposed, [`zoo.recipes.Hard`][] or [`zoo.recipes.Soft`][].
    - `estimator`: of the operators, if the problem has more coordinates than `exact_up_to`; below, they are exact.
    - `exact_up_to`: the largest dimension at which operators are applied exactly.
    - `data_as_feature`: whether the network is also given the data, see [`stde_eqx.DataAsFeature`][].
    - `aimed`: whether all paths on which points lie start from the target, without the head start that spreads them;
        laws without one stay as they are.
    - `batch_size`: points a step in space-time.
    - `share_draw`: whether one draw of the estimator serves all points of a step.
    - `scaled`: whether the output and the residual are scaled, and the constant mode fitted, before training.
    """

    network: AbstractArchitecture
    optimizer: AbstractOptimizerChoice
    steps: int
    condition: AbstractCondition
    estimator: stde.AbstractEstimator
    exact_up_to: int
    batch_size: int
    data_as_feature: bool = False
    aimed: bool = True
    share_draw: bool = True
    scaled: bool = True

    def problem(self, problem: AbstractDiffusion) -> stde.AbstractParabolic:
        """The problem as it is trained."""
        if self.aimed and hasattr(problem.law, "head_start"):
            problem = eqx.tree_at(lambda p: p.law.head_start, problem, 0.0)
        conditioned = self.condition.impose(problem)
        return stde.DataAsFeature(conditioned) if self.data_as_feature else conditioned

    def train(
        self,
        problem: AbstractDiffusion,
        *,
        key: PRNGKeyArray,
        callbacks: Sequence[stde.training.callbacks.AbstractCallback] = (),
    ) -> stde.Solution:
        """A network trained from scratch.

        **Arguments:**

        - `problem`: one of the zoo's parabolic problems in the whole space.
        - `key`: the randomness of the network and of training.
        - `callbacks`: as for [`stde_eqx.train`][].

        **Returns:** a [`stde_eqx.training.Solution`][]; compare it by [`zoo.references.compare`][].
        """
        network_key, run_key = jr.split(key)
        trained = self.problem(problem)
        fixed = lambda value: None if self.scaled else value
        return stde.train(
            trained,
            self.network.build(trained, key=network_key),
            estimator=stde.Exact() if problem.dim <= self.exact_up_to else self.estimator,
            optimizer=self.optimizer.build(self.steps),
            steps=self.steps,
            batch_size=self.batch_size,
            share_draw=self.share_draw,
            callbacks=callbacks,
            key=run_key,
            output_shift=fixed(0.0),
            output_scale=fixed(1.0),
            residual_scale=fixed(1.0),
        )
