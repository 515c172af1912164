import dataclasses
import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import equinox as eqx
import jax

from ..operators import AbstractEstimator


if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class Line:
    """One estimator in a [`stde_eqx.diagnosis.Diagnosis`][].

    **Attributes:**

    - `name`, `estimator`: which one.
    - `bias`: the mean deviation from the exact operator over points and draws.
    - `bias_error`: the standard error of that mean: a bias within three of them is none.
    - `variance`: of one estimate at one point, averaged over the points.
    - `seconds`: the median time of the estimate at all points, with a draw each.
    """

    name: str
    estimator: AbstractEstimator
    bias: float
    bias_error: float
    variance: float
    seconds: float

    @property
    def variance_times_seconds(self) -> float:
        """What a variance of one costs: of two estimators the one with the smaller product is the better one."""
        return self.variance * self.seconds


@dataclasses.dataclass(frozen=True)
class Recommendation:
    """How to spend a budget: [`stde_eqx.diagnosis.Diagnosis.recommend`][].

    **Attributes:**

    - `family`: the estimator, such as `SparseSTDE`.
    - `num_samples`: coordinates or vectors at every point.
    - `num_points`: points.
    - `variance`: of the mean of the operator over the points, that such a batch has.
    """

    family: str
    num_samples: int
    num_points: int
    variance: float

    def __str__(self) -> str:
        return (
            f"{self.family} with {self.num_samples} sample{'s' * (self.num_samples != 1)} at {self.num_points} points: "
            f"the mean over the batch has a standard deviation of {math.sqrt(self.variance):.2e}."
        )


