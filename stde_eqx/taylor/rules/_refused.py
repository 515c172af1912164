"""Primitives that have no derivative."""

from .._interpreter import register
from .._source import source_line


def _refuse(sweep, eqn, inputs):
    raise NotImplementedError(
        f"Cannot differentiate through `{eqn.primitive.name}`, at {source_line(eqn)}: JAX knows no derivative of what "
        "is done outside of it. Declare one by `jax.custom_jvp`, or pass it `jax.lax.stop_gradient` of its arguments."
    )


register("pure_callback", "io_callback", "buffer_callback", "ffi_call", rule=_refuse)
