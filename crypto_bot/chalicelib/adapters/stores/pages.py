"""A page of what stands on several shelves, newest first, found by the index."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.adapters.stores.keys import just_before, until
from chalicelib.drivers.table import Row, Table


def newest_rows(
    table: Table,
    shelves: Sequence[str],
    limit: int,
    *,
    before: str | None,
    first: datetime | None,
    last: datetime | None,
) -> list[Row]:
    """Rows by their `at`, those from `first` to `last`; `before` is where the last page ended.

    One that changed its shelf between two readings is in both: the later reading counts.
    """
    ends = [end for end in (before, None if last is None else until(last)) if end is not None]
    found: dict[str, Row] = {}
    for shelf in shelves:
        # The row at `before` itself is one more than is wanted: the page before has shown it.
        rows = table.shelf(
            shelf,
            up_to=min(ends, default=None),
            above=None if first is None else just_before(first),
            descending=True,
            limit=limit + 1,
        )
        found |= {str(row.at): row for row in rows if row.at != before}
    return [found[at] for at in sorted(found, reverse=True)[:limit]]
