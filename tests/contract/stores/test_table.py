"""The one primitive under every store: SQLite and DynamoDB keep the same promises."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count
from random import Random
from threading import Barrier
from typing import Any

import pytest

from chalicelib.domain.errors import StoreConflict
from chalicelib.drivers.aws_json_client import AwsJsonClient
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from chalicelib.drivers.function_access import Access
from chalicelib.drivers.table import Row, Table, WholeTable
from tests.contract.stores.dynamodb_server import Imitation
from tests.venues.loopback import serving

_names = (f"function-{number}" for number in count(1))


@pytest.fixture(scope="module")
def function_dynamodb() -> Iterator[Any]:
    """As a function on AWS reaches it; its requests go over a socket to the module's moto."""
    with serving(Imitation(loses_answers=False).serve) as url:
        access = Access(
            endpoint=url, region="eu-west-1", key="none", secret="none", token="of the role"
        )
        client = AwsJsonClient("dynamodb", access, connect_timeout=1, read_timeout=10, attempts=1)
        yield client
        client.close()


@pytest.fixture
def function_table(dynamodb: Any, function_dynamodb: Any) -> DynamoDbTable:
    name = next(_names)
    create_table(dynamodb, name)
    return DynamoDbTable(function_dynamodb, name)


@pytest.fixture(params=["sqlite_memory", "sqlite_file", "dynamodb_table", "function_table"])
def table(request: pytest.FixtureRequest) -> Table:
    chosen: Table = request.getfixturevalue(request.param)
    return chosen


def row(sort: str = "a", **changes: Any) -> Row:
    return replace(Row(partition="p", sort=sort, document="{}", version=1), **changes)


def on_shelf(at: str) -> Row:
    return row(sort=f"due {at}", shelf="due", at=at)


def ats(rows: list[Row]) -> list[str | None]:
    return [found.at for found in rows]


def test_what_was_written_is_read_back_whole(table: Table) -> None:
    written = Row(
        partition="p#1",
        sort="état ☃ %23",
        document='{"text":"🚀 \\u0000"}',
        version=1,
        shelf="due",
        at="2024",
        urgent=True,
    )
    table.write([written])
    assert table.get("p#1", "état ☃ %23") == written
    assert table.shelf("due") == [written]
    assert table.get("p#1", "other") is None
    assert table.get("p#2", "état ☃ %23") is None


@pytest.mark.parametrize("size", [4095, 4096, 4097, 300_000])
def test_documents_of_every_length_return_unchanged(table: Table, size: int) -> None:
    document = ("ä0123456789" * (size // 11 + 1))[:size]
    table.write([row(document=document, shelf="due", at="1")])
    assert [found.document for found in table.shelf("due")] == [document]


def test_a_version_is_written_once(table: Table) -> None:
    table.write([row(document="1")])
    with pytest.raises(StoreConflict):
        table.write([row(document="again")])
    table.write([row(version=2, document="2")])
    for stale in (1, 2, 4):
        with pytest.raises(StoreConflict):
            table.write([row(version=stale, document="stale")])
    assert table.get("p", "a") == row(version=2, document="2")


def test_a_row_that_is_not_there_cannot_be_replaced(table: Table) -> None:
    with pytest.raises(StoreConflict):
        table.write([row(version=2)])
    assert table.get("p", "a") is None


@pytest.mark.parametrize("conflicting", [0, 1, 2])
def test_one_conflict_leaves_nothing_of_the_others(table: Table, conflicting: int) -> None:
    table.write([row("taken"), row("counted")])
    rows = [row("new", shelf="due", at="1"), row("counted", version=2, document="2")]
    rows.insert(conflicting, row("taken", document="mine"))
    with pytest.raises(StoreConflict):
        table.write(rows)
    assert table.query("p") == [row("counted"), row("taken")]
    assert table.shelf("due") == []


def test_many_rows_are_one_write(table: Table) -> None:
    rows = [row(f"{number:03d}") for number in range(100)]
    table.write(rows)
    assert table.query("p") == rows


def test_writing_nothing_is_fine(table: Table) -> None:
    table.write([])
    table.overwrite([])
    assert table.query("p") == []


def test_more_rows_than_a_transaction_takes_are_refused(dynamodb_table: Table) -> None:
    rows = [row(f"{number:03d}") for number in range(101)]
    with pytest.raises(ValueError, match="101 rows in one write; DynamoDB takes at most 100"):
        dynamodb_table.write(rows)
    assert dynamodb_table.query("p") == []


def test_a_query_lists_one_partition_by_prefix_in_order(table: Table) -> None:
    for sort in ("order#b", "plan", "order#a", "order", "order$", "order#Z", "order#\U0001f680"):
        table.write([row(sort)])
    table.write([row("order#other", partition="p2")])
    listed = [found.sort for found in table.query("p", "order#")]
    assert listed == ["order#Z", "order#a", "order#b", "order#\U0001f680"]
    assert len(table.query("p")) == 7
    assert table.query("nothing") == []


def test_a_query_returns_more_than_one_page(table: Table) -> None:
    # Noise, because what can be packed would not pass the 1 MB at which a page ends.
    random = Random(7)  # noqa: S311 - filling, not secrets
    documents = [random.randbytes(100_000).hex() for _ in range(12)]
    rows = [row(f"{n:02d}", document=d, shelf="s", at=f"{n:02d}") for n, d in enumerate(documents)]
    for each in rows:
        table.write([each])
    assert table.query("p") == rows
    assert table.shelf("s") == rows
    assert table.shelf("s", limit=11, descending=True) == rows[:0:-1]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({}, ["1", "2", "3", "4"]),
        ({"up_to": "2"}, ["1", "2"]),
        ({"up_to": "25"}, ["1", "2"]),
        ({"up_to": "0"}, []),
        ({"above": "2"}, ["3", "4"]),
        ({"above": "4"}, []),
        ({"above": "1", "up_to": "3"}, ["2", "3"]),
        ({"above": "2", "up_to": "2"}, []),
        ({"above": "3", "up_to": "2"}, []),
        ({"limit": 2}, ["1", "2"]),
        ({"limit": 0}, []),
        ({"limit": 9}, ["1", "2", "3", "4"]),
        ({"descending": True}, ["4", "3", "2", "1"]),
        ({"descending": True, "limit": 1}, ["4"]),
        ({"descending": True, "up_to": "3", "limit": 2}, ["3", "2"]),
        ({"descending": True, "above": "2"}, ["4", "3"]),
    ],
)
def test_a_shelf_lists_what_lies_between_the_bounds(
    table: Table, bounds: dict[str, object], expected: list[str]
) -> None:
    for at in ("3", "1", "4", "2"):
        table.write([on_shelf(at), row(f"elsewhere {at}", shelf="another", at=at)])
    assert ats(table.shelf("due", **bounds)) == expected  # type: ignore[arg-type]


