"""A command's options as a YAML file and back: nested frozen dataclasses, checked field by field when read.

A command, and a field that is one of several dataclasses, is stored with its class's name as `kind`.
"""

import dataclasses
import types
import typing
from pathlib import Path
from typing import Any, Literal

import yaml

from .._names import did_you_mean
from ._errors import UsageError


def save_config(options: Any, path: Path) -> None:
    """Writes the options to a YAML file."""
    path.write_text(yaml.safe_dump({"kind": type(options).__name__} | to_plain(options), sort_keys=False))


def load_config(kinds: Any, path: Path) -> Any:
    """Reads a command, one of a union, from a YAML file; `UsageError` names the file and the field at fault.

    Where the file does not say which, it is the first.
    """
    try:
        plain = yaml.safe_load(path.read_text())
        if isinstance(plain, dict):
            plain = {"kind": _alternatives(kinds)[0].__name__} | plain
        return _from_plain(kinds, plain, "")
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{path.parent} is not a run folder: it has no {path.name}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not a YAML file: {' '.join(str(error).split())}") from None
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def to_plain(value: Any) -> Any:
    """Options as what YAML can hold: nested dictionaries, by field."""
    if not dataclasses.is_dataclass(value):
        return str(value) if isinstance(value, Path) else value
    hints = typing.get_type_hints(type(value))
    plain = {}
    for name in (field.name for field in dataclasses.fields(value)):
        item = getattr(value, name)
        plain[name] = to_plain(item)
        if dataclasses.is_dataclass(item) and len(_alternatives(hints[name])) > 1:
            plain[name] = {"kind": type(item).__name__} | plain[name]
    return plain


def _from_plain(kind: Any, plain: Any, name: str) -> Any:
    alternatives = _alternatives(kind)
    classes: dict[str, Any] = {each.__name__: each for each in alternatives if _is_options(each)}
    if not classes:
        return _leaf(alternatives, plain, name)
    if not isinstance(plain, dict):
        raise UsageError(f"{name or 'the file'} should hold the fields of {' or '.join(classes)}, got {plain!r}")
    chosen = plain.get("kind") if len(alternatives) > 1 else next(iter(classes))
    dotted = lambda key: f"{name}.{key}".lstrip(".")
    if chosen not in classes:
        raise UsageError(f"{dotted('kind')} should be one of {', '.join(classes)}; got {chosen!r}")
    hints = typing.get_type_hints(classes[chosen])
    fields = {key: item for key, item in plain.items() if key != "kind" or len(alternatives) == 1}
    for key in fields.keys() - hints.keys():
        meant = did_you_mean(str(key), hints)
        raise UsageError(f"unknown field {dotted(key)}" + (f"; {meant}" if meant else ""))
    for key in hints.keys() - fields.keys():
        raise UsageError(f"{dotted(key)} is missing")
    return classes[chosen](**{key: _from_plain(hints[key], fields[key], dotted(key)) for key in hints})


def _is_options(kind: Any) -> bool:
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def _leaf(alternatives: tuple[Any, ...], plain: Any, name: str) -> Any:
    for each in alternatives:
        if typing.get_origin(each) is Literal and plain in typing.get_args(each):
            return plain
        if each is Path and isinstance(plain, str):
            return Path(plain)
        if each is float and type(plain) is int:
            return float(plain)
        if isinstance(each, type) and type(plain) is each:
            return plain
    expected = " or ".join(
        " or ".join(map(repr, typing.get_args(each))) if typing.get_origin(each) is Literal else each.__name__
        for each in alternatives
    )
    raise UsageError(f"{name} should be {expected}, got {plain!r}")


def _alternatives(kind: Any) -> tuple[Any, ...]:
    """The members of a union, or the type itself, without the annotations that Tyro reads."""
    if typing.get_origin(kind) is typing.Annotated:
        return _alternatives(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return tuple(member for each in typing.get_args(kind) for member in _alternatives(each))
    return (kind,)
