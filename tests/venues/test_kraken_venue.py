"""The fake Kraken, asked by the real ccxt over HTTP."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.venues.faults import Fault, FaultKind
from tests.venues.kraken import (
    ADD_ORDER,
    PRIVATE,
    KrakenLimits,
    KrakenVenue,
    ccxt_options,
    standard_book,
)
from tests.venues.matching import Book

PLENTY = KrakenLimits(highest_count=Decimal(10_000))


def book(**balances: int) -> Book:
    prices = {"BTC/USD": Decimal(60_000), "ETH/USD": Decimal(3_000)}
    held = {name: Decimal(amount) for name, amount in balances.items()}
    return standard_book(prices, held or {"USD": Decimal(10_000)})


@pytest.fixture
def venue() -> Iterator[KrakenVenue]:
    with KrakenVenue(book(), limits=PLENTY) as venue:
        yield venue


def client(venue: KrakenVenue, **options: Any) -> Any:
    return ccxt.kraken({**ccxt_options(venue), "number": str, "enableRateLimit": False, **options})


def raw_order(exchange: Any, **changes: str) -> Any:
    """Past ccxt's rounding, to reach the venue's own checks."""
    asked = {
        "pair": "XXBTZUSD",
        "type": "buy",
        "ordertype": "limit",
        "volume": "0.01",
        "price": "60060.0",
        "timeinforce": "IOC",
        "oflags": "fciq",
        "cl_ord_id": "one",
        **changes,
    }
    return exchange.privatePostAddOrder(asked)


def test_an_answer_names_the_order_and_the_lists_tell_the_rest(venue: KrakenVenue) -> None:
    venue.set_liquidity("BTC/USD", Decimal("0.004"))
    exchange = client(venue)
    exchange.load_markets()

    order = exchange.parse_order(raw_order(exchange)["result"])
    [closed] = exchange.fetch_closed_orders("BTC/USD", params={"cl_ord_id": "one"})
    [trade] = exchange.fetch_my_trades("BTC/USD")

    assert (order["status"], order["filled"]) == (None, None)
    assert (closed["id"], closed["status"], closed["filled"]) == (
        order["id"],
        "canceled",
        "0.00400000",
    )
    assert (trade["order"], trade["amount"]) == (order["id"], "0.00400000")
    assert trade["fee"] == {"currency": "USD", "cost": "0.96000000"}
    assert exchange.fetch_balance()["USD"]["free"] == "9759.04"


def test_a_seller_who_says_nothing_pays_in_base_and_the_trade_does_not_tell() -> None:
    """Why we always say it: ccxt reads every fee as one in quote."""
    with KrakenVenue(book(BTC=1), limits=PLENTY) as venue:
        exchange = client(venue)
        raw_order(exchange, type="sell", price="59000", oflags="")
        [trade] = exchange.fetch_my_trades("BTC/USD")
        with pytest.raises(ccxt.InsufficientFunds):
            raw_order(exchange, type="sell", price="59000", volume="0.98996", oflags="")

        assert trade["fee"] == {"currency": "USD", "cost": "0.00004000"}
        assert venue.book.balance("BTC").total == Decimal("0.98996")


def test_a_client_id_is_unique_among_open_orders_only(venue: KrakenVenue) -> None:
    exchange = client(venue)
    raw_order(exchange, price="50000.0", timeinforce="GTC")
    with pytest.raises(ccxt.ExchangeError, match="cl_ord_id already in use"):
        raw_order(exchange)
    exchange.cancel_order(None, "BTC/USD", {"cl_ord_id": "one"})

    raw_order(exchange)
    raw_order(exchange)

    assert [order.status for order in venue.orders] == ["CANCELED", "FILLED", "FILLED"]
    with pytest.raises(ccxt.OrderNotFound, match="Unknown order"):
        exchange.cancel_order(None, "BTC/USD", {"cl_ord_id": "one"})


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"volume": "0.00001"}, ccxt.InvalidOrder, "Order minimum"),
        ({"price": "60000.05"}, ccxt.ExchangeError, "Tick size"),
        ({"volume": "1"}, ccxt.InsufficientFunds, "funds"),
        ({"type": "sell"}, ccxt.InsufficientFunds, "funds"),
        ({"volume": "1e-5"}, ccxt.InvalidOrder, "volume"),
        ({"pair": "DOGEUSD"}, ccxt.ExchangeError, "asset pair"),
        ({"cl_ord_id": "x" * 19}, ccxt.ExchangeError, "cl_ord_id"),
        ({"deadline": "2100-01-01T00:00:00Z"}, ccxt.ExchangeError, "deadline"),
        ({"deadline": "2020-01-01T00:00:00Z"}, ccxt.ExchangeError, "Deadline elapsed"),
    ],
)
def test_the_venue_refuses_with_status_200(
    venue: KrakenVenue, changes: dict[str, str], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        raw_order(client(venue), **changes)

    assert type(caught.value) is error
    assert venue.orders == []
    assert venue.logged(ADD_ORDER)[0].status == 200


def test_a_stranger_is_refused(venue: KrakenVenue) -> None:
    with pytest.raises(ccxt.ExchangeError, match="EAPI:Invalid signature"):
        client(venue, secret="d3Jvbmc=").fetch_balance()
    with pytest.raises(ccxt.AuthenticationError, match="EAPI:Invalid key"):
        client(venue, apiKey="wrong").fetch_balance()


def test_a_nonce_must_rise_over_all_users_of_the_key(venue: KrakenVenue) -> None:
    ahead, behind = client(venue), client(venue)
    ahead.options["lastNonce"] = ahead.milliseconds() + 60_000
    ahead.fetch_balance()

    with pytest.raises(ccxt.InvalidNonce, match="EAPI:Invalid nonce"):
        behind.fetch_balance()


def test_questions_are_counted_until_time_has_passed_and_orders_are_not() -> None:
    limits = KrakenLimits(highest_count=Decimal(5))
    with KrakenVenue(book(), limits=limits, clock=lambda: 1_700_000_000_000) as venue:
        exchange = client(venue)
        exchange.load_markets()
        for _ in range(5):
            exchange.fetch_balance()
        with pytest.raises(ccxt.DDoSProtection, match="Rate limit exceeded"):
            exchange.fetch_balance()
        raw_order(exchange)

        venue.clock_offset_ms = 4_000
        exchange.fetch_balance()


def test_fifty_closed_orders_come_at_a_time_the_newest_first(venue: KrakenVenue) -> None:
    exchange = client(venue)
    for number in range(51):
        raw_order(exchange, volume="0.0001", cl_ord_id=f"order {number}")

    shown = exchange.fetch_closed_orders("BTC/USD")
    [oldest] = exchange.fetch_closed_orders("BTC/USD", params={"cl_ord_id": "order 0"})

    assert len(shown) == 50
    assert oldest["clientOrderId"] == "order 0"
    assert "order 0" not in {order["clientOrderId"] for order in shown}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.CUT, ccxt.NetworkError),
        (FaultKind.HANG, ccxt.RequestTimeout),
        (FaultKind.ERROR_500, ccxt.ExchangeNotAvailable),
        (FaultKind.ERROR_503, ccxt.ExchangeNotAvailable),
        (FaultKind.ERROR_502, ccxt.ExchangeNotAvailable),
        (FaultKind.RATE_LIMIT, ccxt.DDoSProtection),
        (FaultKind.BAN, ccxt.DDoSProtection),
    ],
)
def test_a_fault_looks_the_same_before_and_after_acceptance(
    venue: KrakenVenue, kind: FaultKind, error: type[Exception], *, after: bool
) -> None:
    exchange = client(venue)
    if kind is FaultKind.HANG:
        exchange.timeout = 300
    venue.add_fault(Fault(kind=kind, path=ADD_ORDER, after=after, seconds=2))

    with pytest.raises(error) as caught:
        raw_order(exchange)

    assert type(caught.value) is error
    assert len(venue.orders) == (1 if after else 0)


def test_an_accepted_order_can_stay_unseen_for_a_while(venue: KrakenVenue) -> None:
    venue.visible_after_ms = 5_000
    exchange = client(venue)
    raw_order(exchange)

    assert exchange.fetch_closed_orders("BTC/USD") == []
    assert exchange.fetch_my_trades("BTC/USD") == []
    venue.clock_offset_ms = 5_000
    assert len(exchange.fetch_closed_orders("BTC/USD")) == 1
    assert venue.count(f"{PRIVATE}/ClosedOrders") == 2