def _anything(estimator: AbstractEstimator, num_samples: int) -> bool:
    return True


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """Bias, variance and cost of several estimators of one operator; made by [`stde_eqx.diagnose`][].

    Print it for a table, or `plot` it.

    **Attributes:**

    - `lines`: one for each estimator.
    - `num_points`: at how many points they were compared.
    - `spread`: the variance of the exact operator from point to point, which no estimator can lower.
    - `accepts`: whether an estimator takes a number of samples there, which advice is checked by.
    """

    lines: tuple[Line, ...]
    num_points: int
    spread: float
    accepts: Callable[[AbstractEstimator, int], bool] = dataclasses.field(default=_anything, repr=False, compare=False)

    def recommend(self, seconds: float) -> Recommendation:
        r"""The number of samples and of points that a time is spent on best.

        With $N$ points and $V$ samples at each the mean over the batch has the variance $(\sigma^2 + s^2 / V) / N$,
        where $\sigma^2$ is the spread over points and $s^2$ the variance of one sample; a point costs $c_0 + c_1 V$.
        For a given $N (c_0 + c_1 V)$ the variance is least at $V = \sqrt{s^2 c_0 / (\sigma^2 c_1)}$ (Cochran,
        *Sampling Techniques*, 3rd edition, section 10.6). The constants come from the estimators of one family that
        differ in their number of samples, of which two are needed; $V$ is at most the largest of these, and a number
        that the estimator accepts. Every point has a draw of its own here, and what is judged is the mean of the
        operator: of the gradient of a training step [`stde_eqx.training.balance`][] speaks.

        **Arguments:**

        - `seconds`: the time that a batch may take.

        **Raises:** `ValueError` where no family has two numbers of samples.
        """
        options = [
            self._best(family, lines, seconds)
            for family, lines in _families(self.lines).items()
            if hasattr(lines[0].estimator, "num_samples") and len({_samples(line) for line in lines}) > 1
        ]
        if not options:
            raise ValueError(
                "A recommendation needs an estimator with at least two numbers of samples, such as "
                "[stde.SparseSTDE(4), stde.SparseSTDE(16)], to tell what a sample costs."
            )
        return min(options, key=lambda option: option.variance)

    def _best(self, family: str, lines: Sequence[Line], seconds: float) -> Recommendation:
        lines = sorted(lines, key=_samples)
        first, last = lines[0], lines[-1]
        slope = (last.seconds - first.seconds) / (_samples(last) - _samples(first)) / self.num_points
        # Noise may make more samples look cheaper: never below a thousandth of what a point costs.
        slope = max(slope, 1e-3 * first.seconds / self.num_points)
        fixed = max(first.seconds / self.num_points - slope * _samples(first), slope)
        per_sample = sum(line.variance * _samples(line) for line in lines) / len(lines)
        ideal = math.sqrt(per_sample * fixed / (max(self.spread, 1e-300) * slope))
        limit = max(_samples(last), 1)
        nearest = min(max(1, round(min(ideal, 1e9))), limit)
        accepted = lambda counts: next((count for count in counts if self.accepts(last.estimator, count)), limit)

        def option(samples: int) -> Recommendation:
            points = max(1, int(seconds / (fixed + slope * samples)))
            return Recommendation(family, samples, points, (self.spread + per_sample / samples) / points)

        # On both sides of the optimum what is nearest to it is best.
        counts = accepted(range(nearest, 0, -1)), accepted(range(nearest, limit))
        return min(map(option, counts), key=lambda each: each.variance)

    def __str__(self) -> str:
        header = ("estimator", "bias", "+-", "variance", "ms", "variance x s")
        rows = [
            (
                line.name,
                f"{line.bias:.1e}",
                f"{line.bias_error:.1e}",
                f"{line.variance:.2e}",
                f"{1e3 * line.seconds:.3g}",
                f"{line.variance_times_seconds:.2e}",
            )
            for line in self.lines
        ]
        widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
        aligned = lambda row: "  ".join(
            cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        caption = f"{self.num_points} points; the operator itself varies from point to point by {self.spread:.2e}"
        return "\n".join([*map(aligned, [header, *rows]), caption])

    def plot(self) -> "Figure":
        """Variance against time, on logarithmic axes, with lines of equal product; and the bias with its standard
        error.

        On the left the further down and to the left, the better. On the right a bias whose bar crosses zero is none.
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=(11, 4.6), layout="constrained")
        axes, bias_axes = figure.subplots(1, 2)
        families = _families(self.lines)
        floor = min((line.variance for line in self.lines if line.variance > 0), default=1.0) / 10
        for family, lines in families.items():
            axes.loglog(
                [1e3 * line.seconds for line in lines],
                [max(line.variance, floor) for line in lines],
                marker="o",
                label=family if any(line.variance > 0 for line in lines) else f"{family} (no variance)",
            )
        if self.spread > 0:
            axes.axhline(self.spread, color="0.6", linestyle="--", label="variance over points")
        products = [line.variance_times_seconds for line in self.lines if line.variance > 0]
        milliseconds = [1e3 * line.seconds for line in self.lines]
        if products:
            ends = [min(milliseconds), max(milliseconds)]
            for product in (min(products), max(products)):
                axes.plot(ends, [1e3 * product / end for end in ends], color="0.8", linewidth=1, zorder=0)
        bias_axes.errorbar(
            [line.bias for line in self.lines],
            range(len(self.lines)),
            xerr=[2 * line.bias_error for line in self.lines],
            fmt="o",
            capsize=3,
        )
        bias_axes.axvline(0, color="0.6", linewidth=1)
        bias_axes.set_yticks(range(len(self.lines)), [line.name for line in self.lines], fontsize="small")
        bias_axes.set_xlabel("bias, with two standard errors")
        axes.set_xlabel(f"milliseconds for {self.num_points} points")
        axes.set_ylabel("variance of an estimate")
        axes.grid(which="major", alpha=0.3)
        axes.legend(frameon=False, fontsize="small")
        return figure


def _samples(line: Line) -> int:
    return line.estimator.num_samples  # pyright: ignore[reportAttributeAccessIssue], only called where there is one


def numbered(names: Sequence[str]) -> list[str]:
    """The names, of which those that have come before are told apart: " (2)" follows the second, and so on."""
    counts = [names[: i + 1].count(name) for i, name in enumerate(names)]
    return [name if count == 1 else f"{name} ({count})" for name, count in zip(names, counts, strict=True)]


def _families(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """Lines by what their estimators have in common but for the number of samples."""
    groups: list[list[Line]] = []
    for line in lines:
        group = next((group for group in groups if _alike(group[0], line)), None)
        if group is None:
            groups.append(group := [])
        group.append(line)
    return dict(zip(numbered([_family(group[0]) for group in groups]), groups, strict=True))


def _alike(one: Line, other: Line) -> bool:
    # Arrays, such as the weights of a scheme, do not print their values.
    arrays = lambda line: jax.tree.leaves(eqx.filter(line.estimator, eqx.is_array))
    return _family(one) == _family(other) and bool(eqx.tree_equal(arrays(one), arrays(other)))


def _family(line: Line) -> str:
    """What is left of an estimator without its number of samples; of one that has none, its name."""
    if not hasattr(line.estimator, "num_samples"):
        return line.name
    return re.sub(r"num_samples=\d+(, )?", "", " ".join(str(line.estimator).split())).replace("()", "")
