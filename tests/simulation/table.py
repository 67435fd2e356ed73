"""The store of the simulation: rows in memory behind the port that SQLite and DynamoDB implement.

Conditional writes are atomic; reads by key are consistent; shelves may lag, as DynamoDB's indexes
do. An effect may be throttled (nothing done), or be done and answered with an error.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Final

from chalicelib.domain.errors import StoreConflict, StoreUnavailable
from chalicelib.drivers.table import Row
from tests.simulation.kernel import Kernel

LONGEST_LAG: Final = 3.0  # seconds until a write shows on its shelf


class SimulatedTable:
    """`Table` in memory. `watch` is told of every row that is written: its predecessor and it."""

    write_limit: int | None = None

    def __init__(self, kernel: Kernel, *, lag: float = 0.0) -> None:
        self._kernel = kernel
        self._lag = lag  # how often a shelf shows a write late
        self.rows: dict[tuple[str, str], Row] = {}
        self._names: dict[tuple[str, str], str] = {}  # of reads, by key
        self._sorts: dict[str, list[str]] = {}
        self._shelved: dict[str, dict[tuple[str, str], Row]] = {}
        self.faults: dict[str, int] = {}
        self.watch: Callable[[Row | None, Row], None] | None = None
        self.unchecked: frozenset[str] = frozenset()  # kinds of rows that mutants write blindly

    def get(self, partition: str, sort: str) -> Row | None:
        """See `Table.get`."""
        key = (partition, sort)
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"get {_kind(partition, sort)}"
        dies = self._reach(name)
        row = self.rows.get(key)
        if dies:
            self._kernel.end_after(name)
        return row

    def query(self, partition: str, prefix: str = "") -> list[Row]:
        """See `Table.query`."""
        name = f"query {_kind(partition, prefix)}"
        dies = self._reach(name)
        sorts = self._sorts.get(partition, [])
        later = sorts[bisect_left(sorts, prefix) :]
        found = takewhile(lambda sort: sort.startswith(prefix), later) if prefix else later
        rows = [self.rows[partition, sort] for sort in found]
        if dies:
            self._kernel.end_after(name)
        return rows

    def shelf(
        self,
        name: str,
        *,
        up_to: str | None = None,
        above: str | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[Row]:
        """See `Table.shelf`."""

        what = f"shelf {name.partition('#')[0]}"
        dies = self._reach(what)
        rows = [
            row
            for row in self._shelved.get(name, {}).values()
            if (up_to is None or (row.at or "") <= up_to)
            and (above is None or (row.at or "") > above)
        ]
        rows.sort(key=_place, reverse=descending)
        if dies:
            self._kernel.end_after(what)
        return rows[:limit]

    def write(self, rows: Sequence[Row]) -> None:
        """See `Table.write`."""
        self._write(f"write {_content(rows)}", lambda: self._put(rows))

    def overwrite(self, rows: Sequence[Row]) -> None:
        """See `Table.overwrite`."""

        def put() -> None:
            for row in rows:
                self._store(row)

        self._write(f"overwrite {_content(rows)}", put)

    def _put(self, rows: Sequence[Row]) -> None:
        for row in rows:
            known = self.rows.get((row.partition, row.sort))
            found = known.version if known is not None else 0
            if found != row.version - 1 and _kind(row.partition, row.sort) not in self.unchecked:
                self._count("conflict")
                raise StoreConflict(
                    f"{row.partition} {row.sort} is at version {found}, not {row.version - 1}"
                )
        for row in rows:
            self._store(row)

    def _store(self, row: Row) -> None:
        key = (row.partition, row.sort)
        before = self.rows.get(key)
        if before is None:
            insort(self._sorts.setdefault(row.partition, []), row.sort)
        self.rows[key] = row
        if self.watch is not None:
            self.watch(before, row)
        if before is not None and before.shelf == row.shelf and before.at == row.at:
            self._show(before, row)  # the same place: there is no index entry that moves
        elif self._lag and self._kernel.process and self._kernel.dice.random() < self._lag:
            self._count("shelf shows late")
            late = self._kernel.now + self._kernel.dice.random() * LONGEST_LAG
            self._kernel.at(late, lambda: self._show(before, row))
        else:
            self._show(before, row)

    def _show(self, before: Row | None, row: Row) -> None:
        key = (row.partition, row.sort)
        if before is not None and before.shelf is not None and before.shelf != row.shelf:
            shown = self._shelved.get(before.shelf, {}).get(key)
            if shown is not None and shown.version <= row.version:
                del self._shelved[before.shelf][key]
        current = self.rows[key]
        if row.shelf is not None and current.shelf == row.shelf:
            shelf = self._shelved.setdefault(row.shelf, {})
            if key not in shelf or shelf[key].version < row.version or row.version == 1:
                shelf[key] = row

    def _write(self, name: str, put: Callable[[], None]) -> None:
        dies = self._reach(name)
        put()
        if self._strikes():
            self._count("applied, answered with an error")
            raise StoreUnavailable("the store answered with an error after the write")
        if dies:
            self._kernel.end_after(name)

    def _reach(self, name: str) -> bool:
        """Get to the store, unless something comes between; whether the caller ends after it."""
        dies = self._kernel.reach(name)
        if self._strikes():
            self._count("throttled")
            raise StoreUnavailable("the store is throttled")
        return dies

    def _strikes(self) -> bool:
        kernel = self._kernel
        rate = kernel.trouble.store
        return rate > 0 and kernel.process is not None and kernel.dice.random() < rate

    def _count(self, fault: str) -> None:
        self.faults[fault] = self.faults.get(fault, 0) + 1


def _place(row: Row) -> tuple[str, str, str]:
    """Where a row stands on its shelf."""
    return row.at or "", row.partition, row.sort


def _kind(partition: str, sort: str) -> str:
    """What a row is, for the trace and for counting kills: never which one."""
    kind = partition.partition("#")[0]
    if kind == "plan" and sort.startswith("order#"):
        return "order"
    return f"{kind} {sort.partition('#')[0]}" if kind == "control" else kind


def _content(rows: Sequence[Row]) -> str:
    """Of a write of several rows the first says what it is; an order its new status."""
    first = rows[0]
    kind = _kind(first.partition, first.sort)
    if kind == "order":
        return f"order {_status(first.document)}"
    if kind == "ledger" and len(rows) > 1:
        return "ledger entries"
    return kind


def _status(document: str) -> str:
    start = document.index('"status":"') + len('"status":"')
    return document[start : document.index('"', start)]
