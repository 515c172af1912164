import equinox as eqx


class Metrics(eqx.Module):
    """Where a run stands: what a report, the history and `solution.metrics` hold.

    **Attributes:**

    - `step`: the number of steps taken.
    - `loss`: the mean of the scaled loss over the steps since the report before; 1 is what the best constant reaches.
        `None` if there was no step.
    - `relative_l1`, `relative_l2`: the errors against the exact solution; `None` where none is known.
    - `trivial_l2`: the relative L2 error of the trivial ansatz, the boundary factor times the best constant.
    - `skill`: `relative_l2 / trivial_l2`; 1 means that nothing was learned.
    - `time`: seconds since the run began, compilation and evaluations included.
    - `steps_per_second`: the speed of training alone, compilation and evaluations left out; `None` for a single step.
    """

    step: int
    loss: float | None
    relative_l1: float | None
    relative_l2: float | None
    trivial_l2: float | None
    skill: float | None
    time: float
    steps_per_second: float | None

    def __str__(self) -> str:
        known = [("loss", self.loss), ("relative L2 error", self.relative_l2), ("skill", self.skill)]
        parts = [f"{name} {value:.3g}" for name, value in known if value is not None]
        return ", ".join([f"step {self.step:,}", *parts, f"{self.time:.1f} s"])
