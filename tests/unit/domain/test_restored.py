"""What a backup brings back: numbers above all that were given, and nothing sent again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.restoring import (
    not_repeated,
    repeats_itself,
    restored_orders,
    restored_state,
)
from chalicelib.domain.trading.signal import DesiredState, Outcome, SignalStatus
from tests.contract.stores.records import NOON, minutes, order
from tests.situations import a_signal

NOW = NOON + timedelta(days=1)
REASON = (
    "was on its way when the backup was taken: looked up, not sent again (RESTORED_FROM_BACKUP)"
)


def test_plans_are_numbered_on_by_the_milliseconds_since_1970() -> None:
    state = AccountState(account="main", sequence=7, version=3, due_at=None)
    assert restored_state(state, taken_at=NOON, now=NOW) == replace(
        state, restored_from=NOON, sequence=int(NOW.timestamp()) * 1000, due_at=NOW
    )


def test_a_clock_that_stands_wrong_still_gives_no_number_twice() -> None:
    state = AccountState(account="main", sequence=7)
    early = datetime(1970, 1, 1, 0, 0, 0, 7999, tzinfo=UTC)
    assert restored_state(state, taken_at=NOON, now=early).sequence == 8
    later = early + timedelta(milliseconds=2)
    assert restored_state(state, taken_at=NOON, now=later).sequence == 9


def brought_back(status: OrderStatus, **changes: Any) -> list[Order]:
    intent = order().intent
    if changes.pop("stop", False):
        intent = replace(intent, stop_price=Decimal(1))
    return list(restored_orders([order(status=status, intent=intent, **changes)], NOW))


@pytest.mark.parametrize("status", [s for s in OrderStatus if s.is_final])
def test_what_is_over_changes_only_where_a_next_leg_may_follow(status: OrderStatus) -> None:
    whole = order().intent.quantity
    assert brought_back(status, filled=whole) == []
    assert brought_back(status, filled=whole, stop=True) == []
    part = brought_back(status, filled=whole / 2)
    assert part == [order(status=status, filled=whole / 2, cancel_requested=True)]


@pytest.mark.parametrize("status", [OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED])
def test_what_rests_is_taken_back_unless_it_protects(status: OrderStatus) -> None:
    assert brought_back(status) == [order(status=status, cancel_requested=True)]
    assert brought_back(status, stop=True) == []


def test_what_is_held_is_only_not_followed() -> None:
    assert brought_back(OrderStatus.HELD) == [order(status=OrderStatus.HELD, cancel_requested=True)]


@pytest.mark.parametrize("status", [OrderStatus.INITIALIZED, OrderStatus.SUBMITTED])
@pytest.mark.parametrize("stop", [True, False])
def test_what_may_have_been_sent_is_looked_up_and_never_sent(
    status: OrderStatus, *, stop: bool
) -> None:
    [found] = brought_back(status, stop=stop)
    assert found == replace(
        order(intent=found.intent),
        status=OrderStatus.SUBMITTED,
        cancel_requested=True,
        updated_at=NOW,
        code="RESTORED_FROM_BACKUP",
        reason=REASON,
        attempts=1,
        first_sent_at=order().created_at,
        sent_at=NOW,
        permit_until=NOW,
    )


def test_what_is_known_of_the_sending_is_kept() -> None:
    [found] = brought_back(OrderStatus.SUBMITTED, attempts=3, first_sent_at=minutes(7))
    assert (found.attempts, found.first_sent_at) == (3, minutes(7))


def test_several_orders_are_each_judged() -> None:
    over = order(status=OrderStatus.FILLED, filled=order().intent.quantity)
    guard = order(
        "p2", status=OrderStatus.ACCEPTED, intent=replace(order().intent, stop_price=Decimal(1))
    )
    open_one = order("p3", status=OrderStatus.ACCEPTED)
    assert list(restored_orders([over, guard, open_one], NOW)) == [
        replace(open_one, cancel_requested=True)
    ]


def test_only_an_entry_does_more_when_it_is_repeated() -> None:
    entries = [state for state in DesiredState if repeats_itself(a_signal("a", state=state.value))]
    assert entries == [DesiredState.LONG]


def test_the_last_word_on_an_entry_that_may_be_executed_already() -> None:
    assert not_repeated("main", NOON + timedelta(milliseconds=5), NOW) == Outcome(
        account="main",
        status=SignalStatus.SKIPPED,
        reason="was open in the backup of 2024-08-10T12:00:00Z, may be executed already "
        "(RESTORED_FROM_BACKUP)",
        at=NOW,
    )