def test_a_row_changes_its_shelf_and_leaves_it(table: Table) -> None:
    table.write([row(shelf="open", at="1")])
    table.write([row(version=2, shelf="open", at="2")])
    assert ats(table.shelf("open")) == ["2"]
    table.write([row(version=3, shelf="done", at="1")])
    assert (ats(table.shelf("open")), ats(table.shelf("done"))) == ([], ["1"])
    table.write([row(version=4)])
    assert table.shelf("done") == []
    assert table.get("p", "a") == row(version=4)


def test_the_last_word_wins_where_rows_are_overwritten(table: Table) -> None:
    table.overwrite([row(document="1", shelf="s", at="1")])
    table.overwrite([row(document="2"), row("b", document="3")])
    assert [found.document for found in table.query("p")] == ["2", "3"]
    assert table.shelf("s") == []


def test_a_scan_shows_every_row_whole_and_in_order(table: WholeTable) -> None:
    assert table.scan() == []
    rows = [
        row("b", partition="q", shelf="due", at="2", urgent=True),
        row("a", partition="q", document='{"text":"ä"}'),
        row("z"),
    ]
    for each in rows:
        table.write([each])
    table.write([row("z", version=2, document="2")])
    assert table.scan() == [row("z", version=2, document="2"), rows[1], rows[0]]


def test_a_scan_returns_more_than_one_page(table: WholeTable) -> None:
    random = Random(7)  # noqa: S311 - filling, not secrets
    rows = [row(f"{n:02d}", document=random.randbytes(100_000).hex()) for n in range(12)]
    for each in rows:
        table.write([each])
    assert table.scan() == rows


def test_of_two_threads_with_one_version_exactly_one_wins(table: Table) -> None:
    table.write([row()])
    for version in range(2, 12):
        claims = [row(version=version, document=name) for name in ("left", "right")]
        won = race([partial(table.write, [claim]) for claim in claims])
        assert sorted(won) == [False, True]
        stored = table.get("p", "a")
        assert stored == claims[won.index(True)]


def test_of_two_threads_with_overlapping_writes_exactly_one_wins(table: Table) -> None:
    for number in range(5):
        shared = row(f"{number} shared")
        left = [replace(shared, document="left"), row(f"{number} left")]
        right = [row(f"{number} right"), replace(shared, document="right")]
        won = race([partial(table.write, left), partial(table.write, right)])
        assert sorted(won) == [False, True]
        assert len(table.query("p", f"{number} ")) == 2


def race(writes: list[Callable[[], None]]) -> list[bool]:
    """Who succeeded, when all started at one moment."""
    start = Barrier(len(writes))

    def attempt(write: Callable[[], None]) -> bool:
        start.wait(60)
        try:
            write()
        except StoreConflict:
            return False
        return True

    with ThreadPoolExecutor(len(writes)) as pool:
        return list(pool.map(attempt, writes))
