"""What was done over the API, on every table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.stores.deeds import TableDeedStore
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.operation.deed import Deed
from chalicelib.domain.operation.role import Role
from chalicelib.drivers.table import Table

AT = datetime(2024, 8, 10, 2, 30, tzinfo=UTC)
HALT = Deed(
    id="1",
    at=AT,
    who="owner",
    role=Role.OWNER,
    act="POST /halt",
    about={},
    said='{"reason":"x"}',
    digest="d",
)


def test_a_deed_is_begun_once_and_ended(table: Table) -> None:
    deeds = TableDeedStore(table)
    assert deeds.begin(HALT) is None
    assert deeds.begin(replace(HALT, at=AT + timedelta(hours=1))) == HALT
    assert not HALT.is_over
    deeds.end(HALT.ended(200, "halted", '{"status":"done"}', AT))
    earlier = deeds.begin(HALT)
    assert earlier is not None
    assert earlier.is_over
    assert (earlier.status, earlier.outcome, earlier.answer) == (
        200,
        "halted",
        '{"status":"done"}',
    )


def test_the_end_is_written_once(table: Table) -> None:
    deeds = TableDeedStore(table)
    deeds.begin(HALT)
    deeds.end(HALT.ended(200, "halted", "", AT))
    with pytest.raises(StoreConflict):
        deeds.end(HALT.ended(500, "failed", "", AT))


def test_pages_hold_every_deed_once_the_newest_first(table: Table) -> None:
    deeds = TableDeedStore(table)
    # Two of one instant, on both sides of the end of a page.
    times = [AT, AT + timedelta(seconds=1), AT + timedelta(seconds=1), AT + timedelta(seconds=2)]
    for number, at in enumerate(times):
        deeds.begin(replace(HALT, id=str(number), at=at))
    first = deeds.recent(2)
    second = deeds.recent(2, before=first[-1][0])
    assert [deed.id for _, deed in (*first, *second)] == ["3", "2", "1", "0"]
    assert deeds.recent(2, before=second[-1][0]) == []
