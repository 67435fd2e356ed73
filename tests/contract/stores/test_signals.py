"""Signals: stored once, due while open, listed by arrival."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, localcontext
from threading import Barrier
from typing import Any

import pytest

from chalicelib.adapters.stores.keys import key
from chalicelib.adapters.stores.quarantine import Quarantine
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.alerts.template import alert_template
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import (
    Failures,
    Outcome,
    Signal,
    SignalStatus,
    Size,
    SizeUnit,
    signal_id_from_sender,
)
from chalicelib.domain.trading.signal_order import OrderKind, SignalOrder
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from chalicelib.drivers.table import Table
from tests.contract.stores.records import NOON, minutes, signal, strategy
from tests.infra.metered_dynamodb import item_size

DONE = SignalStatus.EXECUTED


@pytest.fixture
def signals(table: Table) -> TableSignalStore:
    return TableSignalStore(table)


def names(found: list[Signal]) -> list[str]:
    return [each.id for each in found]


def test_a_signal_is_stored_once_and_the_second_sees_the_first(signals: TableSignalStore) -> None:
    assert signals.add(signal(comment="first")) is None
    assert signals.add(signal(comment="second")) == signal(comment="first", version=1)
    assert signals.get("s1") == signal(comment="first", version=1)
    assert signals.get("s2") is None


def test_a_signal_returns_with_every_field(signals: TableSignalStore) -> None:
    full = signal(
        urgent=True,
        size=Size(amount=Decimal("12.50"), unit=SizeUnit.PERCENT),
        comment='🚀 "quoted" \\ # % line\nbreak',
        outcomes=(
            Outcome(
                account="main",
                status=SignalStatus.PLANNED,
                reason="r",
                at=NOON + timedelta(microseconds=1),
                plan_id="p",
            ),
        ),
        failures=(Failures(account="other", count=2, why="E: x", at=NOON),),
        order=SignalOrder(
            kind=OrderKind.TRAILING,
            side=Side.SELL,
            name="mine BTC/USDT 1h 7 1.trail",
            distance=Decimal("0.10"),
            quantity=Decimal("1e-12"),
            expires_at=NOON + timedelta(days=9),
        ),
        keeps=("mine BTC/USDT 1h 7 2",),
        holds=Decimal("2.50"),
    )
    signals.add(full)
    assert signals.get("s1") == replace(full, version=1)


def test_one_of_before_orders_could_wait_wants_to_trade_at_once(table: Table) -> None:
    signals = TableSignalStore(table)
    signals.add(signal())
    row = table.get(key("signal", "s1"), "signal")
    assert row is not None
    document = json.loads(row.document)
    for name in ("order", "keeps", "holds"):
        del document[name]
    table.write([replace(row, document=json.dumps(document), version=2)])
    assert signals.get("s1") == signal(version=1)


@pytest.mark.parametrize(
    "text",
    [
        "1.2300",
        "0.00",
        "-0",
        "1E+5",
        "1.20E-30",
        "99999999999999999999999999999999999999",
        "1.2345678901234567890123456789012345678",
    ],
)
def test_an_amount_keeps_every_digit_and_zero(signals: TableSignalStore, text: str) -> None:
    with localcontext() as context:
        context.prec = 5  # what another library may have left behind in this thread
        signals.add(signal(price=Decimal(text)))
        stored = signals.get("s1")
    assert stored is not None
    assert str(stored.price) == text


def test_the_first_alert_that_is_kept_of_a_signal_stands(signals: TableSignalStore) -> None:
    signals.add(signal())
    assert signals.alert("s1") == ""
    text = '{"comment": "\U0001f680 \\"quoted\\" \\\\ # %",\r\n "size": 1.50}'
    signals.keep_alert("s1", text)
    signals.keep_alert("s1", "said again")
    signals.keep_alert("s2", "x" * 9_000)
    assert (signals.alert("s1"), signals.alert("s2")) == (text, "x" * 9_000)
    assert signals.get("s2") is None
    assert signals.update(signal(comment="mine", version=1)) == signals.get("s1")
    assert signals.alert("s1") == text
    listed = [signals.due(NOON, 10), signals.recent(10), [s for _, s in signals.page(10)]]
    assert [names(found) for found in listed] == [["s1"]] * 3


def test_an_ordinary_alert_costs_one_write_unit(dynamodb: Any) -> None:
    create_table(dynamodb, "measured")
    name = "a strategy with a rather long name"
    message = alert_template(strategy(name)).replace("{{", "").replace("}}", "")
    identity = signal_id_from_sender(strategy=name, sender_id="1")
    TableSignalStore(DynamoDbTable(dynamodb, "measured")).keep_alert(identity, message)
    [item] = dynamodb.scan(TableName="measured")["Items"]
    assert 600 < item_size(item) < 1_024


def test_an_update_needs_the_version_that_was_read(signals: TableSignalStore) -> None:
    signals.add(signal())
    read = signals.get("s1")
    assert read is not None
    saved = signals.update(replace(read, comment="mine"))
    assert saved == signal(comment="mine", version=2)
    with pytest.raises(StoreConflict):
        signals.update(replace(read, comment="stale"))
    assert signals.get("s1") == saved


def test_due_are_the_open_ones_whose_time_has_come(signals: TableSignalStore) -> None:
    for name, at in (("late", 3), ("b", 1), ("a", 1), ("first", 0)):
        signals.add(signal(name, due_at=minutes(at)))
    signals.add(signal("just after", due_at=minutes(1) + timedelta(microseconds=1)))
    signals.add(signal("done", due_at=minutes(0), status=DONE))
    assert names(signals.due(minutes(1), 10)) == ["first", "a", "b"]
    assert names(signals.due(minutes(1), 2)) == ["first", "a"]
    assert signals.due(minutes(-1), 10) == []


def test_the_next_due_time_is_that_of_the_earliest_open_one(signals: TableSignalStore) -> None:
    assert signals.next_due() is None
    signals.add(signal("a", due_at=minutes(2)))
    signals.add(signal("b", due_at=minutes(1)))
    assert signals.next_due() == minutes(1)
    signals.update(signal("b", due_at=minutes(1), status=DONE, version=1))
    assert signals.next_due() == minutes(2)
    signals.update(signal("a", due_at=minutes(9), version=1))
    assert signals.next_due() == minutes(9)


def test_one_that_was_over_is_due_again_when_it_is_taken_again(signals: TableSignalStore) -> None:
    signals.add(signal("a", due_at=minutes(1)))
    ended = signals.update(signal("a", due_at=minutes(1), status=DONE, version=1))
    assert signals.due(minutes(9), 10) == []
    again = signals.update(replace(ended, status=SignalStatus.RECEIVED, due_at=minutes(5)))
    assert signals.due(minutes(4), 10) == []
    assert signals.due(minutes(5), 10) == signals.recent(10) == [again]
    assert signals.next_due() == minutes(5)


def test_recent_lists_open_and_done_by_arrival(signals: TableSignalStore) -> None:
    for number, status in enumerate([DONE, SignalStatus.RECEIVED, DONE, SignalStatus.PLANNED]):
        # Due in the reverse order of arrival: the list must not follow it.
        signals.add(
            signal(
                f"s{number}",
                received_at=minutes(number),
                due_at=minutes(9 - number),
                status=status,
            )
        )
    assert names(signals.recent(10)) == ["s3", "s2", "s1", "s0"]
    assert names(signals.recent(2)) == ["s3", "s2"]
    assert names(signals.recent(10, before=minutes(2))) == ["s1", "s0"]
    assert names(signals.recent(1, before=minutes(3))) == ["s2"]


@pytest.mark.parametrize(
    ("urgent", "status", "wakes"),
    [
        (True, SignalStatus.RECEIVED, True),
        (False, SignalStatus.RECEIVED, False),
        (True, SignalStatus.PLANNED, False),
        (True, SignalStatus.EXECUTED, False),
    ],
)
def test_only_an_urgent_signal_that_waits_wakes_the_tick(
    table: Table, *, urgent: bool, status: SignalStatus, wakes: bool
) -> None:
    TableSignalStore(table).add(signal(urgent=urgent, status=status))
    row = table.get("signal#s1", "signal")
    assert row is not None
    assert row.urgent is wakes


def test_counting_a_failure_wakes_nobody_and_taking_it_again_does(table: Table) -> None:
    store = TableSignalStore(table)
    store.add(signal(urgent=True))
    failed = store.update(signal(urgent=True, version=1).with_failure("main", "E: x", NOON))
    row = table.get("signal#s1", "signal")
    assert row is not None
    assert not row.urgent
    store.update(failed.taken_again({"main"}, NOON))
    row = table.get("signal#s1", "signal")
    assert row is not None
    assert row.urgent


def test_of_two_deliveries_at_once_one_is_new(signals: TableSignalStore) -> None:
    start = Barrier(2)

    def deliver(comment: str) -> Signal | None:
        start.wait(60)
        return signals.add(signal(comment=comment))

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(deliver, ["left", "right"]))
    stored = signals.get("s1")
    assert answers in ([None, stored], [stored, None])


def alert(name: str, at: float, reason: str = "unknown ticker") -> QuarantinedAlert:
    return QuarantinedAlert(
        id=name,
        strategy="trend",
        received_at=minutes(at),
        status=422,
        reason=reason,
        excerpt="{",
        digest="d",
        body="{}",
        opened=("trend",),
    )


def test_quarantine_keeps_the_first_of_each(signals: TableSignalStore) -> None:
    signals.quarantine(alert("a", 1, "unknown ticker"))
    signals.quarantine(alert("b", 2, "bad number"))
    signals.quarantine(alert("a", 3, "said again"))
    assert signals.quarantined(10) == [
        alert("b", 2, "bad number"),
        alert("a", 1, "unknown ticker"),
    ]
    assert [each.id for each in signals.quarantined(1)] == ["b"]


def test_the_quarantine_is_a_ring(table: Table) -> None:
    ring = Quarantine(table, slots=3)
    for number in range(5):
        ring.keep(alert(f"a{number}", number))
    assert [each.id for each in ring.newest(10)] == ["a4", "a3", "a2"]
    assert len(table.query("quarantine", "slot")) == 3
    assert ring.get("a1") is None
    ring.keep(alert("a2", 9, "said again"))
    assert ring.get("a2") == alert("a2", 2)


def test_what_is_dropped_from_quarantine_makes_room(table: Table) -> None:
    ring = Quarantine(table, slots=3)
    for number in range(3):
        ring.keep(alert(f"a{number}", number))
    for name in ("a1", "a1", "never there"):
        ring.drop(name)
    assert ring.get("a1") is None
    assert [each.id for each in ring.newest(10)] == ["a2", "a0"]
    ring.keep(alert("a3", 3))
    assert [each.id for each in ring.newest(10)] == ["a3", "a2", "a0"]
    ring.keep(alert("a4", 4))
    assert [each.id for each in ring.newest(10)] == ["a4", "a3", "a2"]
    assert len(table.query("quarantine", "slot")) == 3


def test_of_alerts_that_are_quarantined_at_once_none_gets_lost(signals: TableSignalStore) -> None:
    start = Barrier(3)

    def keep(number: int) -> None:
        start.wait(60)
        signals.quarantine(alert(f"a{number}", number))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(keep, range(3)))
    assert {each.id for each in signals.quarantined(10)} == {"a0", "a1", "a2"}
