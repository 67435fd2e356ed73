"""Bitfinex spot, as far as ccxt asks it: arrays of bare numbers, status 500 for every refusal.

An order's answer says ACTIVE whatever became of it, and prices keep five digits.
`python -m tests.venues.bitfinex --port 0 --state FILE` runs it as a process.
"""

import argparse
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET
from tests.venues.bitfinex_wire import (
    BitfinexRefusal,
    Json,
    Row,
    asset,
    in_bitfinex_words,
    notification,
    number,
    order_request,
    order_row,
    pair_info,
    ticker_row,
    trade_row,
    utc_day,
)
from tests.venues.faults import Fault, FaultKind
from tests.venues.loopback import Answer, Request, json_answer
from tests.venues.matching import Book
from tests.venues.orders import FeeAsset, Instrument, Order, Refused
from tests.venues.server import Addressed, Clock, VenueServer, run, wall_clock_ms

API_KEY = EXCHANGE_KEY
SECRET = EXCHANGE_SECRET

SUBMIT = "/v2/auth/w/order/submit"
# Bitfinex's page unless more is asked for, and the most it gives.
HISTORY_PAGE, HISTORY_MOST = 25, 2_500

Route = Callable[[Json, Fault | None], object]


def instrument(symbol: str, **changes: Any) -> Instrument:
    """BTC/USDT in Bitfinex's style, prices apart; `changes` are fields of Instrument."""
    base, quote = symbol.split("/")
    usual = Instrument(
        id=f"t{asset(base)}{asset(quote)}",
        base=base,
        quote=quote,
        step=Decimal("1E-8"),
        tick=Decimal("1E-8"),
        minimum_quantity=Decimal("0.00004"),
        maximum_quantity=Decimal(2_000),
        fee_rate=Decimal("0.002"),
        maker_fee_rate=Decimal("0.001"),
    )
    return replace(usual, **changes)


def standard_book(
    prices: Mapping[str, Decimal],
    balances: Mapping[str, Decimal],
    *instruments: Instrument,
) -> Book:
    """Instruments for all priced symbols; those given by hand replace the usual ones."""
    by_symbol = {symbol: instrument(symbol) for symbol in prices}
    by_symbol.update({given.symbol: given for given in instruments})
    book = Book(by_symbol.values(), balances, fee_asset=FeeAsset.RECEIVED)
    for symbol, price in prices.items():
        book.set_price(symbol, price)
    return book


def ccxt_options(server: Addressed) -> Json:
    """Constructor options under which ccxt.bitfinex asks nobody else."""
    urls = dict.fromkeys(("v1", "public", "private"), server.url)
    return {"apiKey": API_KEY, "secret": SECRET, "urls": {"api": urls}}


@dataclass(frozen=True, slots=True, kw_only=True)
class BitfinexLimits:
    calls_per_minute: int = 90  # for each address


