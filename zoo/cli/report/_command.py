from dataclasses import dataclass
from pathlib import Path

import tyro

from .._errors import UsageError
from .._finished_run import FinishedRun
from ._page import page


@dataclass(frozen=True)
class Report:
    """Write a run folder up as one page: errors, curves, slices, timing, beside other runs.

    The page is one HTML file that needs nothing else.

    For example:
      stde-eqx report runs/sine-gordon-d1000
      stde-eqx report runs/sine-gordon-d1000 runs/sine-gordon-d1000-2 --output comparison.html
    """

    run_dirs: tyro.conf.Positional[tuple[Path, ...]]
    """The run folder, and others to compare it with."""
    output: Path | None = None
    """The file; by default report.html in the run folder. A report that is there already is replaced."""
    num_points: int = 4_000
    """Random points for the scatter plot and the distribution of errors."""

    def run(self) -> int:
        if not self.run_dirs:
            raise UsageError("name a run folder, such as: stde-eqx report runs/sine-gordon-d1000")
        if self.num_points < 1:
            raise UsageError(f"--num-points must be at least 1, got {self.num_points}")
        runs = [FinishedRun.load(path) for path in self.run_dirs]
        output = self.output or self.run_dirs[0] / "report.html"
        text = page(runs, num_points=self.num_points)
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"cannot write {output}: {error.strerror}") from None
        print(f"report: {output}")
        return 0
