"""The one shape in which state is kept: rows with a key, a version, and at most one shelf.

SQLite and DynamoDB both offer exactly this, so every store is written once on top of it.
A shelf is the secondary index: rows that name one are listed on it in the order of `at`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record. `document` is JSON text; `version` counts its writes, starting at 1.

    `partition` and `sort` are the key. `at` sorts as text, so times are fixed-width UTC and
    numbers zero-padded. `urgent` is kept as an attribute of its own: streams filter on it.
    """

    partition: str
    sort: str
    document: str
    version: int
    shelf: str | None = None
    at: str | None = None
    urgent: bool = False


class Table(Protocol):
    """Conditional, atomic writes and two kinds of ordered reading; StoreUnavailable on trouble."""

    @property
    def write_limit(self) -> int | None:
        """The most rows that one `write` takes; None where there is no limit."""
        ...

    def get(self, partition: str, sort: str) -> Row | None:
        """One row, read consistently."""
        ...

    def query(self, partition: str, prefix: str = "") -> list[Row]:
        """All rows of the partition whose sort begins with `prefix`, in order, consistently."""
        ...

    def shelf(
        self,
        name: str,
        *,
        up_to: str | None = None,
        above: str | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[Row]:
        """Rows on the shelf with `above` < at <= `up_to`, by `at`; may lag behind writes."""
        ...

    def write(self, rows: Sequence[Row]) -> None:
        """All rows or none. Version 1 inserts, version n replaces version n - 1.

        StoreConflict if any row finds another version than it expects. A row that this very
        call has already written (the network repeated it) is not a conflict. ValueError for
        more rows than `write_limit`.
        """
        ...

    def overwrite(self, rows: Sequence[Row]) -> None:
        """Write rows whatever was there, where the last word wins; not atomic together."""
        ...


class WholeTable(Table, Protocol):
    """A table that can also be read whole: for backups, not for stores, which know their keys."""

    @property
    def scans_one_moment(self) -> bool:
        """Whether `scan` shows everything as it stood at one moment, whoever writes meanwhile."""
        ...

    def scan(self) -> list[Row]:
        """Every row there is, by partition and sort, each read consistently."""
        ...
