from collections.abc import Collection


def check_leave_out(leave_out: Collection[str], methods: Collection[str], *, needed: Collection[str]) -> None:
    """Refuses at once to leave out a method that there is not, or one that the others are compared with."""
    optional = [name for name in methods if name not in needed]
    for name in leave_out:
        if name not in optional:
            reason = "the others are compared with it" if name in needed else "there is no such method"
            raise ValueError(
                f"Cannot leave out {name!r}: {reason}. Leave out some of {', '.join(map(repr, optional))}."
            )
