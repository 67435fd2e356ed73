"""When entries are let in: windows of the week in UTC, as the owner writes them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW: Final = re.compile(
    r"(?:([a-z]{3})(?:-([a-z]{3}))? )?([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d)"
)
_MIDNIGHT: Final = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days on which it opens, Monday 0; minutes of the day. It closes the day after if need be."""

    days: frozenset[int]
    opens: int
    closes: int

    def holds(self, now: datetime) -> bool:
        """Whether the instant lies in it; the minute in which it closes does not."""
        minute, today = now.hour * 60 + now.minute, now.weekday()
        if self.opens < self.closes:
            return today in self.days and self.opens <= minute < self.closes
        if minute >= self.opens:
            return today in self.days
        return minute < self.closes and (today - 1) % 7 in self.days


def is_open(windows: Iterable[str], now: datetime) -> bool:
    """Whether one of the windows holds the instant; without any it is always open."""
    known = [trading_window(text) for text in windows]
    return not known or any(window.holds(now) for window in known)


@cache
def trading_window(text: str) -> Window:
    """'08:00-16:30', 'mon-fri 13:30-20:00' or 'sun 22:00-02:00'. ValueError for anything else."""
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no window such as 08:00-16:30 or mon-fri 13:30-20:00")
    first, last, *clock = found.groups()
    opens, closes = (int(clock[i]) * 60 + int(clock[i + 1]) for i in (0, 2))
    if opens >= _MIDNIGHT or closes > _MIDNIGHT or opens == closes:
        raise ValueError(f"{text!r} does not open before it closes, within a day")
    return Window(days=_days(first, last), opens=opens, closes=closes)


def _days(first: str | None, last: str | None) -> frozenset[int]:
    if first is None:
        return frozenset(range(7))
    for name in (first, last or first):
        if name not in _DAYS:
            raise ValueError(f"{name!r} is no day; days are {', '.join(_DAYS)}")
    start = _DAYS.index(first)
    length = (_DAYS.index(last or first) - start) % 7 + 1
    return frozenset((start + day) % 7 for day in range(length))
