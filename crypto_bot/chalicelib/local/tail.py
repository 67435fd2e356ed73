"""The newest rows of a store, as far back as anything may have changed since the last look."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, TypeVar

T = TypeVar("T")

ROWS: Final = 30
_FIRST: Final = 16 * ROWS  # the first look reaches further, for what is not over yet
# A row may be stored a moment after one that carries a later time.
_STRAGGLERS: Final = timedelta(seconds=5)
_EVER: Final = datetime.min.replace(tzinfo=UTC)


def _nothing(_row_id: str) -> None:
    return None


@dataclass(slots=True, kw_only=True)
class Tail(Generic[T]):
    """`recent` gives so many rows, newest first by `at`; `get` finds one that is not over."""

    recent: Callable[[int], list[T]]
    at: Callable[[T], datetime]
    row_id: Callable[[T], str]
    is_over: Callable[[T], bool]
    get: Callable[[str], T | None] = field(default=_nothing)
    _open: tuple[str, ...] = field(default=(), init=False)
    _known: datetime | None = field(default=None, init=False)

    def look(self) -> tuple[T, ...]:
        """At least `ROWS`, if there are so many, and all that is new or was not over before."""
        rows = self._new_rows()
        listed = {self.row_id(row) for row in rows}
        older = [self.get(row_id) for row_id in self._open if row_id not in listed]
        rows += [row for row in older if row is not None]
        self._open = tuple(self.row_id(row) for row in rows if not self.is_over(row))
        self._known = self.at(rows[0]) - _STRAGGLERS if rows else _EVER
        return tuple(rows)

    def _new_rows(self) -> list[T]:
        if self._known is None:
            return self.recent(_FIRST)
        limit = ROWS
        rows = self.recent(limit)
        while len(rows) == limit and self.at(rows[-1]) >= self._known:
            limit *= 4
            rows = self.recent(limit)
        return rows
