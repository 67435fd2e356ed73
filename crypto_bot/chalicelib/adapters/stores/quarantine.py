"""Alerts that could not become signals, in a ring of slots: a flood of them stays a small table.

Slots are written over instead of deleted, so that no role needs the right to delete anything. One
row lists what is in them, oldest first, and is written together with the slot.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.adapters.stores.keys import key, moment
from chalicelib.domain.errors import StoreConflict, StoreUnavailable
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

SLOTS: Final = 100

_SHELF: Final = "quarantine"
_PARTITION: Final = key("quarantine")
_LIST: Final = "list"
_EMPTY: Final = "{}"
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """`alert` is the id of what lies in it, '' for nothing; `version` is that of its row."""

    number: int
    alert: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slots:
    """Those that were ever used, by age of what lies in them; emptied ones come first."""

    slots: tuple[_Slot, ...] = ()
    version: int = 0

    def holding(self, alert_id: str) -> _Slot | None:
        return next((slot for slot in self.slots if slot.alert == alert_id), None)

    def next_free(self, most: int) -> _Slot:
        """An emptied one, else a new one, else that of the oldest alert."""
        if len(self.slots) < most and not (self.slots and not self.slots[0].alert):
            return _Slot(number=len(self.slots), alert="", version=0)
        return self.slots[0]

    def with_written(self, slot: _Slot) -> "_Slots":
        others = tuple(s for s in self.slots if s.number != slot.number)
        slots = (*others, slot) if slot.alert else (slot, *others)
        return _Slots(slots=slots, version=self.version + 1)


class Quarantine:
    """The part of `SignalStore` about them."""

    def __init__(self, table: Table, slots: int = SLOTS) -> None:
        self._table = table
        self._most = slots

    def keep(self, alert: QuarantinedAlert) -> None:
        """See `SignalStore.quarantine`."""

        def place(slots: _Slots) -> _Slot | None:
            if slots.holding(alert.id) is not None:
                return None  # kept already
            return replace(slots.next_free(self._most), alert=alert.id)

        self._rewrite(place, alert)

    def newest(self, limit: int) -> list[QuarantinedAlert]:
        """See `SignalStore.quarantined`."""
        rows = self._table.shelf(_SHELF, descending=True, limit=limit)
        return [decode(QuarantinedAlert, row.document) for row in rows]

    def get(self, alert_id: str) -> QuarantinedAlert | None:
        """See `SignalStore.quarantined_alert`."""
        slot = self._slots().holding(alert_id)
        row = None if slot is None else self._table.get(_PARTITION, _sort(slot))
        if row is None or row.document == _EMPTY:
            return None
        found = decode(QuarantinedAlert, row.document)
        return found if found.id == alert_id else None  # written over between the two readings

    def drop(self, alert_id: str) -> None:
        """See `SignalStore.drop_quarantined`."""

        def empty(slots: _Slots) -> _Slot | None:
            slot = slots.holding(alert_id)
            return None if slot is None else replace(slot, alert="")

        self._rewrite(empty, None)

    def _rewrite(
        self, choose: Callable[[_Slots], _Slot | None], content: QuarantinedAlert | None
    ) -> None:
        """Write one slot and the list together, anew for as long as others write in between."""
        for _ in range(_ATTEMPTS):
            slots = self._slots()
            chosen = choose(slots)
            if chosen is None:
                return
            slot = replace(chosen, version=chosen.version + 1)
            try:
                self._table.write([_slot_row(slot, content), _list_row(slots.with_written(slot))])
            except StoreConflict:
                continue
            return
        raise StoreUnavailable(f"others wrote to the quarantine in each of {_ATTEMPTS} attempts")

    def _slots(self) -> _Slots:
        row = self._table.get(_PARTITION, _LIST)
        return _Slots() if row is None else decode(_Slots, row.document)


def _slot_row(slot: _Slot, content: QuarantinedAlert | None) -> Row:
    if content is None:
        return Row(partition=_PARTITION, sort=_sort(slot), document=_EMPTY, version=slot.version)
    return Row(
        partition=_PARTITION,
        sort=_sort(slot),
        document=encode(content),
        version=slot.version,
        shelf=_SHELF,
        at=moment(content.received_at, content.id),
    )


def _list_row(slots: _Slots) -> Row:
    return Row(partition=_PARTITION, sort=_LIST, document=encode(slots), version=slots.version)


def _sort(slot: _Slot) -> str:
    return f"slot#{slot.number:03}"
