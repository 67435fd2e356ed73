"""From an alert to the books, over ccxt and HTTP: the books equal the venue's to the last digit."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.venues.ccxt.venue_table import venue_row
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.signal import SignalStatus
from tests.contract.venues.control import LOOPBACKS, Control, Trouble, open_loopback
from tests.trading_floor import HandClock, TradingFloor


class WallClock(HandClock):
    """The venues sign and check by the machine's time, so the desk lives by it too.

    `ahead` is for what comes later, and sends nothing.
    """

    ahead = timedelta(0)

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


@pytest.fixture(params=LOOPBACKS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def _desk(name: str, venue: Control, clock: HandClock | None = None) -> TradingFloor:
    account = Account(
        name="a",
        exchange=name,
        mode=Mode.SANDBOX if venue_row(name).has_sandbox else Mode.LIVE,
        quote=venue.symbol.partition("/")[2],
    )
    return TradingFloor(
        {venue.symbol: str(venue.price)},
        {"btc": "0.6", "btc_2": "0.3"},
        account=account,
        exchange=venue.exchange,
        clock=clock or WallClock(),
    )


def _assert_books_equal_the_venues(desk: TradingFloor, venue: Control) -> None:
    for asset in venue.symbol.split("/"):
        assert desk.portfolio.owned(asset) == venue.holds(asset), asset
    booked = {fill.trade_id for order in desk.orders for fill in order.fills}
    assert booked == {trade.trade_id for order in venue.accepted() for trade in order.trades}


def test_alerts_become_books_that_equal_the_venues_own(name: str, stack: ExitStack) -> None:
    venue = open_loopback(name, stack)
    desk = _desk(name, venue)

    desk.alert("btc", "long")
    desk.alert("btc_2", "long")
    desk.tick()
    assert desk.owned("btc") > 0
    assert desk.owned("btc_2") > 0
    _assert_books_equal_the_venues(desk, venue)

    venue.move_market(venue.price + 1000)
    out = desk.alert("btc", "flat")
    desk.tick()
    desk.tick()

    assert desk.outcome(out)[0] is SignalStatus.EXECUTED
    assert desk.owned("btc_2") > 0
    _assert_books_equal_the_venues(desk, venue)


def test_an_order_accepted_unheard_is_booked_once(name: str, stack: ExitStack) -> None:
    venue = open_loopback(name, stack, Trouble.ANSWER_LOST)
    desk = _desk(name, venue)

    bought = desk.alert("btc", "long")
    desk.tick()
    desk.tick()

    assert desk.outcome(bought)[0] is SignalStatus.EXECUTED
    assert len(venue.accepted()) == 1
    _assert_books_equal_the_venues(desk, venue)


def test_an_order_of_another_bot_on_the_same_keys_is_noticed(name: str, stack: ExitStack) -> None:
    venue = open_loopback(name, stack)
    venue.exchange.submit(venue.resting("another bot's order"), venue.permit_until())
    clock = WallClock()
    desk = _desk(name, venue, clock)
    desk.alert("btc", "long")
    desk.tick()
    clock.ahead += timedelta(minutes=1)
    desk.tick()

    state = desk.ports.plans.state("a")
    if name == "bitfinex":  # its ids are numbers, like anybody's
        assert (state.strangers, state.listed_at) == ((), None)
        return
    [stranger] = state.strangers
    assert stranger.order.client_order_id == venue.resting("another bot's order").client_order_id
    assert list(state.barred) == [venue.symbol]
    clock.ahead = timedelta(0)
    later = desk.alert("btc_2", "long")
    desk.tick()
    assert "(INSTRUMENT_FROZEN)" in desk.outcome(later)[1]
