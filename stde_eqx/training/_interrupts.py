import contextlib
import signal
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def deferred_interrupts() -> Iterator[Callable[[], bool]]:
    """Within the context Ctrl-C raises nothing: it is noted, and the yielded function says whether it came.

    An exception between the moment the old training state is donated and the moment the new one is assigned would lose
    both. Only Python's own handler is replaced, of SIGINT, and of SIGTERM where a program has set it: one that handles
    these itself keeps doing so. Signals reach the main thread alone, so in other threads there is nothing to defer.
    """
    received = False

    def note(signum, frame):
        nonlocal received
        received = True

    ours = []
    if threading.current_thread() is threading.main_thread():
        both = (signal.SIGINT, signal.SIGTERM)
        ours = [each for each in both if signal.getsignal(each) is signal.default_int_handler]
    for each in ours:
        signal.signal(each, note)
    try:
        yield lambda: received
    finally:
        for each in ours:
            signal.signal(each, signal.default_int_handler)
