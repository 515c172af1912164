import dataclasses
from typing import Any

import jax


def settings(tree: Any) -> dict[str, str]:
    """What decides what a PyTree computes and is none of its arrays, by its place: static numbers and text, functions.

    Addresses and the like are left out, so that the same model in another process has the same settings.
    """
    return dict(_settings(tree, "", static=False))


def _settings(node: Any, place: str, *, static: bool) -> list[tuple[str, str]]:
    if isinstance(node, bool | int | float | complex | str | None):
        # What is not static is a leaf, and stored as one.
        return [(place, repr(node))] if static or isinstance(node, str) else []
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        fields = [f for f in dataclasses.fields(node) if hasattr(node, f.name)]
        parts = [(f".{f.name}", getattr(node, f.name), static or bool(f.metadata.get("static"))) for f in fields]
    elif isinstance(node, tuple | list):
        parts = [(f"[{index}]", part, static) for index, part in enumerate(node)]
    elif isinstance(node, dict):
        parts = [(f"[{key!r}]", part, static) for key, part in node.items()]
    elif callable(node) and not isinstance(node, jax.Array) and hasattr(node, "__qualname__"):
        return [(place, f"{getattr(node, '__module__', '')}.{node.__qualname__}")]
    else:
        return []
    return [each for name, part, fixed in parts for each in _settings(part, place + name, static=fixed)]
