import functools
import math
from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import numpy as np

from ._state import Skeleton


#: What JSON holds as it is.
Setting = bool | int | float | str


def settings(tree: Any) -> dict[str, Setting]:
    """What decides what a network computes and is none of its arrays, by its place in the PyTree.

    These are the kinds of its modules, their static numbers and text, and the names of its functions, without the
    modules that these are defined in: another version may have moved them.
    """
    return dict(_settings(tree, "", static=False))


def differing(stored: dict[str, Setting], wanted: dict[str, Setting]) -> Iterator[str]:
    """The places at which both have something, and not the same: the next version of a layer may have a field more."""
    return (place for place in stored if place in wanted and not _same(stored[place], wanted[place]))


def _same(first: Setting, second: Setting) -> bool:
    if isinstance(first, float) or isinstance(second, float):
        # A scale that was computed on another device may differ in its last digits.
        if isinstance(first, str) or isinstance(second, str):
            return False
        return math.isclose(first, second, rel_tol=1e-5)
    return first == second


def _settings(node: Any, place: str, *, static: bool) -> Iterator[tuple[str, Setting]]:
    parts: list[tuple[str, Any, bool]] = []
    if isinstance(node, np.generic):
        node = node.item()
    if isinstance(node, bool | int | float | str):
        # A number that is not static is a leaf, and stored as one.
        if static:
            yield place, node
    elif isinstance(node, Skeleton):
        parts = [("", node.static, static)]
    elif isinstance(node, eqx.Module):
        yield place, type(node).__name__
        known = [f for f in type(node).__dataclass_fields__.values() if hasattr(node, f.name)]
        parts = [(f".{f.name}", getattr(node, f.name), static or bool(f.metadata.get("static"))) for f in known]
    elif isinstance(node, functools.partial | jax.tree_util.Partial):
        parts = [(".func", node.func, static), (".args", node.args, static), (".keywords", node.keywords, static)]
    elif isinstance(node, tuple | list):
        parts = [(f"[{index}]", part, static) for index, part in enumerate(node)]
    elif isinstance(node, dict):
        parts = [(f"[{key!r}]", part, static) for key, part in node.items()]
    elif callable(node) and not isinstance(node, jax.Array):
        name = getattr(node, "__name__", type(node).__name__)
        # Every lambda has the same name.
        if name != "<lambda>":
            yield place, name
    for name, part, fixed in parts:
        yield from _settings(part, place + name, static=fixed)
