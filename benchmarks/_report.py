import pathlib
import statistics
from collections.abc import Iterable, Sequence

from _case import Measurement
from _methods import BASELINE, REGRESSION
from _table import machine, markdown, write_csv
from _timing import ratio


HEADER = ("d", "V", "method", "ms a step", "x regression", "jet / this", "MB", "MB x regression", "why not run")
CSV_HEADER = (
    "dim",
    "num_samples",
    "method",
    "median_ms",
    "fastest_ms",
    "times_regression",
    "speed_up_over_jet",
    "memory_mb",
    "memory_times_regression",
    "resident_mb",
    "difference",
    "rounds",
    "skipped",
)


def find(measurements: Iterable[Measurement], like: Measurement, method: str) -> Measurement:
    """The measurement of another method on the same problem; a blank one if that method was not asked for."""
    same = (m for m in measurements if (m.dim, m.num_samples, m.method) == (like.dim, like.num_samples, method))
    return next(same, Measurement(like.dim, like.num_samples, method))


def figures(measurements: Sequence[Measurement]) -> list[dict[str, str]]:
    """Every measurement as text, a dictionary with the columns of the CSV; empty where nothing was measured."""
    return [_figures(m, find(measurements, m, REGRESSION), find(measurements, m, BASELINE)) for m in measurements]


def _figures(m: Measurement, regression: Measurement, baseline: Measurement) -> dict[str, str]:
    line: dict[str, str] = {column: "" for column in CSV_HEADER}
    line |= {"dim": f"{m.dim}", "num_samples": f"{m.num_samples}", "method": m.method, "skipped": m.skipped}
    if m.times:
        line |= {
            "median_ms": f"{1e3 * statistics.median(m.times):.4g}",
            "fastest_ms": f"{1e3 * min(m.times):.4g}",
            "rounds": f"{len(m.times)}",
        }
        if regression.times:
            line["times_regression"] = f"{ratio(m.times, regression.times):.2f}"
        if baseline.times:
            line["speed_up_over_jet"] = f"{ratio(baseline.times, m.times):.2f}"
    if m.memory is not None:
        line["memory_mb"] = f"{m.memory / 1e6:.1f}"
        if regression.memory:
            line["memory_times_regression"] = f"{m.memory / regression.memory:.2f}"
    if m.resident is not None:
        line["resident_mb"] = f"{m.resident / 1e6:.0f}"
    if m.difference is not None:
        line["difference"] = f"{m.difference:.1e}"
    return line


def table(measurements: Sequence[Measurement]) -> str:
    columns = ("dim", "num_samples", "method", "median_ms", "times_regression", "speed_up_over_jet")
    columns += ("memory_mb", "memory_times_regression")
    rows = [[*(line[c] or "-" for c in columns), line["skipped"]] for line in figures(measurements)]
    return markdown(HEADER, rows)


def write(measurements: Sequence[Measurement], folder: pathlib.Path) -> None:
    """Leaves `step_time.csv` and `step_time.md`, the table with a line on how it was measured."""
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "step_time.csv", CSV_HEADER, [tuple(line.values()) for line in figures(measurements)])
    rounds = max(len(m.times) for m in measurements)
    caption = f"Measured on {machine()}; median of {rounds} interleaved rounds, one process."
    (folder / "step_time.md").write_text(f"{table(measurements)}\n\n{caption}\n")
