"""Bots, their versions, deployments and trails come back as they were put, on every table."""

from base64 import b85encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from chalicelib.adapters.stores.bot_trails import SIGNALS_KEPT, TableBotTrails
from chalicelib.adapters.stores.bot_versions import TableBotStore
from chalicelib.adapters.stores.bots import TableBotStates
from chalicelib.adapters.stores.deployments import TableDeploymentStore
from chalicelib.domain.bots.deployed import DeployedBot
from chalicelib.domain.bots.deployment import MOST_INSTRUMENTS
from chalicelib.domain.bots.live import LiveBot
from chalicelib.domain.bots.standing import Reckoning
from chalicelib.domain.bots.trail import LONGEST_LINE, MOST_CURVES, MOST_LINES, Mark, Point
from chalicelib.domain.bots.version import (
    LONGEST_SOURCE,
    BacktestNote,
    StoredBot,
    VersionNumber,
    with_source,
    with_use,
)
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.market.interval import Interval
from chalicelib.drivers.dynamodb_table import DynamoDbTable
from chalicelib.drivers.table import Table
from chalicelib.ports.bots import KeptBot

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
FIRST = VersionNumber(1, 0)
BTC, ETH = "BTC/USDT", "ETH/USDT"
MARKS_KEPT = 350  # seven full rows; the eighth is being written
MINUTE = 60_000


def saved(store: TableBotStore, name: str, source: str) -> StoredBot:
    before = store.get(name) or StoredBot(name=name)
    return store.save(with_source(before, source, AT), source)


def deployed(name: str = "mine", **changes: Any) -> DeployedBot:
    usual = DeployedBot(
        name=name,
        bot="cross",
        number=FIRST,
        strategy="trend",
        instruments=(BTC,),
        interval=Interval.M1,
        parameters={"fast": 3, "share": 0.1},
        cash=Decimal("500.10"),
        since=AT,
        changed_at=AT + timedelta(microseconds=1),
        resting={ETH: "line 3"},
    )
    return replace(usual, **changes)


def kept(on: str = BTC, deployment: str = "mine") -> KeptBot:
    bot = LiveBot("Cross 1m", AT, Reckoning(Decimal(5)), AT, {"bot": {}})
    return KeptBot(deployment=deployment, on=on, bot=bot)


def test_a_bot_comes_back_with_the_source_of_each_version(table: Table) -> None:
    store = TableBotStore(table)
    assert (store.get("mine"), store.all(), store.source("mine", FIRST)) == (None, [], None)
    first = saved(store, "mine", "a = 1")
    saved(store, "mine", "a = 2")
    assert store.source("mine", FIRST) == "a = 2"
    again = store.get("mine")
    assert again is not None
    assert again.version == first.version + 1
    store.save(with_use(again, FIRST, AT))
    saved(store, "mine", "a = 'ä'\r\n")
    saved(store, "other", "b")
    found = TableBotStore(table).get("mine")
    assert found is not None
    assert [str(note.number) for note in found.versions] == ["1.0", "1.1"]
    assert [note.used_at for note in found.versions] == [AT, None]
    assert store.source("mine", FIRST) == "a = 2"
    assert store.source("mine", VersionNumber(1, 1)) == "a = 'ä'\r\n"
    assert [bot.name for bot in store.all()] == ["mine", "other"]


def test_of_two_that_save_from_one_version_the_second_is_refused_and_changes_no_source(
    table: Table,
) -> None:
    store = TableBotStore(table)
    first = saved(store, "mine", "a = 1")
    store.save(with_use(first, FIRST, AT))
    with pytest.raises(StoreConflict):
        store.save(with_source(first, "a = 3", AT), "a = 3")
    assert store.source("mine", FIRST) == "a = 1"
    beginning = with_source(StoredBot(name="mine"), "a = 4", AT)
    with pytest.raises(StoreConflict):
        store.save(beginning, "a = 4")
    assert store.source("mine", FIRST) == "a = 1"


def test_the_longest_source_fits_even_where_it_cannot_be_packed(table: Table) -> None:
    source = b85encode(Random(3).randbytes(LONGEST_SOURCE)).decode()[:LONGEST_SOURCE]  # noqa: S311
    saved(TableBotStore(table), "mine", source)
    assert TableBotStore(table).source("mine", FIRST) == source


def test_tests_are_kept_per_version_newest_first(table: Table) -> None:
    store = TableBotStore(table)
    notes = [
        BacktestNote(
            bot="mine",
            number=VersionNumber(1, number % 2),
            at=AT + timedelta(minutes=number),
            venue="binance",
            interval=Interval.H1,
            instruments=(BTC, ETH),
            parameters={"fast": 3},
            first=AT,
            last=AT,
            candles=9,
            terms={"cash": "10000"},
            summary={"sharpe": -1.25, "cagr": None},
            report=f"bots/mine/{number}",
        )
        for number in range(5)
    ]
    for note in notes:
        store.note(note)
    assert store.tests("mine", FIRST, 9) == [notes[4], notes[2], notes[0]]
    assert store.tests("mine", FIRST, 2) == [notes[4], notes[2]]
    assert store.tests("mine", VersionNumber(1, 1), 9) == [notes[3], notes[1]]
    assert store.tests("mine", VersionNumber(2, 0), 9) == []
    assert store.tests("other", FIRST, 9) == []


