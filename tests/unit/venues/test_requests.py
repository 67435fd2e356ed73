"""What ccxt sends for us: our client order id reaches every venue and is what we look up."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.venues.ccxt import orders, parsing
from chalicelib.adapters.venues.ccxt.loop_thread import LoopThread
from chalicelib.adapters.venues.ccxt.venue import Venue, make_venue
from chalicelib.adapters.venues.ccxt.venue_table import VENUES, venue_row
from chalicelib.domain.trading.order import OrderIntent, OrderStatus
from tests.unit.venues.recorder import Recorder, recording

KEYS = {
    "apiKey": "account-0123456789abcdef",
    "secret": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
    "password": "pass-phrase",
    "walletAddress": "0x" + "1" * 40,
    "privateKey": "0x" + "1" * 64,
}
UUID = "b358bcf5-1d41-5057-bda6-f8dd72560487"
HEX = UUID.replace("-", "")
# venue -> (the venue's parameter and our id as they stand in the order, the same in the lookup)
SENT = {
    "binance": (f"newClientOrderId={UUID}", f"origClientOrderId={UUID}"),
    "binanceus": (f"newClientOrderId={UUID}", f"origClientOrderId={UUID}"),
    "gemini": (f'"client_order_id":"{UUID}"', f'"client_order_id":"{UUID}"'),
    "kraken": (f"cl_ord_id={UUID}", f"cl_ord_id={UUID}"),
    "kucoin": (f'"clientOid":"{UUID}"', f"client-order/{UUID}"),
    "bitfinex": ('"cid":27339385078919', "/auth/r/orders/BTCUSDT"),
    "bybit": (f'"orderLinkId":"{UUID}"', f"orderLinkId={UUID}"),
    "okx": (f'"clOrdId":"{HEX}"', f"clOrdId={HEX}"),
    "coinbase": (f'"client_order_id":"{UUID}"', "order_status=OPEN"),
    "bitget": (f'"clientOid":"{UUID}"', f"clientOid={UUID}"),
    "hyperliquid": (f'"c":"0x{HEX}"', f'"oid":"0x{HEX}"'),
}
# What ccxt would otherwise ask the venue about the account before it trades.
KNOWN_MODES = {
    "kucoin": {"uta": False},
    "bybit": {"enableUnifiedMargin": False, "enableUnifiedAccount": True},
}
IMMEDIATE = ("ioc", "immediate")


@pytest.fixture(params=VENUES)
def venue(request: pytest.FixtureRequest, recorder: Recorder) -> Venue:
    name = request.param
    options = {"options": KNOWN_MODES.get(name, {}), "rateLimit": 1, "timeout_on_exit": 0, **KEYS}
    made = make_venue(name, venue_row(name), options)
    made.client.urls["api"] = _redirected(made.client.urls["api"], recorder.url)
    made.client.set_markets([_market(made.client)])
    return made


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture
def loop(venue: Venue) -> Iterator[LoopThread]:
    thread = LoopThread("requests")
    yield thread
    thread.run(venue.client.close)
    thread.close()


def _redirected(urls: Any, url: str) -> Any:
    if isinstance(urls, dict):
        return {name: _redirected(inner, url) for name, inner in urls.items()}
    return url


def _market(client: Any) -> Any:
    counts_digits = client.precisionMode == 3
    precision = {"amount": 8, "price": 5} if counts_digits else {"amount": "1E-5", "price": "0.01"}
    return client.safe_market_structure(
        {
            "id": "BTCUSDT",
            "uppercaseId": "BTCUSDT",
            "symbol": "BTC/USDT",
            "base": "BTC",
            "quote": "USDT",
            "baseId": "10000",
            "quoteId": "USDT",
            "type": "spot",
            "spot": True,
            "swap": False,
            "contract": False,
            "active": True,
            "precision": precision,
            "info": {"orderTypes": ["LIMIT", "MARKET"]},
        }
    )


def test_the_order_carries_our_id_our_numbers_and_no_second_try(
    venue: Venue, recorder: Recorder, loop: LoopThread, make_intent: Callable[..., OrderIntent]
) -> None:
    with suppress(*venue.failures):  # the recorder's answer says nothing about an order
        loop.run(lambda: orders.create(venue, make_intent()))

    sent = [f"{path} {body}" for _, path, body in recorder.requests]
    orders_sent = [text for text in sent if SENT[venue.id][0] in text]
    assert len(orders_sent) == 1, sent
    assert "0.01" in orders_sent[0]
    assert "60100" in orders_sent[0]
    assert any(word in orders_sent[0].lower() for word in IMMEDIATE)


def test_the_lookup_asks_by_our_id_or_searches_the_lists(
    venue: Venue, recorder: Recorder, loop: LoopThread, make_intent: Callable[..., OrderIntent]
) -> None:
    with suppress(*venue.failures):
        loop.run(lambda: orders.find(venue, make_intent(), SystemClock().now()))

    sent = [f"{path} {body}" for _, path, body in recorder.requests]
    assert any(SENT[venue.id][1] in text for text in sent), sent


def test_an_answer_that_names_no_order_is_no_order(
    venue: Venue, recorder: Recorder, loop: LoopThread, make_intent: Callable[..., OrderIntent]
) -> None:
    assert recorder.answer == "{}"
    found = None
    with suppress(*venue.failures):
        found = loop.run(lambda: orders.find(venue, make_intent(), SystemClock().now()))

    assert found is None


@pytest.mark.parametrize("venue", ["gemini"], indirect=True)
def test_an_answer_about_another_order_is_not_taken_for_ours(
    venue: Venue, recorder: Recorder, loop: LoopThread, make_intent: Callable[..., OrderIntent]
) -> None:
    recorder.answer = '{"order_id": "1", "client_order_id": "another", "is_cancelled": true}'
    with pytest.raises(parsing.ForeignOrder):
        loop.run(lambda: orders.find(venue, make_intent(), SystemClock().now()))


@pytest.mark.parametrize("venue", ["bitfinex"], indirect=True)
def test_bare_numbers_of_an_answer_keep_every_digit(
    venue: Venue, recorder: Recorder, loop: LoopThread
) -> None:
    recorder.answer = "[0.1, 123456789.12345678901, 1E-8, 7]"
    answer = loop.run(lambda: venue.client.fetch(recorder.url))

    assert answer == ["0.1", "123456789.12345678901", "1E-8", 7]


KRAKEN_SAYS = """{"error": [], "result": {"count": 1, "open": {},
"closed": {"OQCLML-BW3P3-BUCMWZ": {"refid": null, "userref": 0, "cl_ord_id": "%s",
  "status": "closed", "opentm": 1795217720.1, "starttm": 0, "expiretm": 0, "vol": "0.01",
  "vol_exec": "0.01", "cost": "600.001", "fee": "1.2", "price": "60000.1", "stopprice": "0",
  "limitprice": "0", "misc": "", "oflags": "fciq", "descr": {"pair": "BTCUSDT", "type": "buy",
  "ordertype": "limit", "price": "60100", "price2": "0", "leverage": "none"}}},
"trades": {
  "TNEW": {"ordertxid": "OQCLML-BW3P3-BUCMWZ", "pair": "BTCUSDT", "time": 1795217720.2,
    "type": "buy", "ordertype": "limit", "price": "60000.1", "cost": "600.001", "fee": "1.2",
    "vol": "0.01", "margin": "0", "misc": ""},
  "TFOREIGN": {"ordertxid": "OANOTHER", "pair": "BTCUSDT", "time": 1795217720.3, "type": "buy",
    "ordertype": "limit", "price": "60000.1", "cost": "600.001", "fee": "1.2", "vol": "0.01",
    "margin": "0", "misc": ""}}}}"""


SENT_AT = datetime(2026, 11, 20, 23, 35, tzinfo=UTC)


@pytest.mark.parametrize("venue", ["kraken"], indirect=True)
def test_a_closed_order_is_found_in_the_lists_with_its_own_trades(
    venue: Venue, recorder: Recorder, loop: LoopThread, make_intent: Callable[..., OrderIntent]
) -> None:
    recorder.answer = KRAKEN_SAYS % UUID
    report = loop.run(lambda: orders.find(venue, make_intent(), SENT_AT))

    assert report is not None
    [fill] = report.fills
    assert report.status is OrderStatus.FILLED
    assert report.venue_order_id == "OQCLML-BW3P3-BUCMWZ"
    assert (fill.trade_id, fill.fee, fill.fee_asset) == ("TNEW", Decimal("1.2"), "USDT")


@pytest.mark.parametrize("venue", ["kraken"], indirect=True)
def test_a_list_that_was_not_narrowed_by_our_id_proves_nothing(
    venue: Venue, recorder: Recorder, loop: LoopThread, make_intent: Callable[..., OrderIntent]
) -> None:
    """The venue gives 50 rows at a time: ours may be behind those of others."""
    recorder.answer = KRAKEN_SAYS % (UUID[:-1] + "0")
    with pytest.raises(parsing.ForeignOrder):
        loop.run(lambda: orders.find(venue, make_intent(), SENT_AT))


@pytest.mark.parametrize("venue", ["binance"], indirect=True)
def test_a_list_of_tickers_costs_what_binance_charges(venue: Venue) -> None:
    def cost(path: str, params: dict[str, str]) -> float:
        given = {"cost": 0.4, "noSymbol": 16}
        found: float = venue.client.calculate_rate_limiter_cost(
            "public", "GET", path, params, given
        )
        return found

    assert cost("ticker/24hr", {"symbols": '["BTCUSDT"]'}) == 0.4
    assert cost("ticker/24hr", {}) == 16
    assert cost("ticker/price", {"symbols": '["BTCUSDT"]'}) == 16


def test_hyperliquid_approves_no_fee_for_others(
    recorder: Recorder,
    make_intent: Callable[..., OrderIntent],
) -> None:
    row = venue_row("hyperliquid")
    venue = make_venue("hyperliquid", row, {**KEYS, "rateLimit": 1, "timeout_on_exit": 0})
    venue.client.urls["api"] = _redirected(venue.client.urls["api"], recorder.url)
    venue.client.set_markets([_market(venue.client)])
    thread = LoopThread("hyperliquid")
    with suppress(*venue.failures):
        thread.run(lambda: orders.create(venue, make_intent()))
    thread.run(venue.client.close)
    thread.close()

    everything = " ".join(body for _, _, body in recorder.requests).lower()
    assert '"type":"order"' in everything
    assert "builder" not in everything
    assert "setreferrer" not in everything
