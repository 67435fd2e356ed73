"""The owner's configuration: one reading, whole changes, every version kept."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from chalicelib.adapters.stores.strategies import TableStrategyStore
from chalicelib.domain.errors import StoreConflict, StoreUnavailable
from chalicelib.domain.trading.account import Configuration
from chalicelib.drivers.table import Row, Table
from tests.contract.stores.records import account, strategy, subscription
from tests.counted_table import CountedTable
from tests.trading_floor import HandClock


@pytest.fixture
def strategies(table: Table) -> TableStrategyStore:
    return TableStrategyStore(table)


def test_nothing_configured_is_version_0(strategies: TableStrategyStore) -> None:
    assert strategies.configuration() == Configuration()
    assert strategies.strategy("trend") is None


def test_what_was_applied_is_read_back_with_its_version(strategies: TableStrategyStore) -> None:
    options = {"urls": {"api": "http://127.0.0.1:1"}, "timeout": 1.5, "flags": [True, None, 3]}
    version = strategies.apply(
        expected_version=0,
        strategies=[strategy()],
        accounts=[account(exchange_options=options, reserve=Decimal("0.020"))],
        subscriptions=[subscription()],
    )
    assert version == 1
    assert strategies.configuration() == Configuration(
        strategies={"trend": strategy(version=1)},
        accounts={"main": account(exchange_options=options, version=1)},
        subscriptions=(subscription(version=1),),
        version=1,
    )
    assert strategies.strategy("trend") == strategy(version=1)


def test_a_change_touches_only_what_it_names(strategies: TableStrategyStore) -> None:
    strategies.apply(expected_version=0, strategies=[strategy("a"), strategy("b")])
    strategies.apply(expected_version=1, strategies=[strategy("b", timeframe="4h")])
    found = strategies.configuration()
    assert found.version == 2
    assert found.strategies["a"] == strategy("a", version=1)
    assert found.strategies["b"] == strategy("b", timeframe="4h", version=2)


def test_of_two_changes_to_one_version_the_second_loses(strategies: TableStrategyStore) -> None:
    strategies.apply(expected_version=0, strategies=[strategy("a")])
    for wrong in (0, 2):
        with pytest.raises(StoreConflict, match="at version 1, not"):
            strategies.apply(expected_version=wrong, strategies=[strategy("b")])
    assert list(strategies.configuration().strategies) == ["a"]


def test_a_subscription_is_removed_and_can_come_back(strategies: TableStrategyStore) -> None:
    given = [subscription("a"), subscription("b")]
    strategies.apply(expected_version=0, subscriptions=given)
    strategies.apply(
        expected_version=1, removed_subscriptions=[("main", "a"), ("main", "never there")]
    )
    assert strategies.configuration().subscriptions == (subscription("b", version=1),)
    strategies.apply(expected_version=2, subscriptions=[subscription("a")])
    followed = {s.strategy for s in strategies.configuration().subscriptions_of("main")}
    assert followed == {"a", "b"}


def test_a_version_is_in_force_until_the_next_one(strategies: TableStrategyStore) -> None:
    assert [strategies.is_in_force(version) for version in (0, 1)] == [True, False]
    strategies.apply(expected_version=0, strategies=[strategy()])
    assert [strategies.is_in_force(version) for version in (0, 1, 2)] == [False, True, False]


def test_no_version_is_in_force_while_a_large_change_is_being_written(
    narrow_dynamodb_table: Table,
) -> None:
    strategies = TableStrategyStore(narrow_dynamodb_table)
    strategies.apply(expected_version=0, strategies=[strategy("s000")])
    given = [strategy(f"s{number:03d}", timeframe="4h") for number in range(25)]
    failing: Table = FailingTable(narrow_dynamodb_table, 2)  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable):
        TableStrategyStore(failing).apply(expected_version=1, strategies=given)
    assert [strategies.is_in_force(version) for version in (1, 2)] == [False, False]
    assert strategies.is_in_force(strategies.configuration().version)


def test_names_may_hold_the_separator(strategies: TableStrategyStore) -> None:
    pair = [subscription("c", account="a#b"), subscription("b#c", account="a")]
    strategies.apply(expected_version=0, subscriptions=pair, strategies=[strategy("x#%23")])
    found = strategies.configuration().subscriptions
    assert {(each.account, each.strategy) for each in found} == {("a#b", "c"), ("a", "b#c")}
    assert strategies.strategy("x#%23") is not None


def test_every_version_stays_in_the_history(strategies: TableStrategyStore, table: Table) -> None:
    strategies.apply(expected_version=0, strategies=[strategy(timeframe="1h")])
    first = table.query("config.history")
    strategies.apply(expected_version=1, strategies=[strategy(timeframe="4h")])
    assert table.query("config.history")[:1] == first
    assert [row.sort for row in table.query("config.history")] == ["0000000001", "0000000002"]
    assert '"timeframe":"1h"' in first[0].document


@pytest.mark.parametrize("count", [8, 9, 25])
def test_a_change_of_any_size_is_applied(narrow_table: Table, count: int) -> None:
    strategies = TableStrategyStore(narrow_table)
    given = [strategy(f"s{number:03d}") for number in range(count)]
    assert strategies.apply(expected_version=0, strategies=given) == 1
    found = strategies.configuration()
    assert found.version == 1
    assert list(found.strategies.values()) == [replace(each, version=1) for each in given]
    assert strategies.apply(expected_version=1, strategies=given[:1]) == 2


@dataclass
class FailingTable:
    """The real table until `writes` writes are done; then the machine is gone."""

    table: Table
    writes: int
    write_limit: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.write_limit = self.table.write_limit

    def __getattr__(self, name: str) -> object:
        return getattr(self.table, name)

    def write(self, rows: list[Row]) -> None:
        if self.writes == 0:
            raise StoreUnavailable("the power is off")
        self.writes -= 1
        self.table.write(rows)


@pytest.mark.parametrize("writes", range(5))
def test_a_large_change_that_is_cut_off_is_whole_or_absent(
    narrow_dynamodb_table: Table, writes: int
) -> None:
    TableStrategyStore(narrow_dynamodb_table).apply(
        expected_version=0, strategies=[strategy("s000")]
    )
    given = [strategy(f"s{number:03d}", timeframe="4h") for number in range(25)]
    failing: Table = FailingTable(narrow_dynamodb_table, writes)  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable):
        TableStrategyStore(failing).apply(expected_version=1, strategies=given)

    found = TableStrategyStore(narrow_dynamodb_table).configuration()
    stored = TableStrategyStore(narrow_dynamodb_table).strategy("s024")
    if writes == 0:
        assert (found.version, list(found.strategies), stored) == (1, ["s000"], None)
    else:
        assert found.version == 2
        assert list(found.strategies.values()) == [replace(each, version=2) for each in given]
        assert stored == strategy("s024", timeframe="4h", version=2)


def test_a_change_after_one_that_was_cut_off_does_not_mix_with_it(
    narrow_dynamodb_table: Table,
) -> None:
    given = [strategy(f"s{number:03d}") for number in range(25)]
    failing: Table = FailingTable(narrow_dynamodb_table, 2)  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable):
        TableStrategyStore(failing).apply(expected_version=0, strategies=given)
    strategies = TableStrategyStore(narrow_dynamodb_table)
    with pytest.raises(StoreConflict, match="at version 1, not 0"):
        strategies.apply(expected_version=0, strategies=[strategy("s000", timeframe="1d")])
    assert strategies.apply(expected_version=1, strategies=[strategy("new")]) == 2
    assert len(strategies.configuration().strategies) == 26


def test_a_reading_across_a_change_is_refused(table: Table) -> None:
    strategies = TableStrategyStore(table)
    strategies.apply(expected_version=0, strategies=[strategy("a")])
    head = table.get("config", "#head")
    assert head is not None
    strategies.apply(expected_version=1, strategies=[strategy("b")])
    table.overwrite([head])  # as if the head had been read before the change and "b" after it
    with pytest.raises(StoreUnavailable, match="read it again"):
        strategies.configuration()


def test_versions_tell_what_each_changed_by_whom_and_when(table: Table) -> None:
    clock = HandClock()
    strategies = TableStrategyStore(table, clock)
    strategies.apply(expected_version=0, strategies=[strategy("a")], by="anna")
    clock.pass_time(minutes=1)
    strategies.apply(
        expected_version=1, strategies=[strategy("a", timeframe="4h"), strategy("b")], by="bert"
    )
    second, first = strategies.versions(9)
    assert (first.number, first.at, first.by) == (1, datetime(2026, 3, 2, 8, tzinfo=UTC), "anna")
    assert (second.number, second.at, second.by) == (2, clock.now(), "bert")
    assert first.before == Configuration()
    assert second.before == Configuration(strategies={"a": strategy("a", version=1)})
    assert second.after.strategies == {
        "a": strategy("a", timeframe="4h", version=2),
        "b": strategy("b", version=2),
    }


def test_versions_come_page_by_page_and_read_no_more_than_they_tell(table: Table) -> None:
    counted = CountedTable(table)
    strategies = TableStrategyStore(counted)
    for version in range(23):
        strategies.apply(expected_version=version, strategies=[strategy(max_lag=version)])
    assert [found.number for found in strategies.versions(50)] == list(range(23, 0, -1))
    assert [found.number for found in strategies.versions(12, before=22)] == list(range(21, 9, -1))
    assert strategies.versions(3, before=1) == []
    counted.take()
    strategies.versions(3)
    assert counted.take() == {"get": 1, "query": 1}


def test_any_version_can_be_had_again(strategies: TableStrategyStore) -> None:
    seen = {}
    changes: list[dict[str, Any]] = [
        {"strategies": [strategy("a"), strategy("b")], "accounts": [account()]},
        {"subscriptions": [subscription("a"), subscription("b")]},
        {"subscriptions": [subscription("a", paused=True)], "accounts": [account(policy="equal")]},
        {"removed_subscriptions": [("main", "b"), ("main", "never there")]},
        {"subscriptions": [subscription("b")], "strategies": [strategy("c", timeframe="4h")]},
        *({"strategies": [strategy("a", max_lag=lag)]} for lag in range(12)),
    ]
    for version, change in enumerate(changes):
        strategies.apply(expected_version=version, **change)
        seen[version + 1] = strategies.configuration()
    assert {number: strategies.configuration_of(number) for number in seen} == seen
    assert [strategies.configuration_of(number) for number in (0, -1, 18)] == [None, None, None]


def test_what_was_replaced_before_it_was_kept_is_not_made_up(table: Table) -> None:
    strategies = TableStrategyStore(table)
    for version in range(3):
        strategies.apply(expected_version=version, strategies=[strategy(max_lag=version)])
    history = table.query("config.history")[1]
    older = msgspec.json.decode(history.document)
    for name in ("at", "by", "replaced"):
        del older[name]
    table.overwrite([replace(history, document=msgspec.json.encode(older).decode())])

    assert [found.before is None for found in strategies.versions(3)] == [False, True, False]
    assert strategies.configuration_of(1) is None
    found = strategies.configuration_of(2)
    assert found is not None
    assert found.strategies["trend"].max_lag == 1


def test_a_large_change_that_was_cut_off_can_be_gone_back_from(
    narrow_dynamodb_table: Table,
) -> None:
    strategies = TableStrategyStore(narrow_dynamodb_table)
    strategies.apply(expected_version=0, strategies=[strategy("s000")])
    before = strategies.configuration()
    given = [strategy(f"s{number:03d}", timeframe="4h") for number in range(25)]
    failing: Table = FailingTable(narrow_dynamodb_table, 2)  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable):
        TableStrategyStore(failing).apply(expected_version=1, strategies=given)
    assert [found.number for found in strategies.versions(5)] == [2, 1]
    assert strategies.configuration_of(1) == before
