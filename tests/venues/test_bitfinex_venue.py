"""The fake Bitfinex, asked by the real ccxt over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.venues.bitfinex import (
    SUBMIT,
    BitfinexLimits,
    BitfinexVenue,
    ccxt_options,
    standard_book,
)
from tests.venues.faults import Fault, FaultKind
from tests.venues.matching import Book

PLENTY = BitfinexLimits(calls_per_minute=10_000)
MIDNIGHT_MS = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp() * 1000)


def book() -> Book:
    prices = {"BTC/USDT": Decimal(60_000), "ETH/USDT": Decimal(3_000)}
    return standard_book(prices, {"USDT": Decimal(10_000)})


@pytest.fixture
def venue() -> Iterator[BitfinexVenue]:
    with BitfinexVenue(book(), limits=PLENTY) as venue:
        yield venue


def client(venue: BitfinexVenue, **options: Any) -> Any:
    return ccxt.bitfinex(
        {**ccxt_options(venue), "number": str, "enableRateLimit": False, **options}
    )


def raw_order(exchange: Any, **changes: Any) -> Any:
    """Past ccxt's rounding, to reach the venue's own checks."""
    asked = {
        "symbol": "tBTCUST",
        "type": "EXCHANGE IOC",
        "amount": "0.01",
        "price": "60060",
        "cid": 1,
        **changes,
    }
    return exchange.privatePostAuthWOrderSubmit(asked)


def test_an_answer_says_active_and_the_history_tells_what_became_of_it(
    venue: BitfinexVenue,
) -> None:
    venue.set_liquidity("BTC/USDT", Decimal("0.004"))
    exchange = client(venue)
    params = {"timeInForce": "IOC", "cid": 1}

    order = exchange.create_order("BTC/USDT", "limit", "buy", "0.01", "60060", params)
    [closed] = exchange.fetch_closed_orders("BTC/USDT")
    [trade] = exchange.fetch_order_trades(order["id"], "BTC/USDT")

    assert (order["status"], order["filled"]) == ("open", "0")
    # ccxt has no word for it and passes it on.
    assert closed["status"] == "IOC CANCELED was: PARTIALLY FILLED"
    assert (closed["clientOrderId"], closed["filled"]) == ("1", "0.004")
    assert trade["fee"] == {"currency": "BTC", "cost": "0.000008"}
    assert exchange.fetch_balance()["BTC"]["free"] == "0.003992"


def test_more_than_five_digits_of_a_price_are_cut_off_without_a_word(
    venue: BitfinexVenue,
) -> None:
    raw_order(client(venue), price="60060.99")

    assert venue.orders[0].request.price == 60_060


def test_a_client_id_may_come_again_even_on_the_same_day(venue: BitfinexVenue) -> None:
    exchange = client(venue)
    raw_order(exchange)
    raw_order(exchange)

    assert [order.request.client_id for order in venue.orders] == ["1", "1"]


def test_a_client_id_cancels_together_with_its_utc_day_only() -> None:
    with BitfinexVenue(book(), limits=PLENTY, clock=lambda: MIDNIGHT_MS - 1_000) as venue:
        exchange = client(venue)
        raw_order(exchange, type="EXCHANGE LIMIT", price="50000")
        venue.clock_offset_ms = 2_000
        for day in ("2026-11-22", None):
            with pytest.raises(ccxt.OrderNotFound):
                exchange.privatePostAuthWOrderCancel({"cid": 1, "cid_date": day})

        exchange.privatePostAuthWOrderCancel({"cid": 1, "cid_date": "2026-11-21"})

        assert venue.orders[0].status == "CANCELED"
        assert venue.book.balance("USDT").free == 10_000


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"amount": "0.00001"}, ccxt.PermissionDenied, "minimum size"),
        ({"amount": "1"}, ccxt.InsufficientFunds, "not enough exchange balance"),
        ({"amount": "-0.01"}, ccxt.InsufficientFunds, "not enough exchange balance"),
        ({"amount": 0.01}, ccxt.BadRequest, "amount"),
        ({"cid": "one"}, ccxt.BadRequest, "cid"),
        ({"cid": 2**45}, ccxt.BadRequest, "cid"),
        ({"symbol": "tDOGUST"}, ccxt.BadSymbol, "symbol"),
        ({"type": "EXCHANGE FANCY"}, ccxt.BadRequest, "type"),
    ],
)
def test_the_venue_refuses_with_status_500(
    venue: BitfinexVenue, changes: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        raw_order(client(venue), **changes)

    assert type(caught.value) is error
    assert venue.orders == []
    assert venue.logged(SUBMIT)[0].status == 500


def test_a_stranger_is_refused(venue: BitfinexVenue) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="digest invalid"):
        client(venue, secret="wrong").fetch_balance()
    with pytest.raises(ccxt.AuthenticationError, match="apikey: invalid"):
        client(venue, apiKey="wrong").fetch_balance()


def test_a_nonce_must_rise_over_all_users_of_the_key(venue: BitfinexVenue) -> None:
    ahead, behind = client(venue), client(venue)
    ahead.options["lastNonce"] = ahead.milliseconds() + 60_000
    ahead.fetch_balance()

    with pytest.raises(ccxt.InvalidNonce, match="nonce: small"):
        behind.fetch_balance()


def test_calls_are_counted_by_their_address() -> None:
    limits = BitfinexLimits(calls_per_minute=2)
    with BitfinexVenue(book(), limits=limits, clock=lambda: MIDNIGHT_MS) as venue:
        exchange = client(venue)
        exchange.fetch_balance()
        exchange.fetch_balance()
        with pytest.raises(ccxt.RateLimitExceeded, match="ratelimit"):
            exchange.fetch_balance()
        raw_order(exchange)

        venue.clock_offset_ms = 60_000
        exchange.fetch_balance()


def test_closed_orders_come_twenty_five_at_a_time_the_newest_first(venue: BitfinexVenue) -> None:
    exchange = client(venue)
    for number in range(26):
        raw_order(exchange, amount="0.0001", cid=number + 1)

    shown = {order["clientOrderId"] for order in exchange.fetch_closed_orders("BTC/USDT")}

    assert shown == {str(number + 1) for number in range(1, 26)}
    assert len(exchange.fetch_closed_orders("BTC/USDT", None, 100)) == 26


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.CUT, ccxt.NetworkError),
        (FaultKind.HANG, ccxt.RequestTimeout),
        (FaultKind.ERROR_500, ccxt.ExchangeError),
        (FaultKind.ERROR_503, ccxt.ExchangeNotAvailable),
        (FaultKind.ERROR_502, ccxt.ExchangeNotAvailable),
        (FaultKind.RATE_LIMIT, ccxt.RateLimitExceeded),
        (FaultKind.BAN, ccxt.ExchangeError),
    ],
)
def test_a_fault_looks_the_same_before_and_after_acceptance(
    venue: BitfinexVenue, kind: FaultKind, error: type[Exception], *, after: bool
) -> None:
    exchange = client(venue)
    if kind is FaultKind.HANG:
        exchange.timeout = 300
    venue.add_fault(Fault(kind=kind, path=SUBMIT, after=after, seconds=2))

    with pytest.raises(error) as caught:
        raw_order(exchange)

    assert type(caught.value) is error
    assert len(venue.orders) == (1 if after else 0)
