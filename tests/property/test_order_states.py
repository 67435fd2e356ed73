"""An order moves along legal edges only, and no report, however late or doubled, takes it back."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import (
    LEGAL_MOVES,
    Order,
    OrderIntent,
    OrderReport,
    OrderStatus,
    OrderType,
    Share,
    TimeInForce,
    apply_report,
    client_order_id,
    order_id,
)
from chalicelib.domain.trading.side import Side
from tests.situations import BTC, NOON

FINAL = {
    OrderStatus.DENIED,
    OrderStatus.FILLED,
    OrderStatus.CANCELED,
    OrderStatus.REJECTED,
    OrderStatus.EXPIRED,
}
# What the venue can have done to an order from where we last knew it.
LEGAL = {
    "INITIALIZED": "SUBMITTED DENIED",
    "SUBMITTED": ("INITIALIZED ACCEPTED PARTIALLY_FILLED FILLED CANCELED EXPIRED REJECTED HELD"),
    "ACCEPTED": "ACCEPTED PARTIALLY_FILLED FILLED CANCELED EXPIRED HELD",
    "PARTIALLY_FILLED": "PARTIALLY_FILLED FILLED CANCELED EXPIRED HELD",
    "HELD": "ACCEPTED PARTIALLY_FILLED FILLED CANCELED EXPIRED REJECTED",
    **{status.value: "" for status in FINAL},
}
QUANTITY = Decimal(4)


def an_order(status: OrderStatus = OrderStatus.SUBMITTED) -> Order:
    intent = OrderIntent(
        id="plan#BTC/USDT#0",
        client_order_id="c",
        account="main",
        symbol=BTC,
        side=Side.BUY,
        quantity=QUANTITY,
        limit_price=Decimal(100),
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        shares=(Share(strategy="a", quantity=QUANTITY),),
    )
    return Order(intent=intent, plan_id="plan", status=status, created_at=NOON, updated_at=NOON)


def fills(count: int) -> tuple[Fill, ...]:
    return tuple(
        Fill(
            trade_id=f"t{number}",
            quantity=Decimal(1),
            price=Decimal(100),
            fee=Decimal(0),
            fee_asset="USDT",
            at=NOON,
        )
        for number in range(count)
    )


def a_report(status: OrderStatus, count: int, *, filled: int | None = None) -> OrderReport:
    return OrderReport(
        client_order_id="c",
        venue_order_id="v",
        status=status,
        filled=Decimal(count if filled is None else filled),
        fills=fills(count),
    )


@pytest.mark.parametrize(("before", "after"), list(product(OrderStatus, OrderStatus)))
def test_only_the_legal_moves_are_possible(before: OrderStatus, after: OrderStatus) -> None:
    order = an_order(before)
    if after is before or after.value in LEGAL[before.value].split():
        assert order.moved_to(after, at=NOON).status is after
    else:
        with pytest.raises(ValueError, match=f"cannot go from {before} to {after}"):
            order.moved_to(after, at=NOON)


def test_final_states_have_no_way_out() -> None:
    assert {status for status, moves in LEGAL_MOVES.items() if not moves} == FINAL
    assert {status for status in OrderStatus if status.is_final} == FINAL


@st.composite
def stories(draw: st.DrawFn) -> list[OrderReport]:
    """What a venue truly said of one order over time: fills grow, then at most one end."""
    counts = sorted(draw(st.lists(st.integers(0, 4), max_size=4)))
    told = [
        a_report(OrderStatus.PARTIALLY_FILLED if n else OrderStatus.ACCEPTED, n)
        for n in counts
        if n < 4
    ]
    done = max(counts, default=0)
    end = draw(st.sampled_from(["", "CANCELED", "EXPIRED", "FILLED"]))
    if end == "FILLED":
        told.append(a_report(OrderStatus.FILLED, 4))
    elif end and done < 4:
        told.append(a_report(OrderStatus(end), done))
    return told


@settings(max_examples=200, deadline=None)
@given(data=st.data(), start=st.sampled_from([OrderStatus.SUBMITTED, OrderStatus.HELD]))
def test_reports_in_any_order_and_number_never_take_anything_back(
    data: st.DataObject, start: OrderStatus
) -> None:
    story = data.draw(stories())
    told = data.draw(st.lists(st.sampled_from(story), max_size=8)) if story else []
    order = an_order(start)
    for report in told:
        after = apply_report(order, report, at=NOON)
        assert after.filled >= order.filled
        assert after.filled >= report.filled
        assert {f.trade_id for f in after.fills} >= {f.trade_id for f in order.fills}
        assert len({f.trade_id for f in after.fills}) == len(after.fills)
        assert after.fills[: len(order.fills)] == order.fills  # booked ones keep their place
        if order.status.is_final:
            assert after.status is order.status
        order = after
    if told:
        event(order.status)
        assert order.filled == max(report.filled for report in told)
        assert order.status.is_final == any(report.status.is_final for report in told)
        assert order.remaining == QUANTITY - order.filled


def test_the_same_report_twice_changes_nothing() -> None:
    once = apply_report(an_order(), a_report(OrderStatus.CANCELED, 2), at=NOON)
    assert apply_report(once, a_report(OrderStatus.CANCELED, 2), at=NOON) == once


@pytest.mark.parametrize("status", [OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED])
def test_an_order_is_not_over_while_some_of_its_fills_are_unknown(status: OrderStatus) -> None:
    early = apply_report(an_order(), a_report(status, 1, filled=4), at=NOON)
    assert early.status is OrderStatus.PARTIALLY_FILLED
    assert apply_report(early, a_report(status, 4), at=NOON).status is status


def test_a_leg_has_one_identity_for_all_its_attempts_and_no_other_has_it() -> None:
    identities = [order_id(p, s, n) for p in ("p", "q") for s in ("A/B", "B/C") for n in (0, 1)]
    assert len({client_order_id(identity) for identity in identities}) == len(identities) == 8
    assert client_order_id("p#BTC/USDT#0") == client_order_id("p#BTC/USDT#0")
