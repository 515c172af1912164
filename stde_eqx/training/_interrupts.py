import contextlib
import signal
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def deferred_interrupts() -> Iterator[Callable[[], bool]]:
    """Within the context Ctrl-C raises nothing: it is noted, and the yielded function says whether it came.

    An exception between the moment the old training state is donated and the moment the new one is assigned would lose
    both. Only Python's own handler is replaced: a program that handles SIGINT itself keeps doing so. Signals reach the
    main thread alone, so in other threads there is nothing to defer.
    """
    received = False

    def note(signum, frame):
        nonlocal received
        received = True

    ours = threading.current_thread() is threading.main_thread()
    ours = ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, note)
    try:
        yield lambda: received
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
