"""Ctrl-C, SIGTERM and a closed terminal: the first one ends a block of code, the next one is impatience."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType

WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interrupts(*, is_stopping: Callable[[], bool], hurry: Event) -> Iterator[None]:
    """Within the block the first signal raises KeyboardInterrupt; a later one, or one while `is_stopping`,
    sets `hurry`. Only the main thread can listen to signals; elsewhere this does nothing.
    """
    if current_thread() is not main_thread():
        yield
        return
    heard_one = Event()

    def hear(_number: int, _frame: FrameType | None) -> None:
        if heard_one.is_set() or is_stopping():
            hurry.set()
            return
        heard_one.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, hear) for number in WATCHED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt_main() -> None:
    """End the main thread's block from another thread, if it listens to `interrupts`."""
    listens = signal.getsignal(signal.SIGTERM) not in {signal.SIG_DFL, signal.SIG_IGN, None}
    ident = main_thread().ident
    if listens and ident is not None:
        # Sent to the thread itself: it may be blocked where only a signal of its own wakes it.
        signal.pthread_kill(ident, signal.SIGTERM)
