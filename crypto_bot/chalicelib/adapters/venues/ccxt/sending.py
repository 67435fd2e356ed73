"""One order's way out: the permit is checked where the request leaves, and the answer is noted."""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from chalicelib.ports import Clock

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class PermitExpired(Exception):
    """Raised before a request leaves; deliberately none of ccxt's errors, which it may retry."""


@dataclass(slots=True, kw_only=True)
class Sending:
    """What happened while one order was sent. `left` is the fact that decides what is known."""

    permit_until: datetime
    clock: Clock
    refuses_with_500: bool = False  # the venue's way; elsewhere a 500 leaves everything open
    left: bool = False  # a request that may change something is on its way
    status: int = 0  # HTTP status of the last answer, 0 without one
    retry_after: str = ""

    def depart(self, method: str) -> None:
        """Called with the request signed and the throttle behind it."""
        if method.upper() in READING_METHODS:
            return
        if self.clock.now() > self.permit_until:
            raise PermitExpired
        self.left = True

    def answered(self, status: int, headers: object) -> None:
        """Keep what the errors of ccxt do not carry."""
        self.status = status
        if isinstance(headers, dict):
            found = (value for name, value in headers.items() if name.lower() == "retry-after")
            self.retry_after = next(found, "")


SENDING: ContextVar[Sending | None] = ContextVar("sending", default=None)
