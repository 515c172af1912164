from dataclasses import dataclass
from pathlib import Path

import jax.random as jr
import tyro

import stde_eqx as stde

from ._finished_run import FinishedRun
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
        run = FinishedRun.load(self.run_dir)
        key = stde.training.test_key(run.key) if self.seed is None else jr.key(self.seed)
        num_points = run.options.test_points if self.test_points is None else self.test_points
        errors = stde.evaluate(run.problem, run.u, num_points=num_points, key=key)
        print(f"{run.options.problem.name}, {run.problem.dim:,} dimensions, {num_points:,} test points")
        print(errors_table(errors))
        return 0
