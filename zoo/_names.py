import difflib
from collections.abc import Collection


def did_you_mean(name: str, known: Collection[str]) -> str | None:
    """The question whether the nearest of the known names was meant, if one is near."""
    close = difflib.get_close_matches(name, known, 1)
    return f"did you mean {close[0]!r}?" if close else None


def unknown(kind: str, name: str, known: Collection[str]) -> str:
    """What to say of a name that is not known: the nearest one, or all."""
    return f"unknown {kind} {name!r}; {did_you_mean(name, known) or 'expected one of ' + ', '.join(known)}"
