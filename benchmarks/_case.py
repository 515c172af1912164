import dataclasses
import functools
import time
from collections.abc import Collection
from typing import Any

import equinox as eqx
import jax
import jax.random as jr
from jaxtyping import Array, Float

from _agreement import Agreement
from _memory import peak_bytes
from _methods import AbstractMethod, catalogue
from _timing import interleaved, Times
from _training_step import State, TrainingStep


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One line of the table; `skipped` says why a method was not run."""

    dim: int
    num_samples: int
    method: str
    times: Times = ()
    memory: int | None = None
    resident: int | None = None
    difference: float | None = None
    skipped: str = ""


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one step may take; a method predicted to need more is not run."""

    seconds: float
    memory: int


class Trainer:
    """One training state that compiled steps advance in turn, so that it is in memory once for all methods."""

    def __init__(self, state: State, arrays: TrainingStep):
        self.state = state
        self._arrays = arrays

    def advance(self, program: jax.stages.Compiled, steps: int = 1) -> Float[Array, ""]:
        self.state, loss = program(self.state, self._arrays, steps)
        return loss


def operations(method: AbstractMethod, lowered: jax.stages.Lowered) -> float:
    """The arithmetic of one step, in floating-point operations, by the compiler's count."""
    analysis: Any = lowered.cost_analysis()
    return analysis["flops"] * method.loop_trips()


class Case:
    """All methods on one problem: compiled, checked against one another, ready to be timed."""

    def __init__(self, dim: int, num_samples: int, names: Collection[str], *, num_points: int, limits: Limits):
        self._blank = Measurement(dim, num_samples, "")
        self._limits = limits
        self._step = TrainingStep(dim, num_points, key=jr.key(0))
        self._arrays = eqx.filter(self._step, eqx.is_array)
        self._agreement = Agreement()
        self._fastest = 0.0  # Operations a second, of the methods prepared so far.
        self._programs: dict[str, jax.stages.Compiled] = {}
        self._lines = [self._prepare(method) for method in catalogue(num_samples, names)]

    def _trainer(self) -> Trainer:
        return Trainer(self._step.initial_state(jr.key(1)), self._arrays)

    def _prepare(self, method: AbstractMethod) -> Measurement:
        line = dataclasses.replace(self._blank, method=method.name)
        lowered = self._step.lower(method)
        count = operations(method, lowered)
        if count > self._limits.seconds * self._fastest > 0:
            return dataclasses.replace(line, skipped=f"about {count / self._fastest:.0f} s a step")
        program = lowered.compile()
        memory = peak_bytes(program)
        if memory > self._limits.memory:
            return dataclasses.replace(line, skipped=f"needs {memory / 2**30:.0f} GiB")
        trainer = self._trainer()
        loss = trainer.advance(program)
        difference = self._agreement.difference(method, loss, trainer.state[1])
        start = time.perf_counter()
        trainer.advance(program).block_until_ready()
        self._fastest = max(self._fastest, count / (time.perf_counter() - start))
        self._programs[method.name] = program
        return dataclasses.replace(line, memory=memory, difference=difference)

    def measure(self, *, rounds: int, block_seconds: float) -> list[Measurement]:
        trainer = self._trainer()
        runs = {name: functools.partial(trainer.advance, program) for name, program in self._programs.items()}
        times = interleaved(runs, rounds=rounds, block_seconds=block_seconds)
        return [dataclasses.replace(line, times=times.get(line.method, ())) for line in self._lines]
