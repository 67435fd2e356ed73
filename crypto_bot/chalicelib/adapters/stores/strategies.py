"""The owner's configuration in one partition, so that one query reads all of it.

A change that fits one write of the table is one write. A larger one (over 98 records on DynamoDB)
is in force once its text stands in the history and the head says that it is unfinished; then its
records are written in parts. Whoever meets an unfinished version finishes it before going on, so
one that was cut off is never seen by halves.

The history says of each version what it wrote and what it wrote over, so that versions can be told
and gone back to from the newest, however many there are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from chalicelib.adapters.stores.configuration_records import (
    REMOVED,
    Change,
    as_version,
    configuration_in,
    replaced_by,
)
from chalicelib.adapters.stores.keys import key
from chalicelib.domain.errors import StoreConflict, StoreUnavailable
from chalicelib.domain.trading.account import Account, Configuration, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

if TYPE_CHECKING:  # ports know the whole domain, and a cold webhook needs little of it
    from chalicelib.domain.trading.configuration.versions import ConfigurationVersion
    from chalicelib.ports import Clock

_PARTITION: Final = "config"
_HISTORY: Final = "config.history"
_HEAD: Final = "#head"  # sorts before every record: a query meets it first
_CLOSING_ROWS: Final = 2  # the head and the history


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """Which version is in force, and whether some of its records are only in the history yet."""

    version: int = 0
    unfinished: bool = False


class TableStrategyStore:
    """`StrategyStore` over a table. A record's own version is the one that last wrote it.

    Without a clock it is not kept when a version was made.
    """

    def __init__(self, table: Table, clock: "Clock | None" = None) -> None:
        self._table = table
        self._clock = clock

    def configuration(self) -> Configuration:
        """See `StrategyStore.configuration`."""
        rows = self._finished()
        configuration = configuration_in(rows, _head(rows).version)
        # A query of DynamoDB may run past a transaction that is just being applied.
        if _newest(configuration) > configuration.version:
            raise StoreUnavailable("the configuration changed while it was read; read it again")
        return configuration

    def is_in_force(self, version: int) -> bool:
        """See `StrategyStore.is_in_force`. A change writes the head with its records, or before."""
        row = self._table.get(_PARTITION, _HEAD)
        head = _Head() if row is None else decode(_Head, row.document)
        return head == _Head(version=version)

    def strategy(self, name: str) -> Strategy | None:
        """See `StrategyStore.strategy`."""
        row = self._table.get(_PARTITION, key("strategy", name))
        return None if row is None else decode(Strategy, row.document)

    def apply(
        self,
        *,
        expected_version: int,
        strategies: Sequence[Strategy] = (),
        accounts: Sequence[Account] = (),
        subscriptions: Sequence[Subscription] = (),
        removed_subscriptions: Sequence[tuple[str, str]] = (),
        by: str = "",
    ) -> int:
        """See `StrategyStore.apply`."""
        rows = self._finished()
        found = _head(rows).version
        if found != expected_version:
            raise StoreConflict(
                f"the configuration is at version {found}, not {expected_version}: read it again"
            )
        version = found + 1
        change = Change(
            version=version,
            strategies=tuple(replace(s, version=version) for s in strategies),
            accounts=tuple(replace(a, version=version) for a in accounts),
            subscriptions=tuple(replace(s, version=version) for s in subscriptions),
            removed_subscriptions=tuple(removed_subscriptions),
            at=None if self._clock is None else self._clock.now(),
            by=by,
        )
        self._write(replace(change, replaced=replaced_by(change, rows)), rows)
        return version

    def versions(self, limit: int, before: int | None = None) -> "list[ConfigurationVersion]":
        """See `StrategyStore.versions`."""
        newest = self._in_force() if before is None else min(self._in_force(), before - 1)
        return [as_version(change) for change in islice(self._changes(newest), limit)]

    def configuration_of(self, version: int) -> Configuration | None:
        """See `StrategyStore.configuration_of`."""
        rows = self._finished()
        newest = _head(rows).version
        if not 0 < version <= newest:
            return None
        stored = {row.sort: row.document for row in rows}
        for change in self._changes(newest):
            if change.version == version:
                break
            if change.replaced is None:
                return None
            stored |= dict.fromkeys(change.documents(), REMOVED) | change.replaced.documents()
        return configuration_in([_row(sort, stored[sort], 1) for sort in sorted(stored)], version)

    def _in_force(self) -> int:
        row = self._table.get(_PARTITION, _HEAD)
        return 0 if row is None else decode(_Head, row.document).version

    def _changes(self, newest: int) -> Iterator[Change]:
        """From that version down, ten to a reading: their numbers differ in the last digit."""
        for tens in range(newest // 10, -1, -1):
            for row in reversed(self._table.query(_HISTORY, _number(tens * 10)[:-1])):
                change = decode(Change, row.document)
                if change.version <= newest:
                    yield change

    def _write(self, change: Change, stored: Sequence[Row]) -> None:
        history = Row(
            partition=_HISTORY, sort=_number(change.version), document=encode(change), version=1
        )
        rows = _outstanding(change, stored)
        limit = self._table.write_limit
        if limit is None or len(rows) + _CLOSING_ROWS <= limit:
            head = _head_row(_Head(version=change.version), stored)
            self._table.write([*rows, history, head])
            return
        head = _head_row(_Head(version=change.version, unfinished=True), stored)
        self._table.write([history, head])
        self._finished()

    def _finished(self) -> list[Row]:
        """The partition's rows, after writing what an unfinished version still lacks."""
        rows = self._table.query(_PARTITION)
        head = _head(rows)
        if not head.unfinished:
            return rows
        history = self._table.get(_HISTORY, _number(head.version))
        if history is None:
            raise StoreUnavailable(f"version {head.version} of the configuration has no history")
        outstanding = _outstanding(decode(Change, history.document), rows)
        size = self._table.write_limit or len(outstanding) + 1
        try:
            for start in range(0, len(outstanding), size):
                self._table.write(outstanding[start : start + size])
            self._table.write([_head_row(_Head(version=head.version), rows)])
        except StoreConflict as error:
            raise StoreUnavailable(
                f"version {head.version} of the configuration is being written by another process;"
                " try again"
            ) from error
        return self._table.query(_PARTITION)


def _outstanding(change: Change, stored: Sequence[Row]) -> list[Row]:
    """The change's records that are not what is stored."""
    known = {row.sort: row for row in stored}
    rows = []
    for sort, document in change.documents().items():
        before = known.get(sort)
        if (REMOVED if before is None else before.document) != document:
            rows.append(_row(sort, document, 1 if before is None else before.version + 1))
    return rows


def _head_row(head: _Head, stored: Sequence[Row]) -> Row:
    before = next((row.version for row in stored if row.sort == _HEAD), 0)
    return _row(_HEAD, encode(head), before + 1)


def _number(version: int) -> str:
    return f"{version:010d}"


def _row(sort: str, document: str, version: int) -> Row:
    return Row(partition=_PARTITION, sort=sort, document=document, version=version)


def _head(rows: Sequence[Row]) -> _Head:
    return next((decode(_Head, row.document) for row in rows if row.sort == _HEAD), _Head())


def _newest(configuration: Configuration) -> int:
    records: list[Strategy | Account | Subscription] = [
        *configuration.strategies.values(),
        *configuration.accounts.values(),
        *configuration.subscriptions,
    ]
    return max((record.version for record in records), default=0)