def test_a_deployment_comes_back_as_it_was_put_last(table: Table) -> None:
    store = TableDeploymentStore(table)
    assert (store.get("mine"), store.all()) == (None, [])
    first = store.put(deployed())
    assert store.get("mine") == first == deployed(version=1)
    second = store.put(replace(first, number=None, is_running=False, why="enough", resting={}))
    store.put(deployed("another"))
    found = TableDeploymentStore(table).get("mine")
    assert found == second
    assert type(found.parameters["fast"]) is int
    assert [each.name for each in store.all()] == ["another", "mine"]
    for late in (first, deployed()):
        with pytest.raises(StoreConflict):
            store.put(late)


def test_what_is_deleted_is_gone_with_all_that_is_kept_of_its_bots(table: Table) -> None:
    store, states, trails = _stores(table)
    both = store.put(deployed(instruments=(BTC, ETH)))
    for symbol in both.instruments:
        states.put(states.put(kept(symbol)))
        trails.add("mine", symbol, Interval.M1, [Mark(0, "1", ("in",), (), "s")])
    other = states.put(kept(deployment="other"))
    store.delete(both)
    assert (store.get("mine"), store.all()) == (None, [])
    for symbol in both.instruments:
        assert states.get("mine", symbol) is None
        assert trails.newest("mine", symbol, 9) == trails.signals("mine", symbol) == []
    assert states.get("other", BTC) == other
    with pytest.raises(StoreConflict):
        store.delete(both)


def test_the_next_of_its_name_begins_with_nothing(table: Table) -> None:
    store, states, trails = _stores(table)
    for _ in range(2):
        made = store.put(deployed())
        state = states.put(kept())
        assert states.get("mine", BTC) == state
        trails.add("mine", BTC, Interval.M1, [Mark(MINUTE, "1", ("in",))])
        assert len(trails.newest("mine", BTC, 9)) == 1
        store.delete(made)
    store.put(deployed())
    with pytest.raises(StoreConflict):
        store.put(deployed())
    states.put(kept())
    with pytest.raises(StoreConflict):
        states.put(kept())


def test_as_many_instruments_as_there_may_be_are_deleted_at_once(
    dynamodb_table: DynamoDbTable,
) -> None:
    store, states, _ = _stores(dynamodb_table)
    symbols = tuple(f"A{n}/USDT" for n in range(MOST_INSTRUMENTS))
    made = store.put(deployed(instruments=symbols))
    states.put(kept(symbols[0]))
    (first,) = dynamodb_table.query("bot#mine")
    dynamodb_table.overwrite([replace(first, sort=symbol) for symbol in symbols[1:]])
    assert states.get("mine", symbols[-1]) is not None
    store.delete(made)
    assert {row.document for row in dynamodb_table.query("bot#mine")} == {"null"}
    assert states.get("mine", symbols[-1]) is None


def _stores(table: Table) -> tuple[TableDeploymentStore, TableBotStates, TableBotTrails]:
    return TableDeploymentStore(table), TableBotStates(table), TableBotTrails(table)


def marks(numbers: Sequence[int]) -> list[Mark]:
    return [Mark(n * MINUTE, str(n), (f"line {n}",)) for n in numbers]


def test_marks_come_back_newest_first_and_the_later_word_counts(table: Table) -> None:
    trails = TableBotTrails(table)
    full = Mark(0, "0.10", ("a", "ä"), (Point("fast", "price", 0.1),), "id")
    trails.add("mine", BTC, Interval.M1, [full])
    trails.add("mine", BTC, Interval.M1, marks([1, 2]))
    trails.add("mine", BTC, Interval.M1, [Mark(2 * MINUTE, "2", ("again",))])
    trails.add("mine", ETH, Interval.M1, marks([7]))
    found = trails.newest("mine", BTC, 9)
    assert [mark.lines for mark in found] == [("again",), ("line 1",), ("a", "ä")]
    assert found[2] == full
    assert trails.newest("mine", BTC, 1) == found[:1]
    assert trails.newest("other", BTC, 9) == []


def test_the_newest_marks_are_kept_and_the_oldest_make_room(table: Table) -> None:
    trails = TableBotTrails(table)
    for first in range(0, 990, 99):
        trails.add("mine", BTC, Interval.M1, marks(range(first, first + 99)))
    found = [mark.at // MINUTE for mark in trails.newest("mine", BTC, 10_000)]
    assert found[:MARKS_KEPT] == list(range(989, 989 - MARKS_KEPT, -1))
    assert len(found) <= MARKS_KEPT + 50


def test_a_block_of_the_longest_marks_fits_into_a_row(table: Table) -> None:
    dice = Random(5)  # noqa: S311 - text, no secrets
    longest = [
        Mark(
            n * MINUTE,
            "0.00000001",
            tuple(
                "".join(chr(dice.randrange(0x4E00, 0x9FFF)) for _ in range(LONGEST_LINE))
                for _ in range(MOST_LINES)
            ),
            tuple(Point(f"curve {c}", "panel", dice.random()) for c in range(MOST_CURVES)),
        )
        for n in range(50)
    ]
    trails = TableBotTrails(table)
    trails.add("mine", BTC, Interval.M1, longest)
    assert trails.newest("mine", BTC, 99) == longest[::-1]


def test_the_last_signals_are_kept_each_once(table: Table) -> None:
    trails = TableBotTrails(table)
    for n in (0, 1, 1, 500, 10_000):
        trails.add("mine", BTC, Interval.M1, [Mark(n * MINUTE, "1", signal=f"signal {n}")])
    assert trails.signals("mine", BTC) == ["signal 10000", "signal 500", "signal 1", "signal 0"]
    many = [Mark(n * MINUTE, "1", signal=f"later {n}") for n in range(SIGNALS_KEPT)]
    trails.add("mine", BTC, Interval.M1, many)
    assert trails.signals("mine", BTC) == [f"later {n}" for n in reversed(range(SIGNALS_KEPT))]
