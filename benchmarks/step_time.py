"""Time and memory of one training step: this library beside the alternatives, in one process.

    python benchmarks/step_time.py --dims 100 1000 --num-samples 16
    python benchmarks/step_time.py --dims 1000000 --methods "ours sparse" "jet one-hot"

Without arguments it measures all methods in the cases of the README's table. How it measures is
described in docs/benchmarks.md.
"""

import dataclasses
import itertools
import pathlib

import tyro

from _case import Case, Limits, Measurement
from _memory import in_fresh_process, machine_bytes
from _plot import plot
from _report import table, write
from _resident import resident_bytes


#: (d, V) of the README's table.
CASES = ((100, 16), (1_000, 16), (10_000, 16), (100_000, 16), (10_000, 100))


def with_resident(line: Measurement, num_points: int) -> Measurement:
    if not line.times:
        return line
    resident = in_fresh_process(resident_bytes, line.dim, line.num_samples, line.method, num_points)
    return dataclasses.replace(line, resident=resident)


def main(
    dims: tuple[int, ...] = (),
    num_samples: tuple[int, ...] = (),
    methods: tuple[str, ...] = (),
    *,
    num_points: int = 100,
    rounds: int = 15,
    block_seconds: float = 0.3,
    max_seconds: float = 20.0,
    max_memory: float = 0.6,
    resident: bool = False,
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Time one training step of every method, side by side, and write table, CSV and plot.

    Args:
        dims: Dimensions of the problem, each combined with every number of samples; default: the README's table.
        num_samples: Numbers V of sampled directions.
        methods: Names of methods as in the table, to which the plain regression is added; default: all.
        num_points: Collocation points a step.
        rounds: Turns each method takes.
        block_seconds: How long a turn lasts, at least one step.
        max_seconds: A method predicted to need more time for one step is left out.
        max_memory: A method that needs more than this share of the machine's memory is left out.
        resident: Also measure each method's peak resident set, in a fresh process each.
        output: The folder for the results.
    """
    limits = Limits(seconds=max_seconds, memory=int(max_memory * machine_bytes()))
    given = tuple(itertools.product(dims or (1_000,), num_samples or (16,)))
    measurements: list[Measurement] = []
    for dim, samples in given if dims or num_samples else CASES:
        case = Case(dim, samples, methods, num_points=num_points, limits=limits)
        lines = case.measure(rounds=rounds, block_seconds=block_seconds)
        measurements += [with_resident(line, num_points) for line in lines] if resident else lines
        print(table(lines), "\n", flush=True)
        write(measurements, output)
        plot(measurements, output / "step_time.png")
    print(f"Wrote step_time.csv, step_time.md and step_time.png to {output}")


if __name__ == "__main__":
    tyro.cli(main)
