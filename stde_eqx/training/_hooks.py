from collections.abc import Sequence
from typing import Any

from .._arguments import describe
from ._errors import CallbackError
from .callbacks import AbstractCallback, Start


def check_callbacks(callbacks: Any) -> None:
    """A sequence of callbacks."""
    if not isinstance(callbacks, (list, tuple)) or not all(isinstance(c, AbstractCallback) for c in callbacks):
        raise ValueError(
            "`callbacks` must be a list of callbacks such as [stde.training.ProgressBar()], got "
            f"{[describe(c) for c in callbacks] if isinstance(callbacks, (list, tuple)) else describe(callbacks)}."
        )


class Hooks:
    """Calls every callback, so that a failing one costs neither the others nor the trained state.

    `failure` is the first exception, `interrupted` whether one of them was `KeyboardInterrupt`. A callback that failed
    is not called again, except to close it.
    """

    def __init__(self, callbacks: Sequence[AbstractCallback]):
        self._all = tuple(callbacks)
        self._active = list(callbacks)
        self.failure: CallbackError | None = None
        self.interrupted = False

    @property
    def stopped(self) -> bool:
        return self.interrupted or self.failure is not None

    def start(self, start: Start) -> None:
        """Nothing is at stake yet: exceptions are the caller's."""
        for callback in self._all:
            callback.on_start(start)

    def __call__(self, hook: str, *args: Any) -> None:
        """Calls the hook of that name of every callback."""
        for callback in tuple(self._active):
            try:
                getattr(callback, hook)(*args)
            except KeyboardInterrupt:
                self.interrupted = True
            except Exception as error:
                self._active.remove(callback)
                self.failure = self.failure or CallbackError(callback, error)

    def close(self) -> None:
        self._active = list(self._all)
        self("close")
