"""Everything the stores hold, as it stood at one moment, and back into a table that holds nothing.

Leases, the heartbeat and jobs are left out: they belong to processes that run now.
"""

from collections.abc import Sequence
from typing import Final

from chalicelib.domain.errors import ActionRefused, StoreUnavailable
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.drivers.codec import decode
from chalicelib.drivers.table import Row, WholeTable

_LOOKS: Final = 5
_HEARTBEAT: Final = ("control", "heartbeat")
_LEASES: Final = "lease#"
_JOBS: Final = "jobs"
_LEDGERS: Final = "ledger#"
_CONFIGURATION: Final = "config"


def rows_at_one_moment(table: WholeTable) -> list[Row]:
    """All rows that last. StoreUnavailable where the state does not stand still for long enough.

    Where a scan shows no single moment, two in a row that show the same are one: every row then
    kept its version from the first to the second, and so at the moment in between.
    """
    rows = _lasting(table)
    if table.scans_one_moment:
        return rows
    for _ in range(_LOOKS):
        again = _lasting(table)
        if again == rows:
            return rows
        rows = again
    raise StoreUnavailable(
        f"the state changed during each of {_LOOKS} looks at it; try again in a quiet minute, or "
        "halt the schedule for as long"
    )


def put_into_empty(table: WholeTable, rows: Sequence[Row]) -> None:
    """All rows, the configuration last: without it nothing acts. ActionRefused unless empty."""
    found = _lasting(table)
    if found:
        raise ActionRefused(
            f"there are {len(found)} rows already, {_kind(found[0])} among them; a backup goes "
            "into an empty home only: name a new folder with --home"
        )
    table.overwrite(sorted(rows, key=lambda row: row.partition == _CONFIGURATION))


def accounts_with_books(rows: Sequence[Row]) -> list[str]:
    """Names of all accounts that have a ledger, whether they are configured or not."""
    books = [r for r in rows if r.partition.startswith(_LEDGERS) and r.sort == "portfolio"]
    return sorted(decode(Portfolio, row.document).account for row in books)


def count_by_kind(rows: Sequence[Row]) -> dict[str, int]:
    """How many rows of each kind; what stands before the first # of a partition is its kind."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[_kind(row)] = counts.get(_kind(row), 0) + 1
    return dict(sorted(counts.items()))


def _lasting(table: WholeTable) -> list[Row]:
    return [
        row
        for row in table.scan()
        if (row.partition, row.sort) != _HEARTBEAT
        and row.partition != _JOBS
        and not row.partition.startswith(_LEASES)
    ]


def _kind(row: Row) -> str:
    return row.partition.partition("#")[0]
