"""The fake KuCoin, asked by the real ccxt over HTTP."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.venues.faults import Fault, FaultKind
from tests.venues.kucoin import (
    HF_ORDERS,
    KucoinLimits,
    KucoinVenue,
    ccxt_options,
    standard_book,
)
from tests.venues.matching import Book


def book() -> Book:
    prices = {"BTC/USDT": Decimal(60_000), "ETH/USDT": Decimal(3_000)}
    return standard_book(prices, {"USDT": Decimal(10_000)})


@pytest.fixture
def venue() -> Iterator[KucoinVenue]:
    with KucoinVenue(book()) as venue:
        yield venue


def client(venue: KucoinVenue, **options: Any) -> Any:
    return ccxt.kucoin({**ccxt_options(venue), "number": str, "enableRateLimit": False, **options})


def buy(exchange: Any, client_id: str = "one", price: str = "60060", **params: Any) -> Any:
    params = {"timeInForce": "IOC", "clientOid": client_id, **params}
    return exchange.create_order("BTC/USDT", "limit", "buy", "0.01", price, params)


def raw_order(exchange: Any, **changes: str) -> Any:
    """Past ccxt's rounding, to reach the venue's own checks."""
    asked = {
        "symbol": "BTC-USDT",
        "side": "buy",
        "type": "limit",
        "size": "0.01",
        "price": "60000",
        "clientOid": "one",
        **changes,
    }
    return exchange.privatePostHfOrders(asked)


@pytest.mark.parametrize("classic", [False, True])
def test_an_answer_names_the_order_and_our_id_finds_the_rest(
    venue: KucoinVenue, *, classic: bool
) -> None:
    venue.classic = classic
    venue.set_liquidity("BTC/USDT", Decimal("0.004"))
    exchange = client(venue)

    order = buy(exchange)
    found = exchange.fetch_order(None, "BTC/USDT", {"clientOid": "one"})
    [trade] = exchange.fetch_order_trades(order["id"], "BTC/USDT")

    assert (order["status"], order["filled"]) == (None, None)
    assert (found["id"], found["status"], found["filled"]) == (order["id"], "canceled", "0.004")
    assert (trade["order"], trade["amount"]) == (order["id"], "0.004")
    assert trade["fee"] == {"currency": "USDT", "cost": "0.24", "rate": "0.001"}
    assert exchange.fetch_balance()["USDT"]["free"] == "9759.76"
    assert (venue.count(HF_ORDERS) == 0) is classic


def test_a_resting_order_holds_its_price_and_its_fee_until_it_is_cancelled(
    venue: KucoinVenue,
) -> None:
    exchange = client(venue)
    order = buy(exchange, price="50000", timeInForce="GTC")
    assert exchange.fetch_balance()["USDT"]["used"] == "500.5"
    assert [one["id"] for one in exchange.fetch_open_orders("BTC/USDT")] == [order["id"]]

    exchange.cancel_order(order["id"], "BTC/USDT")

    assert exchange.fetch_open_orders("BTC/USDT") == []
    assert venue.book.balance("USDT").free == 10_000
    with pytest.raises(ccxt.OrderNotFound):
        exchange.cancel_order(order["id"], "BTC/USDT")


def test_a_client_id_is_unique_among_open_orders_only(venue: KucoinVenue) -> None:
    exchange = client(venue)
    order = buy(exchange, price="50000", timeInForce="GTC")
    with pytest.raises(ccxt.BadRequest, match="clientOidDuplicated"):
        buy(exchange)
    exchange.cancel_order(order["id"], "BTC/USDT")

    buy(exchange)
    buy(exchange)

    assert [order.status for order in venue.orders] == ["CANCELED", "FILLED", "FILLED"]


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"size": "0.000000001"}, ccxt.InvalidOrder, "below the minimum"),
        ({"price": "60000.05"}, ccxt.InsufficientFunds, "price increment"),
        ({"size": "0.00001", "price": "5000"}, ccxt.InvalidOrder, "order funds"),
        ({"size": "1"}, ccxt.InsufficientFunds, "200004"),
        ({"size": "1e-5"}, ccxt.BadRequest, "sizeIsInvalid"),
        ({"symbol": "DOGE-USDT"}, ccxt.BadSymbol, "trading pair"),
        ({"clientOid": ""}, ccxt.BadRequest, "clientOidIsRequired"),
        ({"clientOid": "x" * 41}, ccxt.BadRequest, "clientOid"),
    ],
)
def test_the_venue_refuses_what_it_cannot_trade(
    venue: KucoinVenue, changes: dict[str, str], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        raw_order(client(venue), **changes)

    assert type(caught.value) is error
    assert venue.orders == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"apiKey": "wrong"}, "400003"),
        ({"password": "wrong"}, "400004"),
        ({"secret": "wrong"}, "400004"),  # the passphrase is signed too, and looked at first
    ],
)
def test_a_stranger_is_refused(venue: KucoinVenue, options: dict[str, str], code: str) -> None:
    with pytest.raises(ccxt.AuthenticationError, match=code):
        client(venue, **options).privateGetHfAccountsOpened()


@pytest.mark.parametrize("offset_ms", [6_000, -6_000])
def test_a_clock_that_is_off_is_refused_until_it_is_corrected(
    venue: KucoinVenue, offset_ms: int
) -> None:
    exchange = client(venue)
    venue.clock_offset_ms = offset_ms
    with pytest.raises(ccxt.InvalidNonce, match="400002"):
        exchange.fetch_balance()

    exchange.load_time_difference()

    assert exchange.fetch_balance()["USDT"]["free"] == "10000"


def test_spent_weight_is_refused_until_the_next_half_minute() -> None:
    limits = KucoinLimits(weight_per_30_seconds=4)
    with KucoinVenue(book(), limits=limits, clock=lambda: 1_700_000_010_000) as venue:
        exchange = client(venue)
        for _ in range(2):
            exchange.publicGetTimestamp()
        with pytest.raises(ccxt.RateLimitExceeded, match="429000"):
            exchange.publicGetTimestamp()

        venue.clock_offset_ms = 30_000
        exchange.publicGetTimestamp()


def test_trades_come_twenty_at_a_time_unless_more_are_asked_for(venue: KucoinVenue) -> None:
    exchange = client(venue)
    order = buy(exchange, price="50000", timeInForce="GTC")
    venue.set_liquidity("BTC/USDT", Decimal(0))
    venue.set_price("BTC/USDT", Decimal(49_000))
    for _ in range(25):
        venue.set_liquidity("BTC/USDT", Decimal("0.0001"))

    assert len(exchange.fetch_order_trades(order["id"], "BTC/USDT")) == 20
    assert len(exchange.fetch_order_trades(order["id"], "BTC/USDT", None, 100)) == 25


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.CUT, ccxt.NetworkError),
        (FaultKind.HANG, ccxt.RequestTimeout),
        (FaultKind.ERROR_500, ccxt.ExchangeNotAvailable),
        (FaultKind.ERROR_503, ccxt.ExchangeNotAvailable),
        (FaultKind.ERROR_502, ccxt.ExchangeNotAvailable),
        (FaultKind.RATE_LIMIT, ccxt.RateLimitExceeded),
        (FaultKind.BAN, ccxt.RateLimitExceeded),
    ],
)
def test_a_fault_looks_the_same_before_and_after_acceptance(
    venue: KucoinVenue, kind: FaultKind, error: type[Exception], *, after: bool
) -> None:
    exchange = client(venue)
    if kind is FaultKind.HANG:
        exchange.timeout = 300
    venue.add_fault(Fault(kind=kind, method="POST", path=HF_ORDERS, after=after, seconds=2))

    with pytest.raises(error) as caught:
        raw_order(exchange)

    assert type(caught.value) is error
    assert len(venue.orders) == (1 if after else 0)
