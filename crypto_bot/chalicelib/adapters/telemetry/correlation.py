"""Which tick a log line belongs to, wherever in the program it was written."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_CURRENT: Final = ContextVar("correlation", default="")


def correlation() -> str:
    """What is being worked on here and now; '' for nothing in particular."""
    return _CURRENT.get()


@contextmanager
def correlated(identity: str) -> Iterator[None]:
    """Lines written meanwhile carry this identity."""
    token = _CURRENT.set(identity)
    try:
        yield
    finally:
        _CURRENT.reset(token)
