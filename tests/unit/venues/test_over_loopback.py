"""ccxt against Binance and Gemini on loopback: what is asked, and what becomes of trouble."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.adapters.clock import ReplayClock, SystemClock
from chalicelib.adapters.venues.ccxt import parsing
from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.adapters.venues.ccxt.exchange import CcxtExchange
from chalicelib.adapters.venues.ccxt.market_data import PublicTickers
from chalicelib.domain.errors import (
    ExchangeUnavailable,
    OrderNotPlaced,
    OrderRejected,
    OutcomeUnknown,
)
from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.order import OrderIntent, OrderStatus, OrderType, TimeInForce
from chalicelib.ports import Clock
from tests.venues import binance, gemini
from tests.venues.binance_limits import BinanceLimits
from tests.venues.binance_wire import ORDER, SPOT
from tests.venues.faults import Fault, FaultKind
from tests.venues.loopback import json_answer

SOON = timedelta(seconds=20)
FAST = {"rateLimit": 1, "timeout_on_exit": 0, "timeout": 20_000}
PRICES = {
    "BTC/USDT": Decimal("60000.12"),
    "ETH/USDT": Decimal("2500.5"),
    "SOL/USDT": Decimal("150.25"),
}
NEW_ORDER = "/v1/order/new"

Connect = Callable[..., CcxtExchange]


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the venues run on the machine's time


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def venue(stack: ExitStack) -> binance.BinanceVenue:
    book = binance.standard_book(PRICES, {"USDT": Decimal(10000)})
    limits = BinanceLimits(orders_per_10_seconds=2)
    return stack.enter_context(binance.BinanceVenue(book, limits=limits))


@pytest.fixture
def gemini_venue(stack: ExitStack) -> gemini.GeminiVenue:
    prices = {"BTC/USD": Decimal("60000.12"), "ETH/USD": Decimal(2500), "SOL/USD": Decimal(150)}
    book = gemini.standard_book(prices, {"USD": Decimal(10000)})
    limits = gemini.GeminiLimits(public_per_minute=60_000, private_per_minute=60_000)
    return stack.enter_context(gemini.GeminiVenue(book, limits=limits))


@pytest.fixture
def connected(stack: ExitStack, make_account: Callable[..., Account]) -> Connect:
    def make(server: Any, clock: Clock | None = None, **options: Any) -> CcxtExchange:
        module = binance if server.name == "binance" else gemini
        given = {**module.ccxt_options(server), **FAST, **options}
        account = make_account(exchange=server.name, exchange_options=given)
        exchange = connect(account, {}, clock or SystemClock())
        stack.callback(exchange.close)
        return exchange

    return make


def test_filters_are_read_once_an_hour(venue: binance.BinanceVenue, connected: Connect) -> None:
    start = _now()
    clock = ReplayClock(start)
    exchange = connected(venue, clock)
    for minutes, readings in ((0, 1), (59, 1), (60, 2), (61, 2)):
        clock.advance_to(start + timedelta(minutes=minutes))
        exchange.instruments(["BTC/USDT"])
        assert venue.count(f"{SPOT}/exchangeInfo") == readings


def test_only_the_filters_that_are_needed_are_read(
    venue: binance.BinanceVenue, connected: Connect
) -> None:
    found = connected(venue).instruments(["BTC/USDT", "ETH/USDT"])

    [asked] = venue.logged(f"{SPOT}/exchangeInfo")
    assert asked.arguments["symbols"] == '["BTCUSDT","ETHUSDT"]'
    assert set(found) == {"BTC/USDT", "ETH/USDT"}


def test_a_symbol_that_does_not_exist_hides_no_other(
    venue: binance.BinanceVenue, connected: Connect
) -> None:
    exchange = connected(venue)

    assert set(exchange.instruments(["BTC/USDT", "NOSUCH/COIN"])) == {"BTC/USDT"}
    assert set(exchange.tickers(["BTC/USDT", "NOSUCH/COIN"])) == {"BTC/USDT"}


def test_symbols_asked_for_later_join_those_known(
    gemini_venue: gemini.GeminiVenue, connected: Connect
) -> None:
    exchange = connected(gemini_venue)
    exchange.instruments(["BTC/USD"])

    assert set(exchange.instruments(["ETH/USD"])) == {"ETH/USD"}
    assert set(exchange.instruments(["BTC/USD", "ETH/USD"])) == {"BTC/USD", "ETH/USD"}
    assert gemini_venue.count("/v1/symbols/details/solusd") == 0
    assert gemini_venue.count("/v1/symbols/details/ethusd") == 1


def test_all_prices_come_in_one_request(venue: binance.BinanceVenue, connected: Connect) -> None:
    exchange = connected(venue)
    tickers = exchange.tickers(list(PRICES))

    assert {symbol: ticker.last for symbol, ticker in tickers.items()} == PRICES
    assert venue.count(f"{SPOT}/ticker") == 1


def test_binances_answer_needs_no_second_question(
    venue: binance.BinanceVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    exchange = connected(venue)
    exchange.instruments(["BTC/USDT"])
    exchange.submit(make_intent(), _now() + SOON)

    paths = [entry.path.removeprefix(SPOT) for entry in venue.requests]
    assert paths == ["/exchangeInfo", "/time", "/order"]


def test_geminis_answer_needs_one_more_for_the_trades(
    gemini_venue: gemini.GeminiVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    exchange = connected(gemini_venue)
    exchange.submit(make_intent(symbol="BTC/USD"), _now() + SOON)

    paths = [entry.path for entry in gemini_venue.requests if entry.method == "POST"]
    assert paths == [NEW_ORDER, "/v1/order/status"]


def test_an_order_whose_trades_are_not_to_be_seen_yet_is_accepted(
    gemini_venue: gemini.GeminiVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    gemini_venue.add_fault(Fault(kind=FaultKind.INVISIBLE, path=NEW_ORDER, seconds=60))
    intent = make_intent(symbol="BTC/USD")
    exchange = connected(gemini_venue)
    sent_at = _now()

    report = exchange.submit(intent, sent_at + SOON)
    gemini_venue.clock_offset_ms = 61_000
    found = exchange.find(intent, sent_at)

    assert (report.status, report.filled, report.fills) == (OrderStatus.ACCEPTED, ZERO, ())
    assert found is not None
    assert (found.status, found.filled) == (OrderStatus.FILLED, Decimal("0.01"))
    assert found.venue_order_id == report.venue_order_id


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.HANG, after=True, seconds=3.0),
        Fault(kind=FaultKind.HANG, seconds=3.0),
        Fault(kind=FaultKind.GARBAGE, after=True),
        Fault(kind=FaultKind.ERROR_500),
        Fault(kind=FaultKind.ERROR_503),
        Fault(kind=FaultKind.ERROR_502),
    ],
    ids=lambda fault: f"{fault.kind} {'after' if fault.after else 'before'}",
)
@pytest.mark.parametrize("name", ["venue", "gemini_venue"])
def test_what_leaves_the_order_unknown(
    request: pytest.FixtureRequest,
    connected: Connect,
    make_intent: Callable[..., OrderIntent],
    name: str,
    fault: Fault,
) -> None:
    server = request.getfixturevalue(name)
    path, symbol = (ORDER, "BTC/USDT") if name == "venue" else (NEW_ORDER, "BTC/USD")
    is_silent = fault.kind is FaultKind.HANG
    exchange = connected(server, **({"timeout": 1500} if is_silent else {}))
    exchange.balances()
    server.add_fault(
        Fault(kind=fault.kind, after=fault.after, seconds=fault.seconds, method="POST", path=path)
    )
    with pytest.raises(OutcomeUnknown):
        exchange.submit(make_intent(symbol=symbol), _now() + SOON)

    assert server.count(path, "POST") == 1


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMIT, FaultKind.BAN])
def test_a_refused_hurry_says_when_to_come_back(
    venue: binance.BinanceVenue,
    connected: Connect,
    make_intent: Callable[..., OrderIntent],
    kind: FaultKind,
) -> None:
    venue.add_fault(Fault(kind=kind, method="POST", path=ORDER))
    before = _now()
    with pytest.raises(OrderNotPlaced) as refusal:
        connected(venue).submit(make_intent(), _now() + SOON)

    assert refusal.value.retry_at is not None
    assert refusal.value.retry_at >= before + timedelta(seconds=1)
    assert venue.orders == []


def test_too_many_orders_are_not_placed_for_now(
    venue: binance.BinanceVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    exchange = connected(venue)
    for number in range(2):
        intent = make_intent(client_order_id=f"b358bcf5-1d41-5057-bda6-f8dd7256048{number}")
        exchange.submit(intent, _now() + SOON)
    with pytest.raises(OrderNotPlaced) as refusal:
        exchange.submit(make_intent(), _now() + SOON)

    assert refusal.value.retry_at is not None
    assert len(venue.orders) == 2


def test_the_venues_clock_is_measured_and_measured_again_when_it_jumps(
    venue: binance.BinanceVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    venue.clock_offset_ms = -3_600_000
    exchange = connected(venue)
    first = make_intent(client_order_id="b358bcf5-1d41-5057-bda6-f8dd72560480")
    assert exchange.submit(first, _now() + SOON).status is OrderStatus.FILLED

    venue.clock_offset_ms = 3_600_000
    with pytest.raises(OrderNotPlaced):
        exchange.submit(make_intent(), _now() + SOON)
    assert exchange.submit(make_intent(), _now() + SOON).status is OrderStatus.FILLED


def test_the_permit_counts_when_the_request_leaves_not_when_it_queues(
    venue: binance.BinanceVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    exchange = connected(venue, rateLimit=100)  # 20 weights of exchangeInfo: 400 ms to wait
    exchange.tickers(["BTC/USDT"])
    exchange.balances()
    with pytest.raises(OrderNotPlaced, match="permit"):
        exchange.submit(make_intent(), _now() + timedelta(milliseconds=100))

    assert venue.count(ORDER) == 0


def test_an_id_that_is_open_already_is_no_refusal(
    venue: binance.BinanceVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    exchange = connected(venue)
    resting = make_intent(limit_price=Decimal(30000), time_in_force=TimeInForce.GTC)
    exchange.submit(resting, _now() + SOON)
    with pytest.raises(OutcomeUnknown):
        exchange.submit(resting, _now() + SOON)


def test_a_filled_id_sent_again_would_be_a_second_order(
    venue: binance.BinanceVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    """Why nothing may be sent again before a lookup: the venue itself does not object."""
    exchange = connected(venue)
    exchange.submit(make_intent(), _now() + SOON)
    exchange.submit(make_intent(), _now() + SOON)

    assert len(venue.orders) == 2


def test_a_market_order_where_the_venue_has_them(
    venue: binance.BinanceVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    report = connected(venue).submit(make_intent(type=OrderType.MARKET), _now() + SOON)

    assert (report.status, report.filled) == (OrderStatus.FILLED, Decimal("0.01"))


def test_a_market_order_where_the_venue_has_none(
    gemini_venue: gemini.GeminiVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    intent = make_intent(symbol="BTC/USD", type=OrderType.MARKET)
    with pytest.raises(OrderRejected) as refusal:
        connected(gemini_venue).submit(intent, _now() + SOON)

    assert refusal.value.code == "ORDER_TYPE_UNSUPPORTED"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": Decimal("0.010000001")}, "QUANTITY_INVALID"),
        ({"limit_price": Decimal("60100.001")}, "PRICE_INVALID"),
        ({"quantity": Decimal("0.00001")}, "NOTIONAL_BELOW_MINIMUM"),
    ],
)
def test_numbers_that_ccxt_would_bend_are_refused_instead(
    venue: binance.BinanceVenue,
    connected: Connect,
    make_intent: Callable[..., OrderIntent],
    changes: dict[str, Any],
    code: str,
) -> None:
    with pytest.raises(OrderRejected) as refusal:
        connected(venue).submit(make_intent(**changes), _now() + SOON)

    assert refusal.value.code == code
    assert venue.orders == []


def test_a_wrong_key_is_named_without_being_shown(
    venue: binance.BinanceVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    exchange = connected(venue, apiKey="wrong-key-0001", secret="wrong-secret-0001")
    with pytest.raises(OrderRejected) as refusal:
        exchange.submit(make_intent(), _now() + SOON)
    with pytest.raises(ExchangeUnavailable) as failure:
        exchange.balances()

    assert refusal.value.code == "AUTHENTICATION_FAILED"
    for text in (str(refusal.value), str(failure.value)):
        assert "wrong-" not in text
        assert venue.url not in text


def test_when_filters_cannot_be_read_nothing_is_sent(
    venue: binance.BinanceVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    venue.add_fault(Fault(kind=FaultKind.CUT, path=f"{SPOT}/exchangeInfo", times=9))
    with pytest.raises(OrderNotPlaced, match="nothing was sent"):
        connected(venue).submit(make_intent(), _now() + SOON)

    assert venue.count(ORDER) == 0


def test_a_lookup_that_fails_is_not_an_absent_order(
    venue: binance.BinanceVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    exchange = connected(venue)
    exchange.submit(make_intent(), _now() + SOON)
    for path in (ORDER, f"{SPOT}/myTrades"):
        venue.add_fault(Fault(kind=FaultKind.CUT, method="GET", path=path, times=2))
        with pytest.raises(ExchangeUnavailable) as failure:
            exchange.find(make_intent(), _now())
        assert venue.url not in str(failure.value)
        assert "signature" not in str(failure.value)


def test_no_key_reaches_a_log_however_much_is_logged(
    venue: binance.BinanceVenue,
    connected: Connect,
    make_intent: Callable[..., OrderIntent],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    exchange = connected(venue)
    exchange.submit(make_intent(), _now() + SOON)

    logged = " ".join(record.getMessage() for record in caplog.records)
    for secret in (binance.API_KEY, binance.SECRET, "signature="):
        assert secret not in logged


def test_requests_that_start_together_ask_for_the_time_once(
    venue: binance.BinanceVenue, connected: Connect
) -> None:
    exchange = connected(venue)
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda _: exchange.balances(), range(5)))

    assert venue.count(f"{SPOT}/time") == 1


def test_prices_and_filters_without_an_account(venue: binance.BinanceVenue) -> None:
    options = {**binance.ccxt_options(venue), **FAST, "apiKey": "", "secret": ""}
    public = PublicTickers("binance", options, SystemClock())
    try:
        assert public.tickers(["BTC/USDT"])["BTC/USDT"].last == PRICES["BTC/USDT"]
        assert public.instruments(["BTC/USDT"])["BTC/USDT"].minimum_notional == 5
    finally:
        public.close()
    assert venue.count(f"{SPOT}/time") == 0


class BinanceWithCandles(binance.BinanceVenue):
    """Daily candles up to the unfinished day of the machine's clock."""

    def respond(self, request: Any, fault: Fault | None) -> Any:
        if request.path != f"{SPOT}/klines":
            return super().respond(request, fault)
        midnight = _now().replace(hour=0, minute=0, second=0, microsecond=0)
        limit = int(request.params["limit"])
        days = [midnight - timedelta(days=back) for back in reversed(range(limit))]
        rows = [
            [parsing.milliseconds(day), "1", "1", "1", f"{60000 + number}.10", "1"]
            for number, day in enumerate(days)
        ]
        return json_answer(rows)


def test_amounts_longer_than_a_float_arrive_whole(stack: ExitStack, connected: Connect) -> None:
    held = Decimal("12345678901.12345678")
    book = gemini.standard_book({"BTC/USD": Decimal(1)}, {"USD": held})
    server = stack.enter_context(gemini.GeminiVenue(book))

    assert connected(server).balances()["USD"].free == held


def test_daily_closes_leave_out_today(stack: ExitStack, connected: Connect) -> None:
    book = binance.standard_book(PRICES, {"USDT": Decimal(1)})
    server = stack.enter_context(BinanceWithCandles(book))

    closes = connected(server).daily_closes("BTC/USDT", 3)

    assert closes == [Decimal("60000.10"), Decimal("60001.10"), Decimal("60002.10")]


def test_after_close_nothing_is_sent(
    venue: binance.BinanceVenue, connected: Connect, make_intent: Callable[..., OrderIntent]
) -> None:
    exchange = connected(venue)
    exchange.instruments(["BTC/USDT"])
    exchange.close()
    with pytest.raises(OrderNotPlaced, match="closed"):
        exchange.submit(make_intent(), _now() + SOON)
    with pytest.raises(ExchangeUnavailable, match="closed"):
        exchange.balances()

    assert venue.count(ORDER) == 0
