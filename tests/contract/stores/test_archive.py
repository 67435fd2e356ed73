"""Everything the stores hold, out of one table and into another of either kind."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from typing_extensions import override

from chalicelib.adapters.stores.archive import (
    accounts_with_books,
    count_by_kind,
    put_into_empty,
    rows_at_one_moment,
)
from chalicelib.adapters.stores.control import TableControlStore
from chalicelib.adapters.stores.ledger import TableLedgerStore
from chalicelib.domain.errors import ActionRefused, StoreUnavailable
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row, Table, WholeTable
from chalicelib.ports import Heartbeat
from tests.contract.stores.records import NOON, deposit, posted


def fill(table: Table) -> None:
    control, books = TableControlStore(table), TableLedgerStore(table)
    control.set_halt(HaltLevel.NO_ENTRIES, "a test", NOON)
    control.beat(Heartbeat(at=NOON, outcome="idle"))
    assert control.acquire("main", "run", NOON, NOON - NOON.replace(hour=0))
    books.book(*posted(Portfolio(account="main", quote="USD"), deposit(1), deposit(2)))
    table.write([Row(partition="config", sort="#head", document="{}", version=1)])
    table.write([Row(partition="config", sort="#head", document="{}", version=2)])
    table.write([Row(partition="z", sort="s", document="{}", version=1, shelf="due", at="1")])


def test_all_that_lasts_is_carried_over_row_by_row(table: WholeTable) -> None:
    fill(table)
    rows = rows_at_one_moment(table)
    assert count_by_kind(rows) == {"config": 1, "control": 1, "ledger": 3, "z": 1}
    assert accounts_with_books(rows) == ["main"]
    other = SqliteTable(":memory:")
    put_into_empty(other, rows)
    assert rows_at_one_moment(other) == rows
    assert other.shelf("due") == [row for row in rows if row.shelf == "due"]


def test_all_of_it_comes_back(table: WholeTable) -> None:
    full = SqliteTable(":memory:")
    fill(full)
    rows = rows_at_one_moment(full)
    TableControlStore(table).beat(Heartbeat(at=NOON, outcome="idle"))  # no reason to refuse
    put_into_empty(table, rows)
    assert rows_at_one_moment(table) == rows
    config = table.get("config", "#head")
    assert config is not None
    table.write([replace(config, version=3)])


def test_what_is_there_stays_there(table: WholeTable) -> None:
    fill(table)
    rows = rows_at_one_moment(table)
    with pytest.raises(ActionRefused, match="there are 6 rows already, config among them"):
        put_into_empty(table, [Row(partition="new", sort="s", document="{}", version=1)])
    assert rows_at_one_moment(table) == rows


class Restless(SqliteTable):
    """Shows no single moment, and is written to during each of the first looks."""

    scans_one_moment = False

    def __init__(self, looks: int) -> None:
        super().__init__(":memory:")
        self.looks = looks
        self.order: list[str] = []

    @override
    def scan(self) -> list[Row]:
        found = super().scan()
        if self.looks:
            self.looks -= 1
            self.overwrite([Row(partition="p", sort="s", document=str(self.looks), version=1)])
        return found

    @override
    def overwrite(self, rows: Sequence[Row]) -> None:
        self.order += [row.partition for row in rows]
        super().overwrite(rows)


@pytest.mark.parametrize("looks", [0, 1, 4])
def test_where_a_scan_shows_no_moment_two_equal_ones_are_one(looks: int) -> None:
    table = Restless(looks)
    fill(table)
    table.looks = looks
    found = rows_at_one_moment(table)
    assert table.looks == 0
    assert found == rows_at_one_moment(table)
    assert count_by_kind(found)["ledger"] == 3


def test_a_state_that_never_stands_still_is_not_guessed_at() -> None:
    table = Restless(100)
    with pytest.raises(StoreUnavailable, match="the state changed during each of 5 looks at it"):
        rows_at_one_moment(table)


def test_the_configuration_comes_last() -> None:
    full, table = SqliteTable(":memory:"), Restless(0)
    fill(full)
    put_into_empty(table, rows_at_one_moment(full))
    assert table.order[-1] == "config"


def test_a_scan_never_shows_half_of_a_write(sqlite_file: SqliteTable) -> None:
    other = SqliteTable(sqlite_file._path)  # noqa: SLF001 - a second process would do so
    seen = []
    for version in range(1, 50):
        both = [Row(partition="p", sort=s, document="{}", version=version) for s in ("a", "b")]
        sqlite_file.write(both)
        seen.append([row.version for row in other.scan()])
    assert all(left == right for left, right in seen)
    other.close()
