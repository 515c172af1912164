from typing import TYPE_CHECKING

from .._metrics import Metrics
from .._state import TrainState
from ._base import AbstractCallback, Progress, Start


if TYPE_CHECKING:
    from rich.console import Console


class ProgressBar(AbstractCallback):
    """A live line in the terminal: step, loss, relative L2 error, skill, iterations a second, time left.

    Where the output is not a terminal, such as the log of a job, it is a line for every tenth of the run.

    **Arguments:**

    - `console`: the `rich` console to write to; standard output by default.
    """

    def __init__(self, console: "Console | None" = None):
        self._console = console
        self._bar = None

    def on_start(self, start: Start) -> None:
        from rich import progress
        from rich.table import Column

        fields = "loss [b]{task.fields[loss]}[/b]  L2 [b]{task.fields[l2]}[/b]  skill [b]{task.fields[skill]}[/b]"
        text = "{task.completed}/{task.total}  " + fields + "  {task.fields[speed]}"
        self._bar = progress.Progress(
            progress.BarColumn(bar_width=None),
            progress.TextColumn(text, table_column=Column(no_wrap=True)),
            console=self._console,
            expand=True,
        )
        self._last_step = start.last_step
        done, unknown = int(start.state.step), "-"
        self._task = self._bar.add_task(
            "", total=start.last_step, completed=done, loss=unknown, l2=unknown, skill=unknown, speed="compiling"
        )
        self._first_step = self._logged = done
        self._bar.start()

    @property
    def _is_log(self) -> bool:
        assert self._bar is not None
        return not (self._bar.console.is_interactive or self._bar.console.is_jupyter)

    def on_progress(self, progress: Progress) -> None:
        assert self._bar is not None
        speed = progress.steps_per_second
        left = "" if speed is None else f"{speed:,.1f} it/s  ETA {_clock((self._last_step - progress.step) / speed)}"
        self._bar.update(self._task, completed=progress.step, loss=f"{progress.loss:.2e}", speed=left)

    def on_report(self, metrics: Metrics, state: TrainState) -> None:
        assert self._bar is not None
        if metrics.relative_l2 is not None:
            self._bar.update(self._task, l2=f"{metrics.relative_l2:.2e}", skill=f"{metrics.skill:.3f}")
        # At the end the bar itself is printed.
        if self._is_log and self._logged + (self._last_step - self._first_step) / 10 <= metrics.step < self._last_step:
            self._logged = metrics.step
            speed = metrics.steps_per_second
            left = "" if speed is None else f", ETA {_clock((self._last_step - metrics.step) / speed)}"
            self._bar.console.print(f"{metrics} of {self._last_step:,} steps{left}", highlight=False, soft_wrap=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
