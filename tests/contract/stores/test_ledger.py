"""The books: entries and their fold move in one step, or not at all."""

from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.adapters.stores.ledger import TableLedgerStore
from chalicelib.domain.errors import LedgerUnbalanced, StoreConflict
from chalicelib.domain.trading.ledger import Portfolio, fold
from chalicelib.drivers.codec import encode
from chalicelib.drivers.table import Row, Table
from tests.contract.stores.records import deposit, posted

UNOPENED = Portfolio(account="main", quote="USD")


@pytest.fixture
def ledger(table: Table) -> TableLedgerStore:
    return TableLedgerStore(table)


def ids(ledger: TableLedgerStore, account: str) -> set[str]:
    return {entry.id for entry in ledger.entries(account)}


def test_books_never_opened_are_empty(ledger: TableLedgerStore) -> None:
    assert ledger.portfolio("main", "USD") == UNOPENED
    assert ledger.entries("main") == []


def test_entries_and_fold_are_booked_together(ledger: TableLedgerStore) -> None:
    after, entries = posted(UNOPENED, deposit(1, "1.50"), deposit(2, "0.100"))
    saved = ledger.book(after, entries)
    assert saved == replace(after, version=1)
    assert ledger.portfolio("main", "USD") == saved
    assert ledger.entries("main") == entries
    assert str(ledger.portfolio("main", "USD").amount("unmanaged", "USD")) == "1.600"
    assert "drift#1#USD" in ids(ledger, "main")
    assert "drift#3#USD" not in ids(ledger, "main")
    assert "drift#1#USD" not in ids(ledger, "other")


def test_books_that_moved_on_refuse_the_whole_step(ledger: TableLedgerStore) -> None:
    first = ledger.book(*posted(UNOPENED, deposit(1)))
    stale, entries = posted(UNOPENED, deposit(2), deposit(3))
    with pytest.raises(StoreConflict):
        ledger.book(stale, entries)
    assert ledger.portfolio("main", "USD") == first
    assert len(ledger.entries("main")) == 1
    assert "drift#2#USD" not in ids(ledger, "main")


def test_an_entry_is_booked_once(ledger: TableLedgerStore) -> None:
    first = ledger.book(*posted(UNOPENED, deposit(1)))
    again, entries = posted(first, deposit(2), deposit(1))
    with pytest.raises(StoreConflict):
        ledger.book(again, entries)
    twice, entries = posted(first, deposit(2), deposit(2))
    with pytest.raises(StoreConflict):
        ledger.book(twice, entries)
    assert ledger.portfolio("main", "USD") == first
    assert "drift#2#USD" not in ids(ledger, "main")


def test_accounts_have_books_of_their_own(ledger: TableLedgerStore) -> None:
    ledger.book(*posted(UNOPENED, deposit(1)))
    other = Portfolio(account="main#2", quote="USD")
    ledger.book(*posted(other, deposit(1, account="main#2")))
    assert [entry.account for entry in ledger.entries("main#2")] == ["main#2"]
    assert len(ledger.entries("main")) == 1


@pytest.mark.parametrize(
    ("after", "limit", "expected"),
    [
        (0, None, [*range(1, 13)]),
        (0, 2, [1, 2]),
        (9, None, [10, 11, 12]),
        (9, 1, [10]),
        (12, 5, []),
    ],
)
def test_entries_are_listed_by_sequence(
    ledger: TableLedgerStore, after: int, limit: int | None, expected: list[int]
) -> None:
    ledger.book(*posted(UNOPENED, *(deposit(number) for number in range(1, 13))))
    assert [entry.sequence for entry in ledger.entries("main", after, limit)] == expected


def test_a_list_of_entries_ends_before_a_gap(table: Table) -> None:
    _, entries = posted(UNOPENED, deposit(1), deposit(2), deposit(3))
    for entry in (entries[0], entries[2]):
        table.write(
            [
                Row(
                    partition="ledger#main",
                    sort=f"entry#{entry.id}",
                    document=encode(entry),
                    version=1,
                    shelf="ledger#main",
                    at=f"{entry.sequence:012d}",
                )
            ]
        )
    assert [entry.sequence for entry in TableLedgerStore(table).entries("main")] == [1]


@pytest.mark.parametrize("count", [9, 10, 25])
def test_many_entries_are_booked_whatever_one_write_takes(narrow_table: Table, count: int) -> None:
    ledger = TableLedgerStore(narrow_table)
    opened = ledger.book(*posted(UNOPENED, deposit(0)))
    after, entries = posted(opened, *(deposit(number, "0.01") for number in range(1, count + 1)))
    saved = ledger.book(after, entries)
    assert ledger.portfolio("main", "USD") == saved
    assert replace(saved, version=0) == replace(after, version=0)
    booked = ledger.entries("main")
    assert len(booked) == count + 1
    assert replace(fold("main", "USD", booked), version=saved.version) == saved


def test_many_entries_on_stale_books_leave_nothing(narrow_table: Table) -> None:
    ledger = TableLedgerStore(narrow_table)
    first = ledger.book(*posted(UNOPENED, deposit(0)))
    after, entries = posted(UNOPENED, *(deposit(number) for number in range(1, 16)))
    with pytest.raises(StoreConflict):
        ledger.book(after, entries)
    assert ledger.portfolio("main", "USD") == first
    assert len(ledger.entries("main")) == 1


def test_a_portfolio_that_is_not_the_fold_is_refused_before_it_is_split(
    narrow_dynamodb_table: Table,
) -> None:
    ledger = TableLedgerStore(narrow_dynamodb_table)
    after, entries = posted(UNOPENED, *(deposit(number) for number in range(15)))
    with pytest.raises(LedgerUnbalanced, match="not the fold"):
        ledger.book(replace(after, head_hash="wrong"), entries)
    assert ledger.entries("main") == []


def test_a_float_never_reaches_the_books(ledger: TableLedgerStore) -> None:
    broken = replace(UNOPENED, balances={"pool": {"USD": 0.1}})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match=r"Portfolio\.balances\.pool\.USD is the float 0\.1"):
        ledger.book(broken, [])
    with pytest.raises(TypeError, match="float"):
        replace(deposit(1).postings[0], amount=0.1)  # type: ignore[arg-type]
    assert ledger.portfolio("main", "USD").amount("pool", "USD") == Decimal(0)
