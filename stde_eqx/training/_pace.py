import time


class Pace:
    """How many steps to hand to the device at once, so that Python comes by about twice a second.

    Between two dispatches a run can show its progress and notice Ctrl-C; within one it can do neither.
    """

    _SECONDS_PER_DISPATCH = 0.5

    def __init__(self):
        self._start = 0.0
        self._last: float | None = None
        self._steps = 0
        self._seconds = 0.0

    def next(self, remaining: int) -> int:
        """The length of the next dispatch, at most `remaining`; starts its clock."""
        self._start = time.perf_counter()
        return 1 if self._last is None else max(1, min(remaining, int(self._SECONDS_PER_DISPATCH / self._last)))

    def record(self, steps: int) -> None:
        """The dispatch that `next` announced has ended, after `steps` steps."""
        seconds = time.perf_counter() - self._start
        if self._last is not None:  # the first dispatch compiles
            self._steps += steps
            self._seconds += seconds
        self._last = max(seconds / max(steps, 1), 1e-9)

    @property
    def steps_per_second(self) -> float | None:
        """The average over the run, compilation left out; `None` before there is one."""
        return self._steps / self._seconds if self._steps else None
