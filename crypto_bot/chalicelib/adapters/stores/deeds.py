"""What was done over the API: each deed stored before it is done, and listed by its time."""

from dataclasses import replace

from chalicelib.adapters.stores.keys import key, moment
from chalicelib.adapters.stores.pages import newest_rows
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.operation.deed import Deed
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

SHELF = "deeds"


class TableDeedStore:
    """`DeedStore` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(self, deed: Deed) -> Deed | None:
        """See `DeedStore.begin`."""
        try:
            self._table.write([_row(replace(deed, version=1))])
        except StoreConflict:
            row = self._table.get(key("deed", deed.id), "deed")
            if row is None:
                raise
            return decode(Deed, row.document)
        return None

    def end(self, deed: Deed) -> None:
        """See `DeedStore.end`."""
        self._table.write([_row(replace(deed, version=deed.version + 1))])

    def recent(self, limit: int, before: str | None = None) -> list[tuple[str, Deed]]:
        """See `DeedStore.recent`."""
        rows = newest_rows(self._table, (SHELF,), limit, before=before, first=None, last=None)
        return [(str(row.at), decode(Deed, row.document)) for row in rows]


def _row(deed: Deed) -> Row:
    return Row(
        partition=key("deed", deed.id),
        sort="deed",
        document=encode(deed),
        version=deed.version,
        shelf=SHELF,
        at=moment(deed.at, deed.id),
    )
