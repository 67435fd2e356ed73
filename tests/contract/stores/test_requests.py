"""What goes over the wire to DynamoDB: consistent reads, no scans, and a cheap idle tick."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.stores.analytics import TableAnalyticsStore
from chalicelib.adapters.stores.control import TableControlStore
from chalicelib.adapters.stores.ledger import TableLedgerStore
from chalicelib.adapters.stores.orders import TableOrderStore
from chalicelib.adapters.stores.plans import TablePlanStore
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.adapters.stores.strategies import TableStrategyStore
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.plan import AccountState
from chalicelib.drivers.dynamodb_table import DynamoDbTable
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Table
from chalicelib.ports import Heartbeat
from tests.contract.stores.records import (
    NOON,
    deposit,
    minutes,
    order,
    plan,
    posted,
    signal,
    strategy,
)

Requests = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def requests(dynamodb: Any, dynamodb_table: Table) -> Iterator[Requests]:
    """Operation and parameters of everything sent, once the table was made."""
    assert dynamodb_table.write_limit
    sent: Requests = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        sent.append((model.name, params))

    dynamodb.meta.events.register("provide-client-params.dynamodb", note)
    yield sent
    dynamodb.meta.events.unregister("provide-client-params.dynamodb", note)


def test_every_reading_is_consistent_or_of_a_shelf_and_never_a_scan(
    requests: Requests, dynamodb_table: Table
) -> None:
    use_the_trading_stores(dynamodb_table)
    use_the_other_stores(dynamodb_table)
    assert {name for name, _ in requests} == {
        "GetItem",
        "PutItem",
        "Query",
        "TransactWriteItems",
    }
    for name, params in requests:
        if name in {"GetItem", "Query"}:
            assert params.get("ConsistentRead") is True or params.get("IndexName") == "shelf"
        if name == "GetItem":
            assert params["ConsistentRead"] is True


def test_what_acts_never_reads_a_shelf(requests: Requests, dynamodb_table: Table) -> None:
    TableSignalStore(dynamodb_table).get("s1")
    TablePlanStore(dynamodb_table).state("main")
    TablePlanStore(dynamodb_table).get("p1")
    TableOrderStore(dynamodb_table).of_plan("p1")
    TableOrderStore(dynamodb_table).get("p1#BTC/USD#0")
    TableLedgerStore(dynamodb_table).portfolio("main", "USD")
    TableStrategyStore(dynamodb_table).configuration()
    TableControlStore(dynamodb_table).halt_level()
    assert [params["ConsistentRead"] for _, params in requests] == [True] * 8


@pytest.mark.parametrize(
    ("partition", "sort"), [("a" * 2_049, "b"), ("é" * 1_025, "b"), ("a", "b" * 1_025)]
)
def test_what_no_row_can_be_kept_by_is_not_even_looked_for(
    requests: Requests, dynamodb_table: DynamoDbTable, partition: str, sort: str
) -> None:
    """DynamoDB, unlike its imitation here, refuses such a request."""
    assert dynamodb_table.get(partition, sort) is None
    assert dynamodb_table.query(partition, sort) == []
    assert dynamodb_table.between(partition, "", sort) == []
    assert requests == []


def test_an_idle_tick_is_two_reads_and_one_write(requests: Requests, dynamodb_table: Table) -> None:
    TableSignalStore(dynamodb_table).due(NOON, 100)
    TablePlanStore(dynamodb_table).due_accounts(NOON)
    TableControlStore(dynamodb_table).beat(Heartbeat(at=NOON, outcome="idle"))
    assert [name for name, _ in requests] == ["Query", "Query", "PutItem"]


def test_an_idle_tick_is_two_statements_and_one_commit(sqlite_file: SqliteTable) -> None:
    statements: list[str] = []
    connection = sqlite_file._connection  # noqa: SLF001 - the one place that sees statements
    connection.set_trace_callback(lambda text: statements.append(text.split()[0]))
    TableSignalStore(sqlite_file).due(NOON, 100)
    TablePlanStore(sqlite_file).due_accounts(NOON)
    TableControlStore(sqlite_file).beat(Heartbeat(at=NOON, outcome="idle"))
    assert statements == ["SELECT", "SELECT", "BEGIN", "INSERT", "COMMIT"]


@pytest.mark.parametrize("again", [False, True])
def test_a_new_signal_is_one_conditional_put(
    requests: Requests, dynamodb_table: Table, *, again: bool
) -> None:
    signals = TableSignalStore(dynamodb_table)
    if again:
        signals.add(signal())
        requests.clear()
    signals.add(signal())
    assert [name for name, _ in requests] == ["PutItem", "GetItem"][: 1 + again]
    assert requests[0][1]["ConditionExpression"] == "attribute_not_exists(pk)"


def test_an_urgent_signal_shows_the_flag_that_streams_filter_on(
    requests: Requests, dynamodb_table: Table
) -> None:
    TableSignalStore(dynamodb_table).add(signal("s1", urgent=True))
    TableSignalStore(dynamodb_table).add(signal("s2"))
    assert [params["Item"].get("urgent") for _, params in requests] == [{"BOOL": True}, None]


def use_the_trading_stores(table: Table) -> None:
    signals, plans, orders = TableSignalStore(table), TablePlanStore(table), TableOrderStore(table)
    signals.add(signal())
    signals.add(signal())
    signals.due(NOON, 1)
    signals.next_due()
    signals.recent(5)
    signals.quarantined(5)
    kept = QuarantinedAlert(
        id="q",
        strategy="trend",
        received_at=NOON,
        status=422,
        reason="unknown ticker",
        excerpt="",
        digest="",
    )
    signals.quarantine(kept)
    signals.quarantined_alert("q")
    signals.drop_quarantined("q")
    state = plans.commit(plan(), AccountState(account="main", due_at=NOON))
    plans.save_state(state)
    plans.due_accounts(NOON)
    plans.next_due()
    plans.recent(5)
    orders.save(order())
    orders.of_plan("p1")
    orders.recent(5)
    orders.held(5)
    ledger = TableLedgerStore(table)
    ledger.book(*posted(Portfolio(account="main", quote="USD"), deposit(1)))
    ledger.entries("main")


def use_the_other_stores(table: Table) -> None:
    strategies = TableStrategyStore(table)
    strategies.apply(expected_version=0, strategies=[strategy()])
    strategies.configuration()
    strategies.strategy("trend")
    control = TableControlStore(table)
    control.set_halt(HaltLevel.NONE, "", NOON)
    control.halt_level()
    lease = control.acquire("main", "one", NOON, timedelta(minutes=1))
    assert lease is not None
    control.release(lease)
    control.beat(Heartbeat(at=NOON, outcome="idle"))
    control.last_beat()
    TableAnalyticsStore(table).performance("main", "", 5, since=minutes(1))
