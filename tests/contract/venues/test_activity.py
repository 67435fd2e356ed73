"""What exchanges show of an account's doings and keys, for the owner who has to judge an order."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.domain.errors import OutcomeUnknown
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.stranger import OpenOrder
from chalicelib.ports import ShowsActivity, ShowsOpenOrders
from tests.contract.venues.control import OPENERS, Control, Trouble
from tests.venues import binance

PRICES = {"BTC/USDT": Decimal(60000), "ETH/USDT": Decimal(2500)}
CASH = {"USDT": Decimal(1000)}

Open = Callable[..., Control]


def test_an_open_order_is_listed_with_whether_it_is_the_one_in_question(open_venue: Open) -> None:
    venue = open_venue()
    asked, other = venue.resting("asked"), venue.resting("other")
    since = venue.now()
    for intent in (asked, other):
        assert venue.exchange.submit(intent, venue.permit_until()).status is OrderStatus.ACCEPTED
    assert isinstance(venue.exchange, ShowsActivity)
    shown = venue.exchange.activity(asked, "", since)
    assert shown.resting is not None
    assert sorted((o.asked_for, o.quantity, o.limit_price, o.side) for o in shown.resting) == [
        (False, other.quantity, other.limit_price, other.side),
        (True, asked.quantity, asked.limit_price, asked.side),
    ]
    assert shown.trades == ()


def test_own_trades_are_listed_as_they_are_booked(open_venue: Open) -> None:
    venue = open_venue()
    since = venue.now() - timedelta(seconds=1)  # venues count in milliseconds
    intent = venue.buy()
    report = venue.exchange.submit(intent, venue.permit_until())
    assert isinstance(venue.exchange, ShowsActivity)
    shown = venue.exchange.activity(intent, report.venue_order_id, since)
    assert shown.trades is not None
    assert tuple(trade.fill for trade in shown.trades) == report.fills
    assert {(trade.asked_for, trade.venue_order_id) for trade in shown.trades} == {
        (True, report.venue_order_id)
    }
    assert shown.resting == ()
    later = venue.now() + timedelta(hours=1)
    assert venue.exchange.activity(intent, report.venue_order_id, later).trades == ()


def test_an_order_that_got_lost_shows_nothing(open_venue: Open) -> None:
    venue = open_venue(Trouble.REQUEST_LOST)
    since = venue.now()
    intent = venue.buy()
    with pytest.raises(OutcomeUnknown):
        venue.exchange.submit(intent, venue.permit_until())
    assert isinstance(venue.exchange, ShowsActivity)
    shown = venue.exchange.activity(intent, "", since)
    assert (shown.resting, shown.trades) == ((), ())
    assert venue.accepted() == []


NOT_OURS = "0ef6bc5f-8e7f-4c4e-9c0a-1b6f6ef0d9c1"


def _listed(venue: Control, *symbols: str) -> list[OpenOrder] | None:
    assert isinstance(venue.exchange, ShowsOpenOrders)
    found = venue.exchange.open_orders(symbols)
    return None if found is None else list(found)


def test_whatever_rests_is_listed_with_the_id_that_tells_whose_it_is(open_venue: Open) -> None:
    venue = open_venue()
    ours = venue.resting()
    others = replace(venue.resting("another"), client_order_id=NOT_OURS)
    placed = [venue.exchange.submit(intent, venue.permit_until()) for intent in (ours, others)]
    venue.exchange.submit(venue.buy("over"), venue.permit_until())
    found = _listed(venue, venue.symbol)
    if _numbers_its_orders(venue):
        assert found is None
        return
    assert found is not None
    by_id = {order.client_order_id: order for order in found}
    assert by_id.keys() == {ours.client_order_id, NOT_OURS}
    assert by_id[ours.client_order_id] == OpenOrder(
        venue_order_id=placed[0].venue_order_id,
        client_order_id=ours.client_order_id,
        symbol=venue.symbol,
        side=ours.side,
        quantity=ours.quantity,
        limit_price=ours.limit_price,
    )
    assert {order.looks_like_ours for order in found} == {True, False}
    venue.exchange.cancel(ours, placed[0].venue_order_id)
    assert [order.client_order_id for order in _listed(venue, venue.symbol) or ()] == [NOT_OURS]


def _numbers_its_orders(venue: Control) -> bool:
    """Bitfinex: a number says nothing of who has drawn it."""
    return venue.in_venue_form(NOT_OURS).isdecimal()


@pytest.mark.parametrize("name", OPENERS)
def test_one_request_lists_every_instrument_where_the_venue_can(name: str) -> None:
    with ExitStack() as stack:
        venue = OPENERS[name](stack)
        venue.exchange.submit(venue.resting(), venue.permit_until())
        found = _listed(venue)
    if name in {"kucoin", "bitfinex"}:
        assert not found  # the one is asked by the instrument, the other never
    else:
        assert [order.symbol for order in found or ()] == [venue.symbol]


def test_the_list_costs_one_request_however_much_is_traded() -> None:
    with ExitStack() as stack:
        server = stack.enter_context(binance.BinanceVenue(binance.standard_book(PRICES, CASH)))
        account = Account(
            name="a",
            exchange="binance",
            mode=Mode.SANDBOX,
            quote="USDT",
            exchange_options=binance.ccxt_options(server),
        )
        exchange = connect(account, {}, SystemClock())
        stack.callback(exchange.close)
        exchange.instruments(list(PRICES))
        assert exchange.open_orders(list(PRICES)) == ()
        assert server.count("/api/v3/openOrders") == 1
