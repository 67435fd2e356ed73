"""The fake Binance, asked by the real ccxt over HTTP."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ccxt
import ccxt.async_support
import pytest

from tests.venues.binance import BinanceVenue, ccxt_options, standard_book
from tests.venues.binance_limits import BinanceLimits
from tests.venues.faults import Fault, FaultKind
from tests.venues.matching import Book

ORDER = "/api/v3/order"


def book() -> Book:
    prices = {"BTC/USDT": Decimal(60_000), "ETH/USDT": Decimal(3_000)}
    return standard_book(prices, {"USDT": Decimal(10_000)})


@pytest.fixture
def venue() -> Iterator[BinanceVenue]:
    with BinanceVenue(book()) as venue:
        yield venue


def client(venue: "BinanceVenue | RemoteVenue", **options: Any) -> Any:
    exchange = ccxt.binance(
        {**ccxt_options(venue), "number": str, "enableRateLimit": False, **options}
    )
    exchange.set_sandbox_mode(True)
    return exchange


def buy(exchange: Any, client_id: str = "one", price: str = "60060", **params: Any) -> Any:
    params = {"timeInForce": "IOC", "clientOrderId": client_id, **params}
    return exchange.create_order("BTC/USDT", "limit", "buy", "0.01", price, params)


def raw_order(exchange: Any, **changes: str) -> Any:
    """Past ccxt's rounding, to reach the venue's own checks."""
    asked = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "quantity": "0.01",
        "price": "60000",
        "timeInForce": "GTC",
        **changes,
    }
    return exchange.privatePostOrder(asked)


def test_an_ioc_order_fills_what_there_is_and_gives_the_rest_back(venue: BinanceVenue) -> None:
    venue.set_liquidity("BTC/USDT", Decimal("0.004"))
    exchange = client(venue)

    order = buy(exchange)

    assert (order["status"], order["filled"], order["average"]) == (
        "expired",
        "0.00400000",
        "60000",
    )
    assert [(trade["id"], trade["fee"]) for trade in order["trades"]] == [
        ("500001", {"currency": "BTC", "cost": "0.00000400"})
    ]
    balance = exchange.fetch_balance()
    assert balance["USDT"] == {"free": "9760.00000000", "used": "0.00000000", "total": "9760"}
    assert balance["BTC"]["free"] == "0.00399600"
    found = exchange.fetch_order(None, "BTC/USDT", {"clientOrderId": "one"})
    assert (found["id"], found["filled"]) == (order["id"], order["filled"])
    (trade,) = exchange.fetch_my_trades("BTC/USDT", params={"orderId": order["id"]})
    assert (trade["id"], trade["amount"], trade["fee"]["cost"]) == (
        "500001",
        "0.00400000",
        "0.00000400",
    )


def test_fill_or_kill_trades_all_or_nothing(venue: BinanceVenue) -> None:
    venue.set_liquidity("BTC/USDT", Decimal("0.004"))

    order = buy(client(venue), timeInForce="FOK")

    assert (order["status"], order["filled"]) == ("expired", "0.00000000")
    assert venue.book.balance("USDT").free == 10_000


def test_a_market_order_spends_its_budget_down_to_a_step(venue: BinanceVenue) -> None:
    order = client(venue).create_market_buy_order_with_cost("BTC/USDT", "100")

    assert (order["status"], order["filled"]) == ("closed", "0.00166000")


def test_a_resting_order_locks_its_price_and_fills_when_the_market_comes(
    venue: BinanceVenue,
) -> None:
    exchange = client(venue)
    order = buy(exchange, price="50000", timeInForce="GTC")
    assert venue.book.balance("USDT").locked == 500

    venue.set_price("BTC/USDT", Decimal(49_000))

    filled = exchange.fetch_order(order["id"], "BTC/USDT")
    assert (filled["status"], filled["average"]) == ("closed", "50000")
    assert venue.book.balance("USDT").total == 9_500
    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        exchange.cancel_order(order["id"], "BTC/USDT")


def test_a_cancelled_order_unlocks_its_money(venue: BinanceVenue) -> None:
    exchange = client(venue)
    buy(exchange, price="50000", timeInForce="GTC")

    cancelled = exchange.cancel_order(None, "BTC/USDT", {"clientOrderId": "one"})

    assert cancelled["status"] == "canceled"
    assert exchange.fetch_open_orders("BTC/USDT") == []
    assert venue.book.balance("USDT").free == 10_000


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"quantity": "0.000015"}, ccxt.InvalidOrder, "LOT_SIZE"),
        ({"quantity": "0"}, ccxt.InvalidOrder, "LOT_SIZE"),
        ({"price": "60000.005"}, ccxt.InvalidOrder, "PRICE_FILTER"),
        ({"quantity": "0.00008"}, ccxt.BadRequest, "-1013.*NOTIONAL"),
        ({"quantity": "1"}, ccxt.InsufficientFunds, "-2010|insufficient balance"),
        ({"side": "SELL"}, ccxt.InsufficientFunds, "insufficient balance"),
        ({"quantity": "1e-05"}, ccxt.BadRequest, "-1100"),
        ({"quantity": "0.000000001"}, ccxt.BadRequest, "-1111"),
        ({"symbol": "DOGEUSDT"}, ccxt.BadSymbol, "-1121"),
        ({"timeInForce": "GTX"}, ccxt.BadRequest, "-1115"),
        ({"newClientOrderId": "x" * 37}, ccxt.BadRequest, "-1100"),
        ({"type": "LIMIT_MAKER"}, ccxt.OrderImmediatelyFillable, "immediately match"),
    ],
)
def test_the_venue_refuses_what_its_filters_forbid(
    venue: BinanceVenue, changes: dict[str, str], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        raw_order(client(venue), **changes)

    assert type(caught.value) is error
    assert venue.orders == []
    assert venue.book.balance("USDT").free == 10_000


def test_a_client_id_is_unique_among_open_orders_only(venue: BinanceVenue) -> None:
    exchange = client(venue)
    buy(exchange, price="50000", timeInForce="GTC")
    with pytest.raises(ccxt.InvalidOrder, match="Duplicate order sent"):
        buy(exchange)
    exchange.cancel_order(None, "BTC/USDT", {"clientOrderId": "one"})

    buy(exchange)
    buy(exchange)

    assert [order.status for order in venue.orders] == ["CANCELED", "FILLED", "FILLED"]


@pytest.mark.parametrize(
    ("options", "text"), [({"secret": "wrong"}, "-1022"), ({"apiKey": "wrong"}, "-2015")]
)
def test_a_stranger_is_refused(venue: BinanceVenue, options: dict[str, str], text: str) -> None:
    with pytest.raises(ccxt.AuthenticationError, match=text):
        client(venue, **options).fetch_balance()


def test_a_signed_call_needs_the_key_header(venue: BinanceVenue) -> None:
    status, answer = ask(venue, "GET", "/api/v3/account")

    assert (status, answer["code"]) == (401, -2014)


@pytest.mark.parametrize("offset_ms", [11_000, -2_000])
def test_a_clock_that_is_off_is_refused_until_it_is_corrected(
    venue: BinanceVenue, offset_ms: int
) -> None:
    exchange = client(venue)
    venue.clock_offset_ms = offset_ms
    with pytest.raises(ccxt.InvalidNonce, match="-1021"):
        exchange.fetch_balance()

    exchange.load_time_difference()

    assert exchange.fetch_balance()["USDT"]["free"] == "10000.00000000"


def test_spent_weight_is_refused_with_a_delay_and_stubbornness_with_a_ban() -> None:
    limits = BinanceLimits(weight_per_minute=3, refusals_until_ban=1, ban_seconds=120)
    with BinanceVenue(book(), limits=limits, clock=lambda: 1_700_000_000_000) as venue:
        exchange = client(venue)
        for _ in range(3):
            exchange.publicGetPing()
        assert exchange.last_response_headers["x-mbx-used-weight-1m"] == "3"

        with pytest.raises(ccxt.DDoSProtection, match=r"429.*-1003"):
            exchange.publicGetPing()
        assert exchange.last_response_headers["Retry-After"] == "40"
        with pytest.raises(ccxt.DDoSProtection, match=r"418.*-1003"):
            exchange.publicGetPing()
        venue.clock_offset_ms = 60_000  # a new minute does not lift a ban
        with pytest.raises(ccxt.DDoSProtection, match="418"):
            exchange.publicGetPing()
        venue.clock_offset_ms = 120_000
        exchange.publicGetPing()


def test_new_orders_are_counted_per_ten_seconds() -> None:
    with BinanceVenue(book(), limits=BinanceLimits(orders_per_10_seconds=2)) as venue:
        exchange = client(venue)
        exchange.options["recvWindow"] = 60_000
        buy(exchange)
        buy(exchange)
        with pytest.raises(ccxt.DDoSProtection, match="-1015"):
            buy(exchange)

        venue.clock_offset_ms = 11_000
        buy(exchange)

        assert len(venue.orders) == 3


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.CUT, ccxt.NetworkError),
        (FaultKind.HANG, ccxt.RequestTimeout),
        (FaultKind.ERROR_500, ccxt.OperationFailed),
        (FaultKind.ERROR_503, ccxt.OperationFailed),
        (FaultKind.ERROR_502, ccxt.ExchangeNotAvailable),
        (FaultKind.RATE_LIMIT, ccxt.DDoSProtection),
        (FaultKind.BAN, ccxt.DDoSProtection),
    ],
)
def test_a_fault_looks_the_same_before_and_after_acceptance(
    venue: BinanceVenue, kind: FaultKind, error: type[Exception], *, after: bool
) -> None:
    exchange = client(venue)
    exchange.load_markets()
    if kind is FaultKind.HANG:
        exchange.timeout = 300
    venue.add_fault(Fault(kind=kind, method="POST", path=ORDER, after=after, seconds=2))

    with pytest.raises(error) as caught:
        buy(exchange)

    assert type(caught.value) is error
    assert len(venue.orders) == (1 if after else 0)
    assert venue.count(ORDER, "POST") == 1


def test_a_garbled_answer_leaves_ccxt_with_an_order_of_nothing(venue: BinanceVenue) -> None:
    venue.add_fault(Fault(kind=FaultKind.GARBAGE, method="POST", path=ORDER, after=True))

    order = buy(client(venue))

    assert (order["id"], order["status"], order["clientOrderId"]) == (None, None, None)
    assert len(venue.orders) == 1


def test_a_late_request_is_accepted_within_its_window_and_refused_outside(
    venue: BinanceVenue,
) -> None:
    exchange = client(venue)
    exchange.load_markets()
    venue.add_fault(Fault(kind=FaultKind.LATE, path=ORDER, seconds=0.3, times=2))

    assert buy(exchange)["status"] == "closed"
    with pytest.raises(ccxt.InvalidNonce, match="-1021"):
        buy(exchange, recvWindow=100)

    assert len(venue.orders) == 1


def test_an_accepted_order_can_stay_unseen_for_a_while(venue: BinanceVenue) -> None:
    exchange = client(venue)
    venue.add_fault(Fault(kind=FaultKind.INVISIBLE, path=ORDER, seconds=5))
    buy(exchange)

    with pytest.raises(ccxt.OrderNotFound, match="-2013"):
        exchange.fetch_order(None, "BTC/USDT", {"clientOrderId": "one"})
    assert exchange.fetch_orders("BTC/USDT") == []
    assert exchange.fetch_my_trades("BTC/USDT") == []
    venue.clock_offset_ms = 5_000

    assert exchange.fetch_order(None, "BTC/USDT", {"clientOrderId": "one"})["status"] == "closed"
    assert len(exchange.fetch_my_trades("BTC/USDT")) == 1


def test_a_fault_waits_for_its_request_and_hits_once(venue: BinanceVenue) -> None:
    exchange = client(venue)
    half = Decimal("0.5")
    venue.add_fault(Fault(kind=FaultKind.PARTIAL_FILL, path=ORDER, nth=2, fraction=half))

    assert [buy(exchange)["filled"] for _ in range(3)] == ["0.01000000", "0.00500000", "0.01000000"]


def test_concurrent_orders_cost_one_latency_and_their_weight_is_counted() -> None:
    with BinanceVenue(book(), latency=0.05) as venue:
        orders = asyncio.run(buy_together(venue, 20))

        assert {order["status"] for order in orders} == {"closed"}
        assert len({order["id"] for order in orders}) == len(venue.orders) == 20
        # No sapi, fapi or dapi: what the options promise.
        assert [entry.path for entry in venue.logged()][:2] == [
            "/api/v3/exchangeInfo",
            "/api/v3/ticker/24hr",
        ]
        assert venue.count() == 22
        assert venue.total_weight() == 20 + 2 + 20
        assert venue.throttle_seconds() == pytest.approx(0.42)
        assert {entry.status for entry in venue.logged()} == {200}


async def buy_together(venue: BinanceVenue, count: int) -> list[Any]:
    exchange = ccxt.async_support.binance(
        {**ccxt_options(venue), "number": str, "enableRateLimit": False}
    )
    try:
        tickers = await exchange.fetch_tickers(["BTC/USDT", "ETH/USDT"])
        assert tickers["ETH/USDT"]["last"] == "3000.00000000"
        return await asyncio.gather(
            *(
                exchange.create_order(
                    "BTC/USDT",
                    "limit",
                    "buy",
                    "0.001",
                    "60001",
                    {"timeInForce": "IOC", "clientOrderId": f"order-{number}"},
                )
                for number in range(count)
            )
        )
    finally:
        await exchange.close()


def test_a_cut_cancel_is_sent_twice_by_aiohttp(venue: BinanceVenue) -> None:
    """Why a cancel that "finds no order" may have been our own: aiohttp repeats DELETE itself."""

    async def cancel() -> None:
        exchange = ccxt.async_support.binance({**ccxt_options(venue), "number": str})
        try:
            await exchange.create_order("BTC/USDT", "limit", "buy", "0.01", "50000")
            venue.add_fault(Fault(kind=FaultKind.CUT, method="DELETE", after=True))
            await exchange.cancel_order(str(venue.orders[0].id), "BTC/USDT")
        finally:
            await exchange.close()

    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        asyncio.run(cancel())
    assert venue.count(ORDER, "DELETE") == 2
    assert venue.orders[0].status == "CANCELED"


def test_the_venue_runs_as_a_process_and_leaves_a_line_per_accepted_order(tmp_path: Path) -> None:
    state = tmp_path / "venue.jsonl"
    command = [sys.executable, "-m", "tests.venues.binance", "--port", "0", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            venue = RemoteVenue(json.loads(process.stdout.readline())["url"])
            ask(venue, "POST", "/__price__", {"symbol": "BTC/USDT", "price": "50000"})
            ask(venue, "POST", "/__fault__", {"kind": "cut", "path": ORDER, "after": True})
            with pytest.raises(ccxt.NetworkError):
                buy(client(venue))
            _, seen = ask(venue, "GET", "/__book__")
        finally:
            process.terminate()

    lines = [json.loads(line) for line in state.read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines] == ["accepted", "book"]
    assert lines[0]["order"]["client_id"] == "one"
    assert lines[0]["order"]["cost"] == "500.00"
    assert lines[1]["orders"] == seen["orders"] == [lines[0]["order"]]
    assert (seen["requests"], seen["weight"]) == (2, 21)


ROOT = Path(__file__).parents[2]


class RemoteVenue:
    def __init__(self, url: str) -> None:
        self.url = url


def ask(
    venue: BinanceVenue | RemoteVenue, method: str, path: str, body: dict[str, Any] | None = None
) -> tuple[int, Any]:
    connection = HTTPConnection(urlsplit(venue.url).netloc, timeout=60)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()
