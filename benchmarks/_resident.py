import equinox as eqx
import jax.random as jr

from _memory import own_peak_resident
from _methods import catalogue
from _training_step import TrainingStep


def resident_bytes(dim: int, num_samples: int, name: str, num_points: int) -> int:
    """The peak resident set of a process that compiles and runs two steps of one method; call it in a fresh process."""
    step = TrainingStep(dim, num_points, key=jr.key(0))
    method = next(m for m in catalogue(num_samples) if m.name == name)
    program = step.lower(method).compile()
    state, arrays = step.initial_state(jr.key(1)), eqx.filter(step, eqx.is_array)
    program(state, arrays, 2)[1].block_until_ready()
    return own_peak_resident()
