"""What the watchman remembers between two looks, so that each thing is news once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

# A row may be stored a while after one that carries a later time.
_STRAGGLERS: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """How far the rows of a store have been looked at: the newest one, and those close to it."""

    newest: datetime | None = None
    seen: tuple[str, ...] = ()

    @property
    def reaches_to(self) -> datetime | None:
        """Rows from here on have to be looked at again; None before the first look."""
        return None if self.newest is None else self.newest - _STRAGGLERS

    def is_new(self, row_id: str, at: datetime) -> bool:
        """Whether no look has met the row. What was there before the first look is old."""
        reach = self.reaches_to
        return reach is not None and at >= reach and row_id not in self.seen

    def moved(self, rows: Iterable[tuple[str, datetime]], now: datetime) -> "Horizon":
        """The horizon once these rows (id, time) have been looked at."""
        rows = list(rows)
        before = now if self.newest is None else self.newest
        newest = max([before, *(min(at, now) for _, at in rows)])
        seen = {row_id for row_id, at in rows if at >= newest - _STRAGGLERS}
        return Horizon(newest=newest, seen=tuple(sorted(seen)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Saved by compare-and-set on `version`.

    `unended` are the signals that were not final at the last look; `heard` is when a strategy
    with a silence alarm last said something; `summed_up` is the last day that was summed up.
    """

    signals: Horizon = field(default_factory=Horizon)
    quarantined: Horizon = field(default_factory=Horizon)
    unended: tuple[str, ...] = ()
    heard: dict[str, datetime] = field(default_factory=dict)
    summed_up: date | None = None
    version: int = 0
