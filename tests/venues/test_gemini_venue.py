"""The fake Gemini, asked by the real ccxt over HTTP."""

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.venues.faults import Fault, FaultKind
from tests.venues.gemini import GeminiLimits, GeminiVenue, ccxt_options, standard_book
from tests.venues.matching import Book

NEW = "/v1/order/new"
PLENTY = GeminiLimits(public_per_minute=6_000, private_per_minute=6_000)


def book() -> Book:
    prices = {"BTC/USD": Decimal(60_000), "ETH/USD": Decimal(3_000)}
    return standard_book(prices, {"USD": Decimal(10_000)})


@pytest.fixture
def venue() -> Iterator[GeminiVenue]:
    with GeminiVenue(book(), limits=PLENTY) as venue:
        yield venue


def client(venue: GeminiVenue, **options: Any) -> Any:
    exchange = ccxt.gemini(
        {**ccxt_options(venue), "number": str, "enableRateLimit": False, **options}
    )
    exchange.set_sandbox_mode(True)
    return exchange


def buy(exchange: Any, client_id: str = "one", price: str = "60060", **params: Any) -> Any:
    params = {"timeInForce": "IOC", "clientOrderId": client_id, **params}
    return exchange.create_order("BTC/USD", "limit", "buy", "0.01", price, params)


def raw_order(exchange: Any, **changes: object) -> Any:
    """Past ccxt's rounding, to reach the venue's own checks."""
    asked = {
        "symbol": "btcusd",
        "side": "buy",
        "type": "exchange limit",
        "amount": "0.01",
        "price": "60000",
        **changes,
    }
    return exchange.privatePostV1OrderNew(asked)


def test_markets_come_with_increments_and_prices_in_one_call(venue: GeminiVenue) -> None:
    exchange = client(venue)

    market = exchange.load_markets()["BTC/USD"]
    tickers = exchange.fetch_tickers(["BTC/USD", "ETH/USD"])

    assert market["precision"] == {"amount": "1e-08", "price": "0.01"}
    assert exchange.amount_to_precision("BTC/USD", "0.0123456789") == "0.01234567"
    assert {symbol: ticker["last"] for symbol, ticker in tickers.items()} == {
        "BTC/USD": "60000",
        "ETH/USD": "3000",
    }
    assert [entry.path for entry in venue.logged()] == [
        "/v1/symbols",
        "/v1/symbols/details/btcusd",
        "/v1/symbols/details/ethusd",
        "/v1/pricefeed",
    ]


def test_an_ioc_order_fills_what_there_is_and_pays_its_fee_in_the_quote(
    venue: GeminiVenue,
) -> None:
    venue.set_liquidity("BTC/USD", Decimal("0.004"))
    exchange = client(venue)

    order = buy(exchange)

    assert (order["status"], order["filled"], order["average"]) == ("canceled", "0.004", "60000")
    assert order["info"]["reason"] == "ImmediateOrCancelWouldPost"
    balance = exchange.fetch_balance()
    assert balance["USD"] == {"free": "9759.04", "used": "0", "total": "9759.04"}
    assert balance["BTC"]["free"] == "0.004"
    # The unified fetch_order sends both ids, which the venue refuses: ask the endpoint itself.
    with pytest.raises(ccxt.ExchangeError, match="cannot be used in combination"):
        exchange.fetch_order(None, "BTC/USD", {"client_order_id": "one"})
    answer = exchange.privatePostV1OrderStatus({"client_order_id": "one", "include_trades": True})
    assert exchange.parse_order(answer)["id"] == order["id"]
    assert [trade["fee_amount"] for trade in answer["trades"]] == ["0.96"]
    (trade,) = exchange.fetch_my_trades("BTC/USD")
    assert (trade["order"], trade["amount"]) == (order["id"], "0.004")
    assert trade["fee"] == {"currency": "USD", "cost": "0.96"}
    assert trade["info"]["client_order_id"] == "one"


def test_a_buyer_of_all_he_can_pay_lacks_the_fee(venue: GeminiVenue) -> None:
    exchange = client(venue)
    with pytest.raises(ccxt.InsufficientFunds):
        raw_order(exchange, amount="0.16666666")

    raw_order(exchange, amount="0.16600265")

    assert 0 <= venue.book.balance("USD").free < Decimal("0.01")


def test_a_resting_order_fills_or_is_cancelled(venue: GeminiVenue) -> None:
    exchange = client(venue)
    first = exchange.create_order("BTC/USD", "limit", "buy", "0.01", "50000")
    second = exchange.create_order("BTC/USD", "limit", "buy", "0.01", "40000")

    venue.set_price("BTC/USD", Decimal(49_000))

    assert exchange.fetch_order(first["id"])["status"] == "closed"
    assert [order["id"] for order in exchange.fetch_open_orders("BTC/USD")] == [second["id"]]
    cancelled = exchange.cancel_order(second["id"])
    assert (cancelled["status"], cancelled["info"]["reason"]) == ("canceled", "Requested")
    assert venue.book.balance("USD").locked == 0


