"""What every exchange promises to those who trade through ports.Exchange."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from decimal import Decimal, getcontext, localcontext
from typing import Any

import pytest

from chalicelib.adapters.venues import checks
from chalicelib.domain.errors import OrderNotPlaced, OrderRejected, OutcomeUnknown
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import OrderReport, OrderStatus
from chalicelib.domain.trading.side import Side
from tests.contract.venues.control import Accepted, Control, Trouble

Open = Callable[..., Control]

LOST_WITHOUT_A_TRACE = (Trouble.REQUEST_LOST,)
ACCEPTED_UNHEARD = (Trouble.ANSWER_LOST, Trouble.ERROR_AFTER)


def _as_booked(order: Accepted) -> list[tuple[str, Decimal, Decimal, Decimal, str]]:
    return [(t.trade_id, t.quantity, t.price, t.fee, t.fee_asset) for t in order.trades]


def _as_reported(fills: tuple[Fill, ...]) -> list[tuple[str, Decimal, Decimal, Decimal, str]]:
    return [(f.trade_id, f.quantity, f.price, f.fee, f.fee_asset) for f in fills]


def _floats(value: Any, path: str = "") -> list[str]:
    if isinstance(value, float):
        return [path]
    if is_dataclass(value):
        return [
            found
            for one in fields(value)
            for found in _floats(getattr(value, one.name), f"{path}.{one.name}")
        ]
    if isinstance(value, dict):
        return [found for key, one in value.items() for found in _floats(one, f"{path}[{key}]")]
    if isinstance(value, tuple | list):
        return [
            found for index, one in enumerate(value) for found in _floats(one, f"{path}{index}")
        ]
    return []


def test_a_filled_order_is_reported_as_the_venue_booked_it(open_venue: Open) -> None:
    venue = open_venue()
    report = venue.exchange.submit(venue.buy(), venue.permit_until())

    [booked] = venue.accepted()
    assert report.status is OrderStatus.FILLED
    assert report.filled == Decimal("0.00123")
    assert _as_reported(report.fills) == _as_booked(booked)
    assert report.fills[0].price == venue.price
    assert report.fills[0].fee > 0


def test_what_is_found_afterwards_is_what_was_reported(open_venue: Open) -> None:
    venue = open_venue()
    sent_at = venue.now()
    report = venue.exchange.submit(venue.buy(), venue.permit_until())

    found = venue.exchange.find(venue.buy(), sent_at)

    assert found is not None
    assert replace(found, reason="") == replace(report, reason="")


def test_the_client_order_id_arrives_at_the_venue(open_venue: Open) -> None:
    venue = open_venue()
    venue.exchange.submit(venue.buy(), venue.permit_until())

    [booked] = venue.accepted()
    assert booked.client_order_id == venue.in_venue_form(venue.buy().client_order_id)


def test_an_order_nobody_sent_is_not_found(open_venue: Open) -> None:
    venue = open_venue()
    venue.exchange.submit(venue.buy("another"), venue.permit_until())

    assert venue.exchange.find(venue.buy("never sent"), venue.now()) is None


@pytest.mark.parametrize("trouble", ACCEPTED_UNHEARD)
def test_an_accepted_order_whose_answer_is_lost_is_found(
    open_venue: Open, trouble: Trouble
) -> None:
    venue = open_venue(trouble)
    sent_at = venue.now()
    with pytest.raises(OutcomeUnknown):
        venue.exchange.submit(venue.buy(), venue.permit_until())

    found = venue.exchange.find(venue.buy(), sent_at)

    [booked] = venue.accepted()
    assert found is not None
    assert found.status is OrderStatus.FILLED
    assert _as_reported(found.fills) == _as_booked(booked)


@pytest.mark.parametrize("trouble", LOST_WITHOUT_A_TRACE)
def test_an_order_cut_off_before_acceptance_is_unknown_and_then_absent(
    open_venue: Open, trouble: Trouble
) -> None:
    venue = open_venue(trouble)
    with pytest.raises(OutcomeUnknown):
        venue.exchange.submit(venue.buy(), venue.permit_until())

    assert venue.exchange.find(venue.buy(), venue.now()) is None
    assert venue.accepted() == []
    assert venue.exchange.submit(venue.buy(), venue.permit_until()).status is OrderStatus.FILLED
    assert len(venue.accepted()) == 1


@pytest.mark.parametrize(
    ("quantity", "categories"),
    [("0.000001", {"QUANTITY", "NOTIONAL"}), ("5", {"INSUFFICIENT"})],
    ids=["too small", "no funds"],
)
def test_a_refusal_has_a_code_and_leaves_nothing(
    open_venue: Open, quantity: str, categories: set[str]
) -> None:
    venue = open_venue()
    before = venue.exchange.balances()
    with pytest.raises(OrderRejected) as refusal:
        venue.exchange.submit(venue.buy(quantity=quantity), venue.permit_until())

    assert refusal.value.code.partition("_")[0] in categories
    assert venue.accepted() == []
    assert venue.exchange.balances() == before


def test_a_symbol_the_venue_does_not_have_is_refused(open_venue: Open) -> None:
    venue = open_venue()
    with pytest.raises(OrderRejected) as refusal:
        venue.exchange.submit(venue.buy(symbol="NOSUCH/COIN"), venue.permit_until())

    assert refusal.value.code == "SYMBOL_UNKNOWN"


def test_a_rate_limited_order_is_not_placed_and_may_be_sent_again(open_venue: Open) -> None:
    venue = open_venue(Trouble.RATE_LIMITED)
    with pytest.raises(OrderNotPlaced):
        venue.exchange.submit(venue.buy(), venue.permit_until())

    assert venue.accepted() == []
    assert venue.exchange.submit(venue.buy(), venue.permit_until()).status is OrderStatus.FILLED


def test_after_the_permit_nothing_reaches_the_venue(open_venue: Open) -> None:
    venue = open_venue()
    with pytest.raises(OrderNotPlaced):
        venue.exchange.submit(venue.buy(), venue.now() - timedelta(milliseconds=1))

    assert venue.accepted() == []
    assert venue.received is None or venue.received() == 0


def test_an_immediate_order_that_fills_in_part_ends_with_that_part(open_venue: Open) -> None:
    venue = open_venue(fill_half=True)
    report = venue.exchange.submit(venue.buy(quantity="0.00124"), venue.permit_until())

    [booked] = venue.accepted()
    assert report.status in {OrderStatus.CANCELED, OrderStatus.EXPIRED}
    assert report.filled == Decimal("0.00062")
    assert _as_reported(report.fills) == _as_booked(booked)


def test_an_immediate_order_below_the_market_ends_unfilled(open_venue: Open) -> None:
    venue = open_venue()
    order = venue.buy(limit_price=Decimal(30000))
    report = venue.exchange.submit(order, venue.permit_until())

    assert report.status in {OrderStatus.CANCELED, OrderStatus.EXPIRED}
    assert report.filled == 0
    assert report.fills == ()


def test_a_resting_order_rests_until_it_is_cancelled(open_venue: Open) -> None:
    venue = open_venue()
    sent_at = venue.now()
    report = venue.exchange.submit(venue.resting(), venue.permit_until())
    resting = venue.exchange.find(venue.resting(), sent_at)
    locked = _locked(venue)

    venue.exchange.cancel(venue.resting(), report.venue_order_id)
    ended = venue.exchange.find(venue.resting(), sent_at)

    assert report.status is OrderStatus.ACCEPTED
    assert resting is not None
    assert resting.status is OrderStatus.ACCEPTED
    assert locked > 0
    assert ended is not None
    assert ended.status is OrderStatus.CANCELED
    assert ended.filled == 0
    assert _locked(venue) == 0


def _locked(venue: Control) -> Decimal:
    quote = venue.symbol.partition("/")[2]
    return venue.exchange.balances()[quote].locked


def test_an_order_is_cancelled_by_our_id_where_the_venues_is_not_known(open_venue: Open) -> None:
    venue = open_venue(Trouble.ANSWER_LOST)
    with pytest.raises(OutcomeUnknown):
        venue.exchange.submit(venue.resting(), venue.permit_until())

    venue.exchange.cancel(venue.resting(), "")

    ended = venue.exchange.find(venue.resting(), venue.now())
    assert ended is not None
    assert ended.status is OrderStatus.CANCELED


def test_cancelling_what_is_over_changes_nothing(open_venue: Open) -> None:
    venue = open_venue()
    report = venue.exchange.submit(venue.buy(), venue.permit_until())

    venue.exchange.cancel(venue.buy(), report.venue_order_id)

    found = venue.exchange.find(venue.buy(), venue.now())
    assert found is not None
    assert found.status is OrderStatus.FILLED


def test_an_order_that_fills_before_its_cancellation_arrives_ends_filled(
    open_venue: Open,
) -> None:
    venue = open_venue()
    sent_at = venue.now()
    report = venue.exchange.submit(venue.resting(), venue.permit_until())
    venue.move_market(Decimal(29000))

    venue.exchange.cancel(venue.resting(), report.venue_order_id)

    found = venue.exchange.find(venue.resting(), sent_at)
    [booked] = venue.accepted()
    assert found is not None
    assert (found.status, found.filled) == (OrderStatus.FILLED, venue.resting().quantity)
    assert _as_reported(found.fills) == _as_booked(booked)


def test_an_order_is_found_behind_many_newer_ones(open_venue: Open) -> None:
    venue = open_venue(Trouble.ANSWER_LOST)
    sent_at = venue.now()
    with pytest.raises(OutcomeUnknown):
        venue.exchange.submit(venue.buy(), venue.permit_until())
    venue.crowd(120)

    found = venue.exchange.find(venue.buy(), sent_at)

    ours = venue.in_venue_form(venue.buy().client_order_id)
    [booked] = [order for order in venue.accepted() if order.client_order_id == ours]
    assert found is not None
    assert _as_reported(found.fills) == _as_booked(booked)


def test_after_a_crash_another_connection_finds_the_order_and_goes_on(open_venue: Open) -> None:
    venue = open_venue(Trouble.ANSWER_LOST)
    sent_at = venue.now()
    with pytest.raises(OutcomeUnknown):
        venue.exchange.submit(venue.buy(), venue.permit_until())
    another = venue.reconnect()

    found = another.find(venue.buy(), sent_at)
    next_one = another.submit(venue.buy("next"), venue.permit_until())

    assert found is not None
    assert (found.status, next_one.status) == (OrderStatus.FILLED, OrderStatus.FILLED)
    assert len(venue.accepted()) == 2


def test_what_is_rounded_to_the_filters_arrives_with_every_digit(open_venue: Open) -> None:
    venue = open_venue()
    instrument = venue.exchange.instruments([venue.symbol])[venue.symbol]
    price = instrument.limit_price(Decimal("60987.654321987654321"), Side.BUY)
    quantity = instrument.round_quantity(Decimal("0.0012345678987654321"))
    order = venue.buy(quantity=str(quantity), limit_price=price)

    report = venue.exchange.submit(order, venue.permit_until())

    [booked] = venue.accepted()
    assert report.filled == quantity
    assert booked.limit_price in {price, None}


def test_a_sale_brings_the_quote_back(open_venue: Open) -> None:
    venue = open_venue()
    base, _, quote = venue.symbol.partition("/")
    venue.exchange.submit(venue.buy(quantity="0.01"), venue.permit_until())
    after_purchase = venue.exchange.balances()
    sale = venue.buy("s", "0.009", side=Side.SELL, limit_price=Decimal(59000))
    report = venue.exchange.submit(sale, venue.permit_until())
    after_sale = venue.exchange.balances()

    [fill] = report.fills
    assert fill.fee_asset == quote
    assert after_purchase[base].free - after_sale[base].free == Decimal("0.009")
    assert after_sale[quote].free - after_purchase[quote].free == (
        fill.quantity * fill.price - fill.fee
    )


def test_no_amount_is_a_float(open_venue: Open) -> None:
    venue = open_venue()
    report = venue.exchange.submit(venue.buy(), venue.permit_until())
    everything = [
        report,
        venue.exchange.find(venue.buy(), venue.now()),
        dict(venue.exchange.instruments([venue.symbol])),
        dict(venue.exchange.tickers([venue.symbol])),
        dict(venue.exchange.balances()),
    ]

    assert _floats(everything) == []


def test_the_callers_decimal_context_is_left_alone(open_venue: Open) -> None:
    venue = open_venue()
    with localcontext():
        before = getcontext().copy()
        venue.exchange.submit(venue.buy(), venue.permit_until())
        venue.exchange.find(venue.buy(), venue.now())
        after = getcontext()

        assert (after.prec, after.rounding) == (before.prec, before.rounding)
        assert after.traps == before.traps


def test_ten_orders_sent_at_once_are_ten_orders(open_venue: Open) -> None:
    venue = open_venue()
    orders = [venue.buy(f"order {number}") for number in range(10)]

    def send(number: int) -> OrderReport:
        return venue.exchange.submit(orders[number], venue.permit_until())

    with ThreadPoolExecutor(10) as threads:
        reports = list(threads.map(send, range(10)))

    assert {report.status for report in reports} == {OrderStatus.FILLED}
    assert [report.client_order_id for report in reports] == [o.client_order_id for o in orders]
    assert len({report.venue_order_id for report in reports}) == 10
    assert sorted(order.client_order_id for order in venue.accepted()) == sorted(
        venue.in_venue_form(order.client_order_id) for order in orders
    )


def test_two_processes_with_one_key_place_each_order_once_or_not_at_all(open_venue: Open) -> None:
    """Where the nonce has to rise they are in each other's way, and that must cost no order."""
    venue = open_venue()
    connections = [venue.exchange, venue.reconnect()]
    orders = [venue.buy(f"order {number}") for number in range(10)]

    def send(number: int) -> bool:
        try:
            connections[number % 2].submit(orders[number], venue.permit_until())
        except OrderNotPlaced:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        sent = list(threads.map(send, range(10)))

    placed = [order for order, was_sent in zip(orders, sent, strict=True) if was_sent]
    assert sorted(order.client_order_id for order in venue.accepted()) == sorted(
        venue.in_venue_form(order.client_order_id) for order in placed
    )


@pytest.mark.parametrize("check", checks.WITH_ORDERS, ids=lambda check: check.__name__)
def test_the_checks_for_real_accounts_pass(open_venue: Open, check: checks.Check) -> None:
    venue = open_venue()
    subject = checks.Subject(exchange=venue.exchange, symbol=venue.symbol, clock=venue)

    assert [result.problem for result in checks.run_checks(subject, [check])] == [""]
