import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax


def interleaved_seconds(calls: Sequence[Callable[[], Any]], rounds: int) -> list[float]:
    """The median time of each call; they take turns, so that the machine's drift falls on all of them."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, times in zip(calls, taken, strict=True):
            start = time.perf_counter()
            jax.block_until_ready(call())
            times.append(time.perf_counter() - start)
    return [statistics.median(times) for times in taken]
