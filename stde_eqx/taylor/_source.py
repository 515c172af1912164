"""Where in the user's program an equation comes from. JAX offers no public way to ask."""

from jax._src import source_info_util
from jax.extend import core


def source_line(eqn: core.JaxprEqn) -> str:
    """The user's file, line and function, as `file.py:12:4 (function)`; installed packages by their own path."""
    return source_info_util.summarize(eqn.source_info).rpartition("site-packages/")[2]
