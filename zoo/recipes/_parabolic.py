from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import optax
from jaxtyping import PRNGKeyArray

import stde_eqx as stde

from ..parabolic import AbstractDiffusion


class ParabolicRecipe(eqx.Module):
    """How to find the value of a parabolic problem at its target: the network, the condition, the training.

    It prints as what it is, and `dataclasses.replace(recipe, width=128)` changes it.

    !!! example

        ```python
        recipe = zoo.recipes.quick_parabolic()
        problem = zoo.SemilinearHeat(dim=10)
        solution = recipe.train(problem, key=jax.random.key(0))
        zoo.references.compare(problem, solution.u)
        ```

    **Attributes:**

    - `width`, `depth`: of the hidden layers of an MLP with tanh, and their number.
    - `estimator`: of the operators, if the problem has more coordinates than `exact_up_to`; below, they are exact.
    - `exact_up_to`: the largest dimension at which operators are applied exactly.
    - `soft`: whether the data are imposed by a penalty, with the weights of [`stde_eqx.SoftInitial`][], or by the
        ansatz.
    - `data_as_feature`: whether the network is also given the data, see [`stde_eqx.DataAsFeature`][].
    - `aimed`: whether all paths on which points lie start from the target, without the head start that spreads them;
        laws without one stay as they are.
    - `batch_size`, `penalty_points`: points a step in space-time, and of the penalty.
    - `steps`, `learning_rate`: of Adam, the rate falling to 0 along a cosine, or linearly if `linear_decay`.
    - `share_draw`: whether one draw of the estimator serves all points of a step.
    - `scaled`: whether the output and the residual are scaled, and the constant mode fitted, before training.
    """

    width: int
    depth: int
    estimator: stde.AbstractEstimator
    exact_up_to: int
    soft: bool
    data_as_feature: bool
    aimed: bool
    batch_size: int
    penalty_points: int
    steps: int
    learning_rate: float
    linear_decay: bool
    share_draw: bool
    scaled: bool

    def problem(self, problem: AbstractDiffusion) -> stde.AbstractParabolic:
        """The problem as it is trained."""
        if self.aimed and hasattr(problem.law, "head_start"):
            problem = eqx.tree_at(lambda p: p.law.head_start, problem, 0.0)
        conditioned = stde.SoftInitial(problem, num_points=self.penalty_points) if self.soft else problem
        return stde.DataAsFeature(conditioned) if self.data_as_feature else conditioned

    def network(self, dim: int, *, key: PRNGKeyArray) -> stde.nn.SpaceTime:
        """A new network for problems of this dimension."""
        inputs = 1 + dim + self.data_as_feature
        mlp = eqx.nn.MLP(inputs, "scalar", self.width, self.depth, activation=jnp.tanh, key=key)
        return stde.nn.SpaceTime(mlp)

    def optimizer(self) -> optax.GradientTransformation:
        """Adam with its schedule."""
        schedule = optax.linear_schedule if self.linear_decay else _cosine
        return optax.adam(schedule(self.learning_rate, 0.0, self.steps))

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
        fixed = lambda value: None if self.scaled else value
        return stde.train(
            self.problem(problem),
            self.network(problem.dim, key=network_key),
            estimator=stde.Exact() if problem.dim <= self.exact_up_to else self.estimator,
            optimizer=self.optimizer(),
            steps=self.steps,
            batch_size=self.batch_size,
            share_draw=self.share_draw,
            callbacks=callbacks,
            key=run_key,
            output_shift=fixed(0.0),
            output_scale=fixed(1.0),
            residual_scale=fixed(1.0),
        )


def _cosine(first: float, last: float, steps: int) -> optax.Schedule:
    return optax.cosine_decay_schedule(first, steps, alpha=last / first)
