from dataclasses import dataclass
from pathlib import Path

import jax.random as jr
import tyro

import stde_eqx as stde

from ._config import load_config
from ._errors import UsageError
from ._run_folder import RunFolder
from ._solve import Solve
from ._table import errors_table


@dataclass(frozen=True)
class Evaluate:
    """Judge the trained model of a run folder again, on the test points of its run or on others.

    For example:
      stde-eqx evaluate runs/sine-gordon-d1000
      stde-eqx evaluate runs/sine-gordon-d1000 --test-points 100000 --seed 7
    """

    run_dir: tyro.conf.Positional[Path]
    """The run folder."""
    test_points: int | None = None
    """How many test points; by default as many as in the run."""
    seed: int | None = None
    """Draw the test points from this seed; by default they are those of the run."""

    def run(self) -> int:
        folder = RunFolder(self.run_dir)
        options = load_config(Solve, folder.config)
        problem, network, key = options.setting()
        try:
            model = stde.training.load(folder.model, like=stde.nn.Affine(network))
        except FileNotFoundError:
            raise UsageError(f"{folder.path} has no trained model: its run has not ended") from None
        # Training draws its test points from the second half of its key.
        test_key = jr.split(key)[1] if self.seed is None else jr.key(self.seed)
        num_points = options.test_points if self.test_points is None else self.test_points
        errors = stde.evaluate(problem, problem.ansatz(model), num_points=num_points, key=test_key)
        print(f"{options.problem.name}, {options.problem.dim:,} dimensions, {num_points:,} test points")
        print(errors_table(errors))
        return 0