class BitfinexVenue(VenueServer):
    name = "bitfinex"
    ms_per_weight = 667

    def __init__(
        self,
        book: Book,
        *,
        limits: BitfinexLimits | None = None,
        clock: Clock = wall_clock_ms,
        latency: float = 0.0,
        port: int = 0,
        state_file: Path | None = None,
    ) -> None:
        super().__init__(book, clock=clock, latency=latency, port=port, state_file=state_file)
        self._limits = limits or BitfinexLimits()
        self._called_ms: dict[str, list[int]] = {}
        self.nonce = 0
        self._private: dict[str, Route] = {
            "/v2/auth/r/wallets": self._wallets,
            SUBMIT: self._submit,
            "/v2/auth/w/order/cancel": self._cancel,
        }

    # --- one request ---

    def weigh(self, request: Request) -> int:  # noqa: ARG002 - every call counts as one
        return 1

    def arguments(self, request: Request) -> Mapping[str, object]:
        return _body(request)

    def respond(self, request: Request, fault: Fault | None) -> Answer:
        try:
            self._admit(request.path)
            if request.method == "GET":
                return json_answer(self._market_data(request))
            return json_answer(self._routed(request, fault))
        except BitfinexRefusal as refusal:
            return refusal.answer

    def failure(self, kind: FaultKind) -> Answer:
        match kind:
            case FaultKind.ERROR_500:
                return BitfinexRefusal(10000, "ERR_UNK").answer
            case FaultKind.ERROR_503:
                text = "Sorry, the service is temporarily unavailable."
                body = {"code": 503, "error": "temporarily_unavailable", "error_description": text}
                return json_answer(body, status=503)
            case FaultKind.BAN:
                return json_answer({"error": "ERR_RATE_LIMIT"}, status=429)
            case _:
                return BitfinexRefusal(11010, "ratelimit: error").answer

    def _admit(self, path: str) -> None:
        now_ms = self.now_ms()
        recent = [at for at in self._called_ms.get(path, []) if at > now_ms - 60_000]
        self._called_ms[path] = recent
        if len(recent) >= self._limits.calls_per_minute:
            raise BitfinexRefusal(11010, "ratelimit: error")
        recent.append(now_ms)

    def _routed(self, request: Request, fault: Fault | None) -> object:
        self._authenticate(request)
        given = _body(request)
        if request.path in self._private:
            return self._private[request.path](given, fault)
        return self._read(request.path.removeprefix("/v2/auth/r/"), given)

    def _authenticate(self, request: Request) -> None:
        headers = request.headers
        if headers.get("bfx-apikey") != API_KEY:
            raise BitfinexRefusal(10100, "apikey: invalid")
        nonce = headers.get("bfx-nonce", "")
        signed = f"/api{request.path}{nonce}{request.body}".encode()
        expected = hmac.new(SECRET.encode(), signed, hashlib.sha384).hexdigest()
        if not hmac.compare_digest(headers.get("bfx-signature", ""), expected):
            raise BitfinexRefusal(10100, "apikey: digest invalid")
        if not nonce.isdecimal() or int(nonce) <= self.nonce:
            raise BitfinexRefusal(10114, "nonce: small")
        self.nonce = int(nonce)

    def _read(self, path: str, given: Json) -> object:
        """orders/tBTCUST, orders/tBTCUST/hist, order/tBTCUST:1/trades, trades/tBTCUST/hist."""
        match path.split("/"):
            case ["orders", pair]:
                return [order_row(order) for order in self._orders(pair, given) if order.is_open]
            case ["orders", pair, "hist"]:
                return self._history(pair, given)
            case ["order", which, "trades"]:
                return self._trades(which.rpartition(":")[2])
            case ["trades", pair, "hist"]:
                return [trade_row(t) for t in self.visible_trades() if t.instrument.id == pair]
        raise BitfinexRefusal(10020, f"{path}: invalid")

    # --- market data ---

    def _market_data(self, request: Request) -> object:
        if request.path.startswith("/v2/conf/pub:list:currency"):
            return self._currencies()
        if request.path.startswith("/v2/conf/pub:info:pair"):
            pairs = [pair_info(known) for known in self.book.instruments.values()]
            return [pairs, [], [], []]
        if request.path == "/v2/tickers":
            wanted = request.params.get("symbols", "ALL").split(",")
            known = list(self.book.instruments.values())
            return [self._ticker(one) for one in known if one.id in wanted or wanted == ["ALL"]]
        raise BitfinexRefusal(10020, f"{request.path}: invalid")

    def _currencies(self) -> list[Row]:
        known = self.book.instruments.values()
        names = sorted({asset(name) for one in known for name in (one.base, one.quote)})
        return [list(names), *([] for _ in range(10))]

    def _ticker(self, chosen: Instrument) -> Row:
        market = self.book.markets[chosen.id]
        return ticker_row(chosen, market.bid, market.ask, market.last)

    # --- account ---

    def _wallets(self, _given: Json, _fault: Fault | None) -> list[Row]:
        return [
            ["exchange", asset(name), number(held.total), 0, number(held.free), None, None]
            for name, held in self.book.balances.items()
        ]

    def _submit(self, given: Json, fault: Fault | None) -> Row:
        chosen = self.book.instruments.get(str(given.get("symbol")))
        if chosen is None:
            raise BitfinexRefusal(10020, "symbol: invalid")
        request = order_request(chosen, given)
        try:
            order = self.place(request, fault)
        except Refused as refused:
            raise in_bitfinex_words(refused, request) from None
        row = order_row(order, status="ACTIVE")
        return notification(self.now_ms(), "on-req", [row], "Submitting 1 orders.")

    def _cancel(self, given: Json, _fault: Fault | None) -> Row:
        """By the venue's id, or by the client's together with the UTC day it was used on."""
        found = next((order for order in self.book.orders if _is_meant(order, given)), None)
        if found is None or not found.is_open:
            raise BitfinexRefusal(10001, "Order not found")
        row = order_row(found)
        self.book.cancel(found, now_ms=self.now_ms())
        text = f"Submitted for cancellation; waiting for confirmation (ID: {found.id})."
        return notification(self.now_ms(), "oc-req", row, text)

    def _orders(self, pair: str, given: Json) -> list[Order]:
        """Newest first."""
        wanted = given.get("id")
        return [
            order
            for order in reversed(self.visible_orders())
            if order.request.instrument.id == pair and (wanted is None or order.id in wanted)
        ]

    def _history(self, pair: str, given: Json) -> list[Row]:
        start_ms, end_ms = int(given.get("start", 0)), int(given.get("end", 10**15))
        limit = min(int(given.get("limit", HISTORY_PAGE)), HISTORY_MOST)
        closed = [
            order_row(order)
            for order in self._orders(pair, given)
            if not order.is_open and start_ms <= order.updated_ms <= end_ms
        ]
        return closed[:limit]

    def _trades(self, order_id: str) -> list[Row]:
        return [trade_row(t) for t in self.visible_trades() if str(t.order_id) == order_id]


def _is_meant(order: Order, given: Json) -> bool:
    if "cid" not in given:
        return order.id == given.get("id")
    used_on = (order.request.client_id, utc_day(order.created_ms))
    return used_on == (str(given["cid"]), given.get("cid_date"))


def _body(request: Request) -> Json:
    given = json.loads(request.body) if request.body else {}
    return given if isinstance(given, dict) else {}


def _from_arguments(
    prices: Mapping[str, Decimal], balances: Mapping[str, Decimal], options: argparse.Namespace
) -> BitfinexVenue:
    book = standard_book(
        prices or {"BTC/USDT": Decimal(60_000), "ETH/USDT": Decimal(3_000)},
        balances or {"USDT": Decimal(10_000)},
    )
    return BitfinexVenue(book, latency=options.latency, port=options.port, state_file=options.state)


if __name__ == "__main__":
    run(_from_arguments)
