import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import jax


Times = tuple[float, ...]


#: Does something a given number of times.
Run = Callable[[int], Any]


def repeated(call: Callable[[], Any]) -> Run:
    """Calls one after the other."""

    def run(count):
        for _ in range(count - 1):
            call()
        return call()

    return run


def _seconds_per_call(run: Run, calls: int) -> float:
    start = time.perf_counter()
    jax.block_until_ready(run(calls))
    return (time.perf_counter() - start) / calls


def interleaved(runs: Mapping[str, Run], *, rounds: int, block_seconds: float) -> dict[str, Times]:
    """Seconds a call takes, one figure a round, for several programs that share one machine.

    The programs take turns, so that whatever else the machine does falls on all of them alike. A turn is a block of
    calls that lasts about `block_seconds`, at least one; its length comes from a warm-up turn that is not counted. The
    order rotates from round to round: nobody always follows the program that leaves the caches in the worst state.
    """
    calls = {name: max(1, round(block_seconds / _seconds_per_call(run, 2))) for name, run in runs.items()}
    times = {name: [] for name in runs}
    order = list(runs)
    for _ in range(rounds):
        for name in order:
            times[name].append(_seconds_per_call(runs[name], calls[name]))
        order = order[1:] + order[:1]
    return {name: tuple(taken) for name, taken in times.items()}


def ratio(times: Times, reference: Times) -> float:
    """How many times as long as the reference: the median over rounds of the ratio within each round.

    Drift of the machine between rounds cancels, which it would not in a ratio of medians.
    """
    return statistics.median(mine / other for mine, other in zip(times, reference, strict=True))
