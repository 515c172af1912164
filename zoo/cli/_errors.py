class UsageError(Exception):
    """A mistake of the user: its message is the one line that the terminal shows."""
