"""One market that cannot be understood: it is left out with the reason, and the others trade on."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.adapters.venues.ccxt.exchange import CcxtExchange
from chalicelib.adapters.venues.ccxt.venue_table import venue_row
from chalicelib.domain.errors import OrderRejected
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.order import OrderIntent, client_order_id
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import SignalStatus
from tests.contract.venues.control import CASH, LOOPBACKS
from tests.trading_floor import HandClock, TradingFloor

WHY = r"the venue states -1(\.0+)? as its minimum_quantity, which must be 0 or more"


class WallClock(HandClock):
    """The venues sign and check by the machine's time, so the desk lives by it too."""

    def now(self) -> datetime:
        return SystemClock().now()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def _connected(name: str, stack: ExitStack, **odd: Any) -> tuple[CcxtExchange, Account, str]:
    """An account at the venue, whose market of ETH is odd."""
    venue = LOOPBACKS[name]
    quote = venue.symbol.partition("/")[2]
    symbol = f"ETH/{quote}"
    book = venue.book({venue.symbol: venue.price, symbol: Decimal(2500)}, {quote: CASH})
    book.instruments = {
        key: replace(known, **odd) if known.symbol == symbol else known
        for key, known in book.instruments.items()
    }
    server = stack.enter_context(venue.serve(book))
    account = Account(
        name="a",
        exchange=name,
        mode=Mode.SANDBOX if venue_row(name).has_sandbox else Mode.LIVE,
        quote=quote,
        exchange_options={**venue.ccxt_options(server), "rateLimit": 1, "timeout_on_exit": 0},
    )
    exchange = connect(account, {}, SystemClock())
    stack.callback(exchange.close)
    return exchange, account, symbol


@pytest.mark.parametrize("name", LOOPBACKS)
def test_a_market_that_cannot_be_understood_hides_no_other(name: str, stack: ExitStack) -> None:
    exchange, _, odd = _connected(name, stack, minimum_quantity=Decimal(-1))
    usual = LOOPBACKS[name].symbol

    assert set(exchange.instruments([usual, odd])) == {usual}
    assert set(exchange.tickers([usual, odd])) == {usual, odd}
    [why] = exchange.unusable().values()
    assert list(exchange.unusable()) == [odd]
    assert re.fullmatch(WHY, why)
    assert set(exchange.instruments([usual])) == {usual}
    assert list(exchange.unusable()) == [odd]


@pytest.mark.parametrize("filters", [{"step": Decimal(0)}, {"tick": Decimal(0)}])
@pytest.mark.parametrize("name", ["binance", "gemini", "kucoin"])
def test_a_step_of_nothing_is_none(
    name: str, filters: dict[str, Decimal], stack: ExitStack
) -> None:
    exchange, _, odd = _connected(name, stack, **filters)

    assert set(exchange.instruments([LOOPBACKS[name].symbol, odd])) == {LOOPBACKS[name].symbol}
    assert "which must be above 0" in exchange.unusable()[odd]


@pytest.mark.parametrize("name", LOOPBACKS)
def test_alerts_for_it_are_denied_with_the_reason_and_the_others_trade(
    name: str, stack: ExitStack
) -> None:
    exchange, account, odd = _connected(name, stack, minimum_quantity=Decimal(-1))
    venue = LOOPBACKS[name]
    prices = {venue.symbol: str(venue.price), odd: "2500"}
    desk = TradingFloor(
        prices,
        {"btc": "0.4", "eth": "0.4"},
        account=replace(account, exchange_options={}),
        exchange=exchange,
        clock=WallClock(),
    )

    enter, refused = desk.alert("btc", "long"), desk.alert("eth", "long")
    [report] = desk.tick().accounts

    assert (report.status, report.orders_sent) == ("worked", 1)
    assert desk.outcome(enter)[0] is SignalStatus.EXECUTED
    status, reason = desk.outcome(refused)
    assert status is SignalStatus.DENIED
    assert re.fullmatch(rf"{odd} cannot be traded, {WHY} \(INSTRUMENT_UNUSABLE\)", reason)


@pytest.mark.parametrize("name", LOOPBACKS)
def test_an_order_for_it_is_refused_and_never_sent(name: str, stack: ExitStack) -> None:
    exchange, account, odd = _connected(name, stack, minimum_quantity=Decimal(-1))
    order = client_order_id("1")
    intent = OrderIntent(
        id="1",
        client_order_id=order,
        account=account.name,
        symbol=odd,
        side=Side.BUY,
        quantity=Decimal("0.01"),
        limit_price=Decimal(2500),
        shares=(),
    )

    with pytest.raises(OrderRejected, match=f"{odd}: the venue states -1") as refusal:
        exchange.submit(intent, WallClock().now() + timedelta(seconds=20))

    assert refusal.value.code == "INSTRUMENT_UNUSABLE"
    assert exchange.find(intent, WallClock().now() - timedelta(minutes=1)) is None
