"""Ctrl-C and SIGTERM -> an event that ends the run in order."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType


@contextmanager
def stopped_by_signals() -> Iterator[Event]:
    """The event is set by either signal; outside the main thread Python allows no handlers."""
    stopping = Event()
    if current_thread() is not main_thread():
        yield stopping
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
