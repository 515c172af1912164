from dataclasses import dataclass
from pathlib import Path

import equinox as eqx
import jax.random as jr
from jaxtyping import PRNGKeyArray

import stde_eqx as stde

from ..elliptic import AbstractElliptic
from ._carry_out import carry_out
from ._errors import UsageError
from ._estimator import Estimator, Sparse
from ._network import Network
from ._problem import NamedProblem
from ._run_folder import RunFolder


@dataclass(frozen=True)
class Solve:
    """Train a network to solve a problem of the zoo, and leave a run folder behind.

    The folder holds the configuration, the metrics, the trained model and plots. Ctrl-C ends a run in order, as does
    SIGTERM, which a queue sends when the time is up.

    For example:
      stde-eqx solve sine-gordon --dim 10000 --estimator.num-samples 16
      stde-eqx solve poisson --dim 1000 --solution three-body --domain cube --steps 2000 --run-dir runs/mine
      stde-eqx solve allen-cahn --dim 100 estimator:dense --estimator.num-samples 8
      stde-eqx solve poisson --dim 20 estimator:exact
      stde-eqx solve sine-gordon --help
    """

    problem: NamedProblem
    estimator: Estimator = Sparse()
    network: Network = Network()
    steps: int = 10_000
    """Training steps; the learning rate falls linearly to zero at the last."""
    batch_size: int = 100
    """Random points of the domain in each step."""
    learning_rate: float = 1e-3
    """Adam's learning rate at the first step."""
    share_draw: bool = True
    """One draw of the estimator a step for all points, which is cheaper; or one for each, which is less noisy."""
    test_points: int = 20_000
    """Random points on which the trained network is judged."""
    seed: int = 0
    """The randomness of everything: the solution's coefficients, the network, the points."""
    run_dir: Path | None = None
    """The run folder, which must not exist; by default runs/PROBLEM-dDIM, numbered if that exists."""

    def setting(self) -> tuple[AbstractElliptic, eqx.nn.MLP, PRNGKeyArray]:
        """The problem, the untrained network, and the key of the training that follows."""
        problem_key, network_key, train_key = jr.split(jr.key(self.seed), 3)
        problem = self.problem.build(key=problem_key)
        return problem, self.network.build(problem.dim, key=network_key), train_key

    def run(self) -> int:
        folder = (
            RunFolder(self.run_dir) if self.run_dir else RunFolder.fresh(f"{self.problem.name}-d{self.problem.dim}")
        )
        folder.check_new()
        problem, network, key = self.setting()
        estimator = self.estimator.build(problem.dim)
        if not self.learning_rate > 0:
            raise UsageError(f"--learning-rate must be positive, got {self.learning_rate}")
        return carry_out(
            self,
            folder,
            lambda callbacks: self._train(problem, network, estimator, callbacks, key=key),
            what=f"{self.problem.name}, {self.problem.dim:,} dimensions, {self.steps:,} steps",
            if_not_finite="A smaller --learning-rate may help",
        )

    def _train(self, problem, network, estimator, callbacks, *, key) -> stde.Solution:
        return stde.train(
            problem,
            network,
            estimator=estimator,
            optimizer=stde.training.default_optimizer(self.steps, self.learning_rate),
            steps=self.steps,
            batch_size=self.batch_size,
            key=key,
            share_draw=self.share_draw,
            num_test_points=self.test_points,
            callbacks=callbacks,
        )
