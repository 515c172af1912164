from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jax.random as jr
from jaxtyping import PRNGKeyArray

from .. import recipes
from ..elliptic import AbstractElliptic
from ._carry_out import carry_out
from ._errors import UsageError
from ._problem import NamedProblem
from ._run_folder import RunFolder


_RECIPES: dict[str, Callable[[int], recipes.Recipe]] = {
    "accurate": recipes.accurate,
    "quick": lambda dim: recipes.quick(),
    "paper": lambda dim: recipes.paper(),
}


@dataclass(frozen=True)
class Follow:
    """Solve a problem of the zoo by one of its recipes, and leave a run folder behind, as `solve` does.

    A recipe settles network, optimiser, estimator, points and steps. The same seed is the same problem as in `solve`.

    For example:
      stde-eqx follow sine-gordon --dim 1000
      stde-eqx follow poisson --dim 100 --solution three-body --domain cube --recipe quick
      stde-eqx follow sine-gordon --help
    """

    problem: NamedProblem
    recipe: Literal["accurate", "quick", "paper"] = "accurate"
    """Natural gradient, to 30 000 dimensions with exact derivatives of a network of local interactions; a perceptron
    and Adam with a short schedule; or the set-up of the STDE paper."""
    test_points: int = 20_000
    """Random points on which the trained network is judged."""
    seed: int = 0
    """The randomness of everything: the solution's coefficients, the network, the points."""
    run_dir: Path | None = None
    """The run folder, which must not exist; by default runs/PROBLEM-dDIM-RECIPE, numbered if that exists."""

    def setting(self) -> tuple[AbstractElliptic, Callable[..., Any], PRNGKeyArray]:
        """The problem, a network such as is trained, and the key of the training."""
        problem_key, network_key, train_key = jr.split(jr.key(self.seed), 3)
        problem = self.problem.build(key=problem_key)
        return problem, self.instructions.network.build(problem, key=network_key), train_key

    def run(self) -> int:
        name = f"{self.problem.name}-d{self.problem.dim}-{self.recipe}"
        folder = RunFolder(self.run_dir) if self.run_dir else RunFolder.fresh(name)
        folder.check_new()
        problem, _, key = self.setting()
        needed = max(getattr(phase.estimator, "num_samples", 1) for phase in self.instructions.phases)
        if problem.dim < needed:
            raise UsageError(
                f"--recipe {self.recipe} samples {needed} coordinates of {problem.dim}: raise --dim to {needed} at "
                "least, or write --recipe accurate"
            )
        return carry_out(
            self,
            folder,
            lambda callbacks: self.instructions.train(
                problem, key=key, callbacks=callbacks, num_test_points=self.test_points
            ),
            what=f"{self.problem.name}, {self.problem.dim:,} dimensions, recipe {self.recipe}",
            if_not_finite="`stde-eqx solve` has settings to change",
        )

    @property
    def instructions(self) -> recipes.Recipe:
        """What the recipe of that name settles in this dimension."""
        return _RECIPES[self.recipe](self.problem.dim)
