"""A venue that answers 200 with half a page has said nothing, least of all that nothing is."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.adapters.venues.ccxt.exchange import CcxtExchange
from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.order import OrderIntent
from tests.venues import binance, gemini
from tests.venues.faults import Fault, FaultKind
from tests.venues.server import VenueServer

PATHS = {
    "binance": {
        "balances": "/api/v3/account",
        "find": "/api/v3/order",
        "tickers": "/api/v3/ticker",
    },
    "gemini": {"balances": "/v1/balances", "find": "/v1/order/status", "tickers": "/v1/pricefeed"},
}


@pytest.fixture(params=["binance", "gemini"])
def venue(request: pytest.FixtureRequest) -> Iterator[VenueServer]:
    module, quote = (binance, "USDT") if request.param == "binance" else (gemini, "USD")
    book = module.standard_book({f"BTC/{quote}": Decimal(60_000)}, {quote: Decimal(10_000)})
    server = binance.BinanceVenue(book) if module is binance else gemini.GeminiVenue(book)
    with server:
        yield server


@pytest.fixture
def exchange(venue: VenueServer) -> Iterator[CcxtExchange]:
    module = binance if venue.name == "binance" else gemini
    options = {**module.ccxt_options(venue), "rateLimit": 1}
    keys = {"api-key": options.pop("apiKey"), "api-secret": options.pop("secret")}
    account = Account(
        name="main",
        exchange=venue.name,
        mode=Mode.SANDBOX,
        quote="USDT" if venue.name == "binance" else "USD",
        exchange_options=options,
    )
    with ExitStack() as stack:
        connected = connect(account, keys, SystemClock())
        stack.callback(connected.close)
        yield connected


@pytest.mark.parametrize("question", ["balances", "find", "tickers"])
def test_a_garbled_answer_is_no_answer(
    venue: VenueServer,
    exchange: CcxtExchange,
    make_intent: Callable[..., OrderIntent],
    question: str,
) -> None:
    symbol = "BTC/USDT" if venue.name == "binance" else "BTC/USD"
    since = datetime.now(UTC) - timedelta(minutes=1)  # noqa: TID251 - the venue's time is real
    ask: dict[str, Callable[[], object]] = {
        "balances": exchange.balances,
        "find": lambda: exchange.find(make_intent(symbol=symbol), since),
        "tickers": lambda: exchange.tickers([symbol]),
    }
    ask[question]()
    venue.add_fault(Fault(kind=FaultKind.GARBAGE, path=PATHS[venue.name][question]))

    with pytest.raises(ExchangeUnavailable, match="did not answer in JSON"):
        ask[question]()

    ask[question]()
