"""Numbered messages as they come -> each once, in the order of their numbers, with no gap.

A venue numbers the trades of a symbol one by one; candles are numbered by their start. What comes
after a gap is held until the gap has been fetched, so that the bus never has a later message
without the earlier ones: the last one there says where to go on after a crash, whatever happened.
What does not fit into the hold is dropped: it is a part of the gap, and fetched with it.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

MOST_HELD: Final = 1_000
# Further ahead than all trades of some days: a number that is wrong, and never to be reached.
MOST_AHEAD: Final = 20_000_000
# So much later than what was published, a lower number is no copy: the venue counts anew.
_COUNTS_ANEW_MS: Final = 60_000


class Numbered(NamedTuple):
    """`text` is the message as the venue wrote it; `at_ms` is when it took place."""

    number: int
    at_ms: int
    text: bytes


class Unbroken:
    """One subject's messages. `after`: the last one that is published; None begins anywhere."""

    def __init__(self, after: Numbered | None = None, *, overlap: int = 0) -> None:
        self._next = None if after is None else max(0, after.number + 1 - overlap)
        self._at_ms = 0 if after is None else after.at_ms
        self._held: dict[int, Numbered] = {}
        self._highest = -1
        self._lower: Numbered | None = None

    @property
    def at_ms(self) -> int:
        """When the last one took place that was published; 0 before the first."""
        return self._at_ms

    @property
    def missing(self) -> range:
        """What has to be fetched before anything else may be published."""
        if self._next is None:
            return range(0)
        end = min(self._held) if self._held else self._highest + 1
        return range(self._next, max(self._next, end))

    def behind(self, newest: int) -> int | None:
        """How many there are up to this number; None where nothing was published yet."""
        return None if self._next is None else max(0, newest + 1 - self._next)

    def is_absurd(self, message: Numbered) -> bool:
        """Whether its number cannot be true."""
        return self._next is not None and message.number >= self._next + MOST_AHEAD

    def take(self, message: Numbered) -> list[Numbered]:
        """What the venue has just said -> what may be published now."""
        if self._next is None:
            self._next = message.number
        if message.number == self._next:
            return self._go_on(message)
        if message.number < self._next:
            return self._take_lower(message)
        self._highest = max(self._highest, message.number)
        if len(self._held) < MOST_HELD:
            self._held[message.number] = message
        return []

    def reaches(self, newest: Numbered | None) -> None:
        """The venue's last one by now: what is not known up to there is missing."""
        if newest is not None and self._next is not None and not self.is_absurd(newest):
            self._highest = max(self._highest, newest.number)

    def take_page(self, page: Iterable[Numbered]) -> list[Numbered]:
        """What was fetched from the first missing number on -> what may be published now.

        The venue's list is complete: a number that it leaves out was never given to anything.
        """
        taken: list[Numbered] = []
        for message in page:
            if self._next is None or message.number >= self._next:
                taken += self._go_on(message)
        return taken

    def skip_to(self, message: Numbered) -> bool:
        """Whether it is new; then it is gone on with, where nobody has what lies before it."""
        if self._next is not None and message.number < self._next:
            return False
        self._next = message.number + 1
        self._at_ms = max(self._at_ms, message.at_ms)
        return True

    def give_up(self) -> list[Numbered]:
        """The venue does not have what is missing: go on after it."""
        end = self.missing.stop
        if end in self._held:
            return self._go_on(self._held[end])
        self._next = end
        return []

    def _go_on(self, message: Numbered) -> list[Numbered]:
        taken = [message]
        number = message.number + 1
        if not self._held:  # as nearly always
            self._next, self._lower = number, None
            self._at_ms = max(self._at_ms, message.at_ms)
            return taken
        while (following := self._held.pop(number, None)) is not None:
            taken.append(following)
            number += 1
        self._next = number
        self._at_ms = max(self._at_ms, taken[-1].at_ms)
        self._lower = None
        if self._held and min(self._held) < number:  # a page went over them
            self._held = {n: held for n, held in self._held.items() if n >= number}
        return taken

    def _take_lower(self, message: Numbered) -> list[Numbered]:
        """A copy; but two in a row that are newer than everything are the begin of a new count."""
        if message.at_ms <= self._at_ms + _COUNTS_ANEW_MS:
            return []
        before, self._lower = self._lower, message
        if before is None or before.number + 1 != message.number:
            return []
        self._held.clear()
        self._highest = -1
        return [before, *self._go_on(message)]