@pytest.mark.parametrize(
    ("time_in_force", "reason"),
    [("FOK", "FillOrKillWouldNotFill"), ("PO", "MakerOrCancelWouldTake")],
)
def test_an_option_that_cannot_be_kept_cancels_the_order_unfilled(
    venue: GeminiVenue, time_in_force: str, reason: str
) -> None:
    venue.set_liquidity("BTC/USD", Decimal("0.004"))

    order = buy(client(venue), timeInForce=time_in_force)

    assert (order["status"], order["filled"]) == ("canceled", "0")
    assert order["info"]["reason"] == reason


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"amount": "0.000000001"}, ccxt.InvalidOrder, "quantity"),
        ({"amount": "0.000001"}, ccxt.InvalidOrder, "quantity"),
        ({"amount": "1e-5"}, ccxt.InvalidOrder, "quantity"),
        ({"price": "60000.001"}, ccxt.InvalidOrder, "price"),
        ({"amount": "1"}, ccxt.InsufficientFunds, "funds"),
        ({"symbol": "dogeusd"}, ccxt.BadRequest, "symbol"),
        ({"type": "exchange market"}, ccxt.InvalidOrder, "exchange limit"),
        ({"side": "hold"}, ccxt.InvalidOrder, "Side"),
        ({"options": ["auction-only"]}, ccxt.BadRequest, "Option"),
        ({"options": ["fill-or-kill", "maker-or-cancel"]}, ccxt.BadRequest, "one option"),
    ],
)
def test_the_venue_refuses_what_it_cannot_trade(
    venue: GeminiVenue, changes: dict[str, object], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        raw_order(client(venue), **changes)

    assert type(caught.value) is error
    assert venue.orders == []


def test_a_client_id_is_no_lock(venue: GeminiVenue) -> None:
    exchange = client(venue)

    buy(exchange)
    buy(exchange)

    assert [order.request.client_id for order in venue.orders] == ["one", "one"]


def test_a_stranger_is_refused(venue: GeminiVenue) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="InvalidSignature"):
        client(venue, secret="wrong").fetch_balance()
    with pytest.raises(ccxt.AuthenticationError, match="Invalid API key"):
        client(venue, apiKey="account-wrong").fetch_balance()


def test_a_nonce_must_rise_over_all_users_of_the_key(venue: GeminiVenue) -> None:
    ahead, behind = client(venue), client(venue)
    ahead.options["lastNonce"] = ahead.milliseconds() + 60_000
    ahead.fetch_balance()

    with pytest.raises(ccxt.InvalidNonce, match="has not increased"):
        behind.fetch_balance()


def test_a_later_call_fences_an_order_that_is_still_on_its_way(venue: GeminiVenue) -> None:
    exchange = client(venue)
    exchange.load_markets()
    exchange.timeout = 1_000
    venue.add_fault(Fault(kind=FaultKind.LATE, path=NEW, seconds=5))
    with pytest.raises(ccxt.RequestTimeout):
        buy(exchange)

    exchange.timeout = 20_000
    exchange.fetch_balance()

    (late,) = venue.logged(NEW)
    while not late.status:
        time.sleep(0.01)
    assert late.status == 400
    assert venue.orders == []


def test_requests_beyond_the_rate_are_refused_until_time_has_passed() -> None:
    limits = GeminiLimits(public_per_minute=6_000, private_per_minute=60, burst=5)
    with GeminiVenue(book(), limits=limits, clock=lambda: 1_700_000_000_000) as venue:
        exchange = client(venue)
        for _ in range(6):
            exchange.fetch_balance()
        with pytest.raises(ccxt.RateLimitExceeded):
            exchange.fetch_balance()

        venue.clock_offset_ms = 1_000
        exchange.fetch_balance()
        with pytest.raises(ccxt.RateLimitExceeded):
            exchange.fetch_balance()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.CUT, ccxt.NetworkError),
        (FaultKind.HANG, ccxt.RequestTimeout),
        (FaultKind.ERROR_500, ccxt.ExchangeError),
        (FaultKind.ERROR_503, ccxt.OnMaintenance),
        (FaultKind.ERROR_502, ccxt.ExchangeNotAvailable),
        (FaultKind.RATE_LIMIT, ccxt.RateLimitExceeded),
        (FaultKind.BAN, ccxt.DDoSProtection),
    ],
)
def test_a_fault_looks_the_same_before_and_after_acceptance(
    venue: GeminiVenue, kind: FaultKind, error: type[Exception], *, after: bool
) -> None:
    exchange = client(venue)
    exchange.load_markets()
    if kind is FaultKind.HANG:
        exchange.timeout = 300
    venue.add_fault(Fault(kind=kind, path=NEW, after=after, seconds=2))

    with pytest.raises(error) as caught:
        buy(exchange)

    assert type(caught.value) is error
    assert len(venue.orders) == (1 if after else 0)


def test_a_garbled_answer_looks_like_a_closed_order_without_id(venue: GeminiVenue) -> None:
    venue.add_fault(Fault(kind=FaultKind.GARBAGE, path=NEW))

    order = buy(client(venue))

    assert (order["id"], order["status"]) == (None, "closed")
    assert venue.orders == []


def test_an_accepted_order_can_stay_unseen_for_a_while(venue: GeminiVenue) -> None:
    exchange = client(venue)
    venue.add_fault(Fault(kind=FaultKind.INVISIBLE, path=NEW, seconds=5))
    buy(exchange)
    with pytest.raises(ccxt.OrderNotFound):
        exchange.privatePostV1OrderStatus({"client_order_id": "one"})
    assert exchange.fetch_my_trades("BTC/USD") == []

    venue.clock_offset_ms = 5_000

    assert exchange.privatePostV1OrderStatus({"client_order_id": "one"})["is_live"] is False
