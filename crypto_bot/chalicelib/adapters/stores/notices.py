"""Notices, each said once, and what the watchman and the messengers remember."""

from dataclasses import replace
from typing import Final, TypeVar

from chalicelib.adapters.stores.keys import key, moment
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.operation.channel import Dispatch, Notifications
from chalicelib.domain.operation.notice import Notice
from chalicelib.domain.operation.watch import Watch
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

UNDONE_SHELF: Final = "notices.undone"
DONE_SHELF: Final = "notices.done"

_PARTITION: Final = "operation"

R = TypeVar("R", Watch, Dispatch, Notifications)


class TableNoticeStore:
    """`NoticeStore` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, notice: Notice) -> bool:
        """See `NoticeStore.add`."""
        try:
            self._table.write([_row(replace(notice, version=1))])
        except StoreConflict:
            return False
        return True

    def update(self, notice: Notice) -> Notice:
        """See `NoticeStore.update`."""
        saved = replace(notice, version=notice.version + 1)
        self._table.write([_row(saved)])
        return saved

    def undone(self, limit: int) -> list[Notice]:
        """See `NoticeStore.undone`."""
        return _notices(self._table.shelf(UNDONE_SHELF, limit=limit))

    def recent(self, limit: int) -> list[Notice]:
        """See `NoticeStore.recent`."""
        rows = [
            row
            for shelf in (UNDONE_SHELF, DONE_SHELF)
            for row in self._table.shelf(shelf, descending=True, limit=limit)
        ]
        # One that left a shelf between the two readings is in both: the later reading counts.
        found = {notice.key: notice for notice in _notices(rows)}
        newest = sorted(found.values(), key=lambda notice: (notice.at, notice.key), reverse=True)
        return newest[:limit]

    def watch(self) -> Watch:
        """See `NoticeStore.watch`."""
        return self._read("watch", Watch())

    def save_watch(self, watch: Watch) -> Watch:
        """See `NoticeStore.save_watch`."""
        return self._save("watch", watch)

    def dispatch(self) -> Dispatch:
        """See `NoticeStore.dispatch`."""
        return self._read("dispatch", Dispatch())

    def save_dispatch(self, dispatch: Dispatch) -> Dispatch:
        """See `NoticeStore.save_dispatch`."""
        return self._save("dispatch", dispatch)

    def notifications(self) -> Notifications:
        """See `NoticeStore.notifications`."""
        return self._read("notifications", Notifications())

    def save_notifications(self, notifications: Notifications) -> Notifications:
        """See `NoticeStore.save_notifications`."""
        return self._save("notifications", notifications)

    def _read(self, sort: str, fresh: R) -> R:
        row = self._table.get(_PARTITION, sort)
        return fresh if row is None else decode(type(fresh), row.document)

    def _save(self, sort: str, record: R) -> R:
        saved = replace(record, version=record.version + 1)
        document = encode(saved)
        self._table.write(
            [Row(partition=_PARTITION, sort=sort, document=document, version=saved.version)]
        )
        return saved


def _row(notice: Notice) -> Row:
    return Row(
        partition=key("notice", notice.key),
        sort="notice",
        document=encode(notice),
        version=notice.version,
        shelf=DONE_SHELF if notice.done else UNDONE_SHELF,
        at=moment(notice.at, notice.key),
    )


def _notices(rows: list[Row]) -> list[Notice]:
    return [decode(Notice, row.document) for row in rows]
