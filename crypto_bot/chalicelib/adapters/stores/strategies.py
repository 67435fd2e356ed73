"""The owner's configuration in one partition, so that one query reads all of it.

A change that fits one write of the table is one write. A larger one (over 98 records on DynamoDB)
is in force once its text stands in the history and the head says that it is unfinished; then its
records are written in parts. Whoever meets an unfinished version finishes it before going on, so
one that was cut off is never seen by halves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from chalicelib.adapters.stores.keys import key
from chalicelib.domain.errors import StoreConflict, StoreUnavailable
from chalicelib.domain.trading.account import Account, Configuration, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

R = TypeVar("R")

_PARTITION: Final = "config"
_HISTORY: Final = "config.history"
_HEAD: Final = "#head"  # sorts before every record: a query meets it first
_REMOVED: Final = "null"
_CLOSING_ROWS: Final = 2  # the head and the history


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """Which version is in force, and whether some of its records are only in the history yet."""

    version: int = 0
    unfinished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What one version wrote, as it stays in the history."""

    version: int
    strategies: tuple[Strategy, ...] = ()
    accounts: tuple[Account, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    removed_subscriptions: tuple[tuple[str, str], ...] = ()

    def documents(self) -> dict[str, str]:
        """Sort key to document; a subscription both removed and given is given."""
        removed = {key("subscription", *pair): _REMOVED for pair in self.removed_subscriptions}
        return {
            **removed,
            **{key("strategy", s.name): encode(s) for s in self.strategies},
            **{key("account", a.name): encode(a) for a in self.accounts},
            **{key("subscription", s.account, s.strategy): encode(s) for s in self.subscriptions},
        }


class TableStrategyStore:
    """`StrategyStore` over a table. A record's own version is the one that last wrote it."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def configuration(self) -> Configuration:
        """See `StrategyStore.configuration`."""
        rows = self._finished()
        configuration = Configuration(
            strategies={s.name: s for s in _records(rows, "strategy", Strategy)},
            accounts={a.name: a for a in _records(rows, "account", Account)},
            subscriptions=tuple(_records(rows, "subscription", Subscription)),
            version=_head(rows).version,
        )
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
    ) -> int:
        """See `StrategyStore.apply`."""
        rows = self._finished()
        found = _head(rows).version
        if found != expected_version:
            raise StoreConflict(
                f"the configuration is at version {found}, not {expected_version}: read it again"
            )
        version = found + 1
        change = _Change(
            version=version,
            strategies=tuple(replace(s, version=version) for s in strategies),
            accounts=tuple(replace(a, version=version) for a in accounts),
            subscriptions=tuple(replace(s, version=version) for s in subscriptions),
            removed_subscriptions=tuple(removed_subscriptions),
        )
        self._write(change, rows)
        return version

    def _write(self, change: _Change, stored: Sequence[Row]) -> None:
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
        outstanding = _outstanding(decode(_Change, history.document), rows)
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


def _outstanding(change: _Change, stored: Sequence[Row]) -> list[Row]:
    """The change's records that are not what is stored."""
    known = {row.sort: row for row in stored}
    rows = []
    for sort, document in change.documents().items():
        before = known.get(sort)
        if (_REMOVED if before is None else before.document) != document:
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


def _records(rows: Sequence[Row], name: str, kind: type[R]) -> list[R]:
    return [
        decode(kind, row.document)
        for row in rows
        if row.sort.startswith(f"{name}#") and row.document != _REMOVED
    ]


def _newest(configuration: Configuration) -> int:
    records: list[Strategy | Account | Subscription] = [
        *configuration.strategies.values(),
        *configuration.accounts.values(),
        *configuration.subscriptions,
    ]
    return max((record.version for record in records), default=0)
