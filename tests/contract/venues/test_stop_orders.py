"""What every exchange promises that takes stops, and that the others send none."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest

from chalicelib.domain.errors import OrderRejected
from chalicelib.domain.trading.order import OrderIntent, OrderReport, OrderStatus, TimeInForce
from chalicelib.domain.trading.side import Side
from tests.contract.venues.control import OPENERS, Control

Open = Callable[..., Control]

TAKE_STOPS = ("virtual", "binance")
LEVEL = Decimal(57000)


@pytest.fixture(params=TAKE_STOPS)
def open_venue(request: pytest.FixtureRequest) -> Iterator[Open]:
    with ExitStack() as stack:
        yield partial(OPENERS[request.param], stack)


def a_stop(venue: Control, level: Decimal = LEVEL) -> OrderIntent:
    return venue.buy(
        "stop",
        "0.009",
        side=Side.SELL,
        stop_price=level,
        limit_price=level * Decimal("0.99"),
        time_in_force=TimeInForce.GTC,
    )


def holding_with_stop(open_venue: Open) -> tuple[Control, OrderReport]:
    venue = open_venue()
    venue.exchange.submit(venue.buy(quantity="0.01"), venue.permit_until())
    return venue, venue.exchange.submit(a_stop(venue), venue.permit_until())


def found(venue: Control) -> OrderReport:
    report = venue.exchange.find(a_stop(venue), venue.now())
    assert report is not None
    return report


def locked(venue: Control) -> Decimal:
    return venue.exchange.balances()["BTC"].locked


def test_a_stop_rests_and_locks_what_it_would_sell(open_venue: Open) -> None:
    venue, placed = holding_with_stop(open_venue)
    venue.move_market(LEVEL + 1)

    assert venue.exchange.traits().has_stop_orders
    assert placed.status is OrderStatus.ACCEPTED
    assert found(venue).status is OrderStatus.ACCEPTED
    assert locked(venue) == Decimal("0.009")


def test_a_stop_that_the_market_comes_to_sells_at_what_is_there(open_venue: Open) -> None:
    venue, _ = holding_with_stop(open_venue)
    venue.move_market(LEVEL - 10)

    sold = found(venue)
    assert sold.status is OrderStatus.FILLED
    assert [(fill.quantity, fill.price) for fill in sold.fills] == [(Decimal("0.009"), LEVEL - 10)]
    [booked] = [o for o in venue.accepted() if o.client_order_id == sold.client_order_id]
    assert [(t.trade_id, t.price) for t in booked.trades] == [
        (fill.trade_id, fill.price) for fill in sold.fills
    ]
    assert locked(venue) == 0


def test_a_stop_that_the_market_jumps_over_waits_at_its_limit(open_venue: Open) -> None:
    venue, _ = holding_with_stop(open_venue)
    venue.move_market(Decimal(50000))
    assert found(venue).status is OrderStatus.ACCEPTED

    venue.move_market(LEVEL * 2)
    sold = found(venue)
    assert sold.status is OrderStatus.FILLED
    assert sold.fills[0].price == a_stop(venue).limit_price


def test_a_cancelled_stop_gives_back_what_it_locked(open_venue: Open) -> None:
    venue, placed = holding_with_stop(open_venue)
    venue.exchange.cancel(a_stop(venue), placed.venue_order_id)
    venue.move_market(LEVEL - 10)

    assert found(venue).status is OrderStatus.CANCELED
    assert found(venue).filled == 0
    assert locked(venue) == 0


@pytest.mark.parametrize("level", ["60000.12", "70000"], ids=["at the price", "above it"])
def test_a_stop_that_would_sell_at_once_is_refused(open_venue: Open, level: str) -> None:
    venue = open_venue()
    venue.exchange.submit(venue.buy(quantity="0.01"), venue.permit_until())
    stop = a_stop(venue, Decimal(level))
    with pytest.raises(OrderRejected):
        venue.exchange.submit(replace(stop, limit_price=LEVEL), venue.permit_until())

    assert locked(venue) == 0
    assert len(venue.accepted()) == 1


@pytest.mark.parametrize("name", sorted(OPENERS.keys() - set(TAKE_STOPS)))
def test_a_venue_whose_stops_nobody_tried_is_sent_none(name: str) -> None:
    with ExitStack() as stack:
        venue = OPENERS[name](stack)
        with pytest.raises(OrderRejected) as refusal:
            venue.exchange.submit(a_stop(venue), venue.permit_until())

        assert refusal.value.code == "ORDER_TYPE_UNSUPPORTED"
        assert not venue.exchange.traits().has_stop_orders
        assert venue.received is not None
        assert venue.received() == 0
