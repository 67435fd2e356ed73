"""Bans and clocks of real venues, over loopback: what is heard, and that nothing is asked then."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.adapters.venues.ccxt.exchange import CcxtExchange
from chalicelib.adapters.venues.ccxt.silence import Silence, Silenced
from chalicelib.domain.errors import ExchangeUnavailable, OrderNotPlaced
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.order import OrderIntent
from tests.venues import binance, gemini
from tests.venues.binance_wire import ORDER, SPOT
from tests.venues.faults import Fault, FaultKind

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FAST = {"rateLimit": 1, "timeout_on_exit": 0, "timeout": 5000}


class Desk:
    """A loopback venue, an account on it, and a clock by hand that began at the machine's time."""

    def __init__(self, server: binance.BinanceVenue | gemini.GeminiVenue, account: Account) -> None:
        self.server = server
        self.clock = ReplayClock(datetime.now(UTC))  # noqa: TID251 - the venue runs on it
        self.exchange: CcxtExchange = connect(account, {}, self.clock)

    def later(self, **span: float) -> None:
        self.clock.advance_to(self.clock.now() + timedelta(**span))

    def permit(self) -> datetime:
        return self.clock.now() + timedelta(seconds=20)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def desk(stack: ExitStack, make_account: Callable[..., Account]) -> Desk:
    book = binance.standard_book({"BTC/USDT": Decimal(60_000)}, {"USDT": Decimal(10_000)})
    server = stack.enter_context(binance.BinanceVenue(book))
    options = {**binance.ccxt_options(server), **FAST}
    made = Desk(server, make_account(exchange="binance", exchange_options=options))
    stack.callback(made.exchange.close)
    return made


def test_a_ban_that_a_read_met_holds_for_every_call(
    desk: Desk, make_intent: Callable[..., OrderIntent]
) -> None:
    exchange, server = desk.exchange, desk.server
    exchange.balances()
    server.add_fault(Fault(kind=FaultKind.BAN, path=f"{SPOT}/account"))
    with pytest.raises(ExchangeUnavailable) as heard:
        exchange.balances()
    until = heard.value.retry_at
    assert until is not None
    assert until > desk.clock.now()

    asked = len(server.requests)
    for call in (
        exchange.balances,
        exchange.clock_skew,
        lambda: exchange.tickers(["BTC/USDT"]),
        lambda: exchange.find(make_intent(), desk.clock.now()),
        lambda: exchange.cancel(make_intent(), "1"),
        lambda: exchange.daily_closes("BTC/USDT", 3),
    ):
        with pytest.raises(ExchangeUnavailable, match="banned by the venue until") as refused:
            call()
        assert refused.value.retry_at == until
    with pytest.raises(OrderNotPlaced) as unplaced:
        exchange.submit(make_intent(), desk.permit())
    assert unplaced.value.retry_at == until
    assert len(server.requests) == asked

    desk.clock.advance_to(until)
    assert exchange.balances()["USDT"].free == 10_000


def test_a_ban_that_an_order_met_is_told_with_its_end(
    desk: Desk, make_intent: Callable[..., OrderIntent]
) -> None:
    desk.server.add_fault(Fault(kind=FaultKind.BAN, method="POST", path=ORDER))
    with pytest.raises(OrderNotPlaced) as heard:
        desk.exchange.submit(make_intent(), desk.permit())
    assert heard.value.retry_at is not None
    with pytest.raises(ExchangeUnavailable):
        desk.exchange.balances()
    assert desk.server.orders == []


def test_a_rate_limit_that_a_read_met_says_when_to_come_back(desk: Desk) -> None:
    desk.server.add_fault(Fault(kind=FaultKind.RATE_LIMIT, path=f"{SPOT}/account"))
    with pytest.raises(ExchangeUnavailable) as heard:
        desk.exchange.balances()
    assert heard.value.retry_at is not None
    desk.later(minutes=5)
    assert desk.exchange.balances()["USDT"].free == 10_000


@pytest.mark.parametrize(
    ("status", "headers", "body", "until"),
    [
        (418, {"Retry-After": "90"}, "{}", NOW + timedelta(seconds=90)),
        (418, {}, "", NOW + timedelta(minutes=2)),
        (418, None, None, NOW + timedelta(minutes=2)),
        (429, {}, "banned until 1772438700000.", NOW + timedelta(minutes=5)),
        (200, {}, '{"error":["EGeneral:Temporary lockout"]}', NOW + timedelta(minutes=15)),
        (429, {"retry-after": "30"}, "{}", None),
        (200, {}, "{}", None),
        (503, {"Retry-After": "90"}, "", None),
    ],
)
def test_what_is_a_ban_and_how_long(
    status: int, headers: object, body: object, until: datetime | None
) -> None:
    clock = ReplayClock(NOW)
    silence = Silence(clock)
    silence.hear(status, headers, body)
    if until is None:
        silence.keep()
        return
    assert silence.asked_for == until
    with pytest.raises(Silenced):
        silence.keep()
    clock.advance_to(until)
    silence.keep()
    assert silence.asked_for is None


def test_an_answer_never_shortens_a_ban() -> None:
    silence = Silence(ReplayClock(NOW))
    for seconds in ("90", "10"):
        silence.hear(418, {"Retry-After": seconds}, "")
    assert silence.asked_for == NOW + timedelta(seconds=90)


@pytest.mark.parametrize("offset", [-30_000, 30_000])
def test_a_venue_whose_clock_is_another_one_shows_by_how_much(
    desk: Desk, offset: int, make_intent: Callable[..., OrderIntent]
) -> None:
    assert desk.exchange.clock_skew() == timedelta(0)
    desk.server.clock_offset_ms = offset
    skew = desk.exchange.clock_skew()
    assert skew is not None
    wrong = skew - timedelta(milliseconds=offset)
    assert abs(wrong) < timedelta(seconds=5)
    # and what is signed goes by the venue's clock from now on
    assert desk.exchange.submit(make_intent(), desk.permit()).filled > 0


def test_where_no_signature_carries_the_time_nobody_asks_for_it(
    stack: ExitStack, make_account: Callable[..., Account]
) -> None:
    book = gemini.standard_book({"BTC/USD": Decimal(60_000)}, {"USD": Decimal(10_000)})
    server = stack.enter_context(gemini.GeminiVenue(book))
    options = {**gemini.ccxt_options(server), **FAST}
    desk = Desk(server, make_account(exchange="gemini", quote="USD", exchange_options=options))
    stack.callback(desk.exchange.close)
    assert desk.exchange.clock_skew() is None
    assert server.requests == []
