import contextlib
import io
import itertools
import re
from collections.abc import Sequence
from typing import Any

import tyro

from .._names import did_you_mean
from ._errors import UsageError


def parse(form: Any, argv: Sequence[str], *, prog: str, description: str) -> Any:
    """The command that some arguments spell, by Tyro; a mistake in them is a `UsageError` of one line."""
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            config = (tyro.conf.CascadeSubcommandArgs,)  # options may follow a choice such as `estimator:dense`
            return tyro.cli(form, args=argv, prog=prog, description=description, config=config)
    except SystemExit as stop:
        if stop.code in (None, 0):
            raise
        words = itertools.takewhile(lambda word: re.fullmatch(r"[\w-]+", word) and not word.startswith("-"), argv)
        raise UsageError(one_line(complaint.getvalue(), " ".join([prog, *words, "--help"]))) from None


def one_line(box: str, for_help: str) -> str:
    """Tyro's complaint, a box of sections divided by rules, as one sentence that names the nearest thing it knows.

    Where there is nothing near, it names the command that prints the help.
    """
    sections = [""]
    for row in re.sub(r"\x1b\[[0-9;]*m", "", box).splitlines():
        row = row.strip("│ ")
        if row and not row.strip("─-"):
            sections.append("")
        elif not row.startswith(("╭", "╰")):
            sections[-1] += row + " "
    if "╭" not in box:
        del sections[0]  # without UTF-8 the title is not in the frame but in a section of its own
    message, *hints = (" ".join(section.split()) for section in sections)
    hint = " ".join(hints)
    unknown = re.match(r"Unrecognized (?:or misplaced )?options: ([^\s,]+)", message)
    if unknown:
        message = f"unknown argument {unknown[1]!r}"
        nearest = _nearest(unknown[1], hint)
        if nearest:
            return f"{message}; {nearest}"
    message = re.sub(
        r"Error parsing (\S+): invalid literal for int\(\) with base 10: (.*)",
        r"\1 takes a whole number, got \2",
        message,
    )
    return f"{message.rstrip('.')}; see: {for_help}" if "For full helptext" in hint else message


def _nearest(token: str, hint: str) -> str | None:
    """What the user may have meant by an unknown argument, from the options and choices that Tyro hints at."""
    option = re.search(r"Perhaps you meant: (--[\w.-]+)", hint)
    listed = re.search(r"Available subcommands: ((?:[\w:.-]+, )*[\w:.-]+)", hint)
    choices = listed[1].split(", ") if listed else []
    kinds = [choice for choice in choices if choice.startswith(token.lstrip("-") + ":")]
    if kinds:
        return f"write one of {', '.join(kinds)}"
    if option:
        same = option[1] == token
        return "it does not go with the rest of the command" if same else f"did you mean {option[1]!r}?"
    meant = did_you_mean(token, choices)
    if meant:
        return meant
    names = [choice for choice in choices if ":" not in choice] or choices
    return None if token.startswith("-") or not names else f"expected one of {', '.join(names)}"
