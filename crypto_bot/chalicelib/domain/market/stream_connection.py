"""When to connect to a stream, when to connect anew, and for how long to wait for what."""

from dataclasses import dataclass
from typing import Final

# After so many answers without a missing message the venue does not have it.
MOST_EMPTY_ANSWERS: Final = 6
# A longer absence is not made up for by asking a thousand at a time.
MOST_FETCHED: Final = 5_000_000
_MOST_DOUBLINGS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """In seconds. Binance ends every connection after 24 hours.

    `overlap`: for so long both connections are read, so that nothing falls between them.
    `settled`: a connection that lived so long was a good one.
    `gap_patience`: another connection, or a message under way, may still bring what is missing.
    """

    lifetime: float = 23 * 3600.0
    overlap: float = 10.0
    settled: float = 60.0
    first_pause: float = 1.0
    longest_pause: float = 60.0
    gap_patience: float = 0.5
    between_pages: float = 0.2

    def pause_before(self, attempt: int) -> float:
        """Before connecting or asking for the n-th time in a row; the first time is at once."""
        if not attempt:
            return 0.0
        doubled = self.first_pause * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS)
        return min(doubled, self.longest_pause)

    def is_to_be_replaced(self, age: float, *, end_is_announced: bool) -> bool:
        """While it still speaks: the server said that it will end it, or is about to."""
        return end_is_announced or age >= self.lifetime
