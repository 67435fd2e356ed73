"""The kill switch, the lease on each account, and the sign of life."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.adapters.stores.keys import key
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.trading.account import Halt, HaltLevel
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table
from chalicelib.ports import Heartbeat, Lease

_PARTITION: Final = "control"
_HALT: Final = "halt"
_HEARTBEAT: Final = "heartbeat"
_LEASE: Final = "lease"
_NOBODY: Final = ""
_RETRIES: Final = 9  # the kill switch is not to lose to others who press it, too


class TableControlStore:
    """`ControlStore` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def halt_level(self) -> HaltLevel:
        """See `ControlStore.halt_level`."""
        last = self.last_halt()
        return HaltLevel.NONE if last is None else last.level

    def last_halt(self) -> Halt | None:
        """See `ControlStore.last_halt`."""
        row = self._table.get(_PARTITION, _HALT)
        return None if row is None else decode(Halt, row.document)

    def set_halt(self, level: HaltLevel, reason: str, at: datetime) -> HaltLevel:
        """See `ControlStore.set_halt`."""
        for _ in range(_RETRIES):
            with suppress(StoreConflict):
                return self._try_halt(level, reason, at)
        return self._try_halt(level, reason, at)

    def _try_halt(self, level: HaltLevel, reason: str, at: datetime) -> HaltLevel:
        row = self._table.get(_PARTITION, _HALT)
        before = HaltLevel.NONE if row is None else decode(Halt, row.document).level
        halt = Halt(level=level.on(before), reason=reason, at=at)
        self._table.write([_row(_HALT, halt, 1 if row is None else row.version + 1)])
        return before

    def acquire(self, account: str, owner: str, now: datetime, duration: timedelta) -> Lease | None:
        """See `ControlStore.acquire`. The holder itself gets its lease prolonged."""
        row = self._table.get(key(_LEASE, account), _LEASE)
        last = None if row is None else decode(Lease, row.document)
        held = last is not None and last.owner != _NOBODY and last.expires_at > now
        if held and last is not None and last.owner != owner:
            return None
        token = 0 if last is None else last.token
        lease = Lease(
            account=account,
            owner=owner,
            token=token if held else token + 1,
            expires_at=now + duration,
            version=1 if last is None else last.version + 1,
        )
        try:
            self._table.write([_lease_row(lease)])
        except StoreConflict:
            return None
        return lease

    def release(self, lease: Lease) -> None:
        """See `ControlStore.release`."""
        free = replace(lease, owner=_NOBODY, version=lease.version + 1)
        try:
            self._table.write([_lease_row(free)])
        except StoreConflict:
            return  # it ran out and is another's by now

    def beat(self, heartbeat: Heartbeat) -> None:
        """See `ControlStore.beat`."""
        self._table.overwrite([_row(_HEARTBEAT, heartbeat, version=1)])

    def last_beat(self) -> Heartbeat | None:
        """See `ControlStore.last_beat`."""
        row = self._table.get(_PARTITION, _HEARTBEAT)
        return None if row is None else decode(Heartbeat, row.document)


def _row(sort: str, record: object, version: int) -> Row:
    return Row(partition=_PARTITION, sort=sort, document=encode(record), version=version)


def _lease_row(lease: Lease) -> Row:
    return Row(
        partition=key(_LEASE, lease.account),
        sort=_LEASE,
        document=encode(lease),
        version=lease.version,
    )
