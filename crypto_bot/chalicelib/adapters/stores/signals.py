"""Signals: stored once, listed while something is left to do, kept for ever."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

from chalicelib.adapters.stores.keys import earlier_than, key, moment, parts, until
from chalicelib.adapters.stores.pages import newest_rows
from chalicelib.adapters.stores.quarantine import Quarantine
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.signal import Signal, SignalStatus
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

OPEN_SHELF = "signals.open"
DONE_SHELF = "signals.done"

_ALERT: Final = "alert"


class TableSignalStore:
    """`SignalStore` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._quarantine = Quarantine(table)

    def add(self, signal: Signal) -> Signal | None:
        """See `SignalStore.add`."""
        try:
            self._table.write([_row(replace(signal, version=1))])
        except StoreConflict:
            return self.get(signal.id)
        return None

    def get(self, signal_id: str) -> Signal | None:
        """See `SignalStore.get`."""
        row = self._table.get(key("signal", signal_id), "signal")
        return None if row is None else decode(Signal, row.document)

    def keep_alert(self, signal_id: str, alert: str) -> None:
        """See `SignalStore.keep_alert`. A row of its own: no tick reads it or writes it again."""
        row = Row(
            partition=key("signal", signal_id), sort=_ALERT, document=encode(alert), version=1
        )
        with suppress(StoreConflict):
            self._table.write([row])

    def alert(self, signal_id: str) -> str:
        """See `SignalStore.alert`."""
        row = self._table.get(key("signal", signal_id), _ALERT)
        return "" if row is None else decode(str, row.document)

    def update(self, signal: Signal) -> Signal:
        """See `SignalStore.update`."""
        saved = replace(signal, version=signal.version + 1)
        self._table.write([_row(saved)])
        return saved

    def due(self, now: datetime, limit: int) -> list[Signal]:
        """See `SignalStore.due`."""
        return _signals(self._table.shelf(OPEN_SHELF, up_to=until(now), limit=limit))

    def next_due(self) -> datetime | None:
        """See `SignalStore.next_due`."""
        first = _signals(self._table.shelf(OPEN_SHELF, limit=1))
        return first[0].due_at if first else None

    def recent(self, limit: int, before: datetime | None = None) -> list[Signal]:
        """See `SignalStore.recent`. Reads every open signal: their shelf is not by arrival."""
        waiting = self._table.shelf(OPEN_SHELF)
        done = self._table.shelf(
            DONE_SHELF, up_to=earlier_than(before), descending=True, limit=limit
        )
        # One that ended between the two readings is in both: the later reading counts.
        found = {signal.id: signal for signal in _signals([*waiting, *done])}
        listed = [s for s in found.values() if before is None or s.received_at < before]
        listed.sort(key=lambda s: (s.received_at, s.id), reverse=True)
        return listed[:limit]

    def page(
        self,
        limit: int,
        before: str | None = None,
        *,
        first: datetime | None = None,
        last: datetime | None = None,
        only_open: bool = False,
    ) -> list[tuple[str, Signal]]:
        """See `SignalStore.page`. Reads every open signal: their shelf is not by arrival."""
        waiting = _signals(self._table.shelf(OPEN_SHELF))
        shelves = () if only_open else (DONE_SHELF,)
        done = newest_rows(self._table, shelves, limit, before=before, first=first, last=last)
        # One that ended between the two readings is in both: the later reading counts.
        found = {moment(s.received_at, s.id): s for s in waiting}
        listed = {
            at: s
            for at, s in found.items()
            if (before is None or at < before)
            and (first is None or s.received_at >= first)
            and (last is None or s.received_at <= last)
        }
        listed |= {str(row.at): decode(Signal, row.document) for row in done}
        return [(at, listed[at]) for at in sorted(listed, reverse=True)[:limit]]

    def quarantine(self, alert: QuarantinedAlert) -> None:
        """See `SignalStore.quarantine`."""
        self._quarantine.keep(alert)

    def quarantined(self, limit: int) -> list[QuarantinedAlert]:
        """See `SignalStore.quarantined`."""
        return self._quarantine.newest(limit)

    def quarantined_alert(self, alert_id: str) -> QuarantinedAlert | None:
        """See `SignalStore.quarantined_alert`."""
        return self._quarantine.get(alert_id)

    def drop_quarantined(self, alert_id: str) -> None:
        """See `SignalStore.drop_quarantined`."""
        self._quarantine.drop(alert_id)


def signal_id(partition: str) -> str:
    """Whose row it is that a stream of the table shows."""
    return parts(partition)[1]


def _row(signal: Signal) -> Row:
    done = signal.status.is_final
    return Row(
        partition=key("signal", signal.id),
        sort="signal",
        document=encode(signal),
        version=signal.version,
        shelf=DONE_SHELF if done else OPEN_SHELF,
        at=moment(signal.received_at if done else signal.due_at, signal.id),
        # A stream wakes the tick by this flag; it must not do so again for the tick's own writes.
        urgent=signal.urgent and signal.status is SignalStatus.RECEIVED and not signal.failures,
    )


def _signals(rows: list[Row]) -> list[Signal]:
    return [decode(Signal, row.document) for row in rows]
