"""Gemini, as far as ccxt asks it: limit orders only, signed payloads, a nonce that must rise.

`python -m tests.venues.gemini --port 0 --state FILE` runs it as a process.
"""

import argparse
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET
from tests.venues.faults import Fault, FaultKind
from tests.venues.gemini_wire import (
    GeminiRefusal,
    Json,
    decoded,
    details,
    in_gemini_words,
    order_answer,
    order_request,
    plain,
    rate_limited,
    trade_answer,
)
from tests.venues.loopback import Answer, Request, json_answer
from tests.venues.matching import Book
from tests.venues.orders import FeeAsset, Instrument, Order, Refusal, Refused
from tests.venues.server import Addressed, Clock, VenueServer, run, wall_clock_ms

API_KEY = EXCHANGE_KEY  # ccxt refuses keys without "account" in them
SECRET = EXCHANGE_SECRET

Route = Callable[[Json, Fault | None], object]


def instrument(symbol: str, **changes: Any) -> Instrument:
    """BTC/USD with increments and minimum in Gemini's style; `changes` are fields of Instrument."""
    base, quote = symbol.split("/")
    usual = Instrument(
        id=f"{base}{quote}".lower(),
        base=base,
        quote=quote,
        step=Decimal("1E-8"),
        fee_rate=Decimal("0.004"),
        maker_fee_rate=Decimal("0.002"),
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
    # Gemini charges in the quote: a buyer of everything he can pay lacks the fee.
    book = Book(by_symbol.values(), balances, fee_asset=FeeAsset.QUOTE)
    for symbol, price in prices.items():
        book.set_price(symbol, price)
    return book


def ccxt_options(server: Addressed) -> Json:
    """Constructor options under which ccxt.gemini knows its increments and asks nobody else."""
    urls = dict.fromkeys(("public", "private", "web", "webExchange"), server.url)
    return {
        "apiKey": API_KEY,
        "secret": SECRET,
        "urls": {"api": urls, "test": urls},
        "options": {
            # Bare symbols carry no increments: orders would leave unrounded.
            "fetchMarketsFromAPI": {"fetchDetailsForAllSymbols": True},
            "fetchCurrencies": {"webApiEnable": False},  # else it reads Gemini's web page
        },
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class GeminiLimits:
    public_per_minute: int = 120
    private_per_minute: int = 600
    burst: int = 5


class GeminiVenue(VenueServer):
    name = "gemini"
    ms_per_weight = 100

    def __init__(
        self,
        book: Book,
        *,
        limits: GeminiLimits | None = None,
        clock: Clock = wall_clock_ms,
        latency: float = 0.0,
        port: int = 0,
        state_file: Path | None = None,
    ) -> None:
        super().__init__(book, clock=clock, latency=latency, port=port, state_file=state_file)
        allowed = limits or GeminiLimits()
        self._public_rate = _Rate(allowed.public_per_minute, allowed.burst)
        self._private_rate = _Rate(allowed.private_per_minute, allowed.burst)
        self._nonce = 0
        self._private: dict[str, Route] = {
            "/v1/balances": self._balances,
            "/v1/order/new": self._new_order,
            "/v1/order/status": self._order_status,
            "/v1/order/cancel": self._cancel_order,
            "/v1/orders": self._open_orders,
            "/v1/mytrades": self._my_trades,
            "/v1/notionalvolume": self._notional_volume,
        }

    # --- one request ---

    def weigh(self, request: Request) -> int:
        """In units of ccxt's throttle: public calls are five times as rare."""
        return 5 if request.method == "GET" else 1

    def arguments(self, request: Request) -> Mapping[str, object]:
        encoded = request.headers.get("x-gemini-payload")
        return decoded(encoded) if encoded else request.params

    def respond(self, request: Request, fault: Fault | None) -> Answer:
        try:
            if request.method == "GET":
                self._public_rate.admit(self.now_ms())
                return self._market_data(request.path)
            self._private_rate.admit(self.now_ms())
            arguments = self._authenticated(request)
            return json_answer(self._private[request.path](arguments, fault))
        except Refused as refused:
            return in_gemini_words(refused).answer
        except GeminiRefusal as refusal:
            return refusal.answer

    def failure(self, kind: FaultKind) -> Answer:
        match kind:
            case FaultKind.ERROR_500:
                text = "We are experiencing technical issues"
                return GeminiRefusal(500, "System", text).answer
            case FaultKind.ERROR_503:
                return GeminiRefusal(503, "Maintenance", "The system is down").answer
            case FaultKind.BAN:
                return Answer(status=418)
            case _:
                return rate_limited().answer

    def _authenticated(self, request: Request) -> Json:
        headers = request.headers
        for header, reason in (
            ("x-gemini-apikey", "MissingApikeyHeader"),
            ("x-gemini-payload", "MissingPayloadHeader"),
            ("x-gemini-signature", "MissingSignatureHeader"),
        ):
            if header not in headers:
                raise GeminiRefusal(400, reason, f"Must provide '{header}' header")
        if headers["x-gemini-apikey"] != API_KEY:
            raise GeminiRefusal(400, "InvalidApiKey", "Invalid API key")
        payload = headers["x-gemini-payload"]
        expected = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha384).hexdigest()
        if not hmac.compare_digest(headers["x-gemini-signature"], expected):
            raise GeminiRefusal(400, "InvalidSignature", "InvalidSignature")
        return self._checked_payload(request.path, decoded(payload))

    def _checked_payload(self, path: str, payload: Json) -> Json:
        if path not in self._private:
            raise GeminiRefusal(404, "EndpointNotFound", f"No endpoint {path}")
        if payload.get("request") != path:
            raise GeminiRefusal(400, "EndpointMismatch", "EndpointMismatch")
        nonce = int(payload.get("nonce", 0))
        if nonce <= self._nonce:
            text = f"Nonce '{nonce}' has not increased since your last call to the Gemini API."
            raise GeminiRefusal(400, "InvalidNonce", text)
        self._nonce = nonce
        return payload

    # --- market data ---

    def _market_data(self, path: str) -> Answer:
        if path == "/v1/symbols":
            return json_answer(list(self.book.instruments))
        if path == "/v1/pricefeed":
            return json_answer([self._price(chosen) for chosen in self._priced()])
        head, _, symbol = path.rpartition("/")
        if head not in ("/v1/symbols/details", "/v1/pubticker", "/v2/ticker"):
            raise GeminiRefusal(404, "EndpointNotFound", f"No endpoint {path}")
        chosen = self._instrument({"symbol": symbol})
        if head == "/v1/symbols/details":
            return Answer(body=details(chosen))
        return json_answer(self._ticker(chosen, head))

    def _priced(self) -> list[Instrument]:
        return [known for known in self.book.instruments.values() if known.id in self.book.markets]

    def _price(self, chosen: Instrument) -> Json:
        last = self.book.markets[chosen.id].last
        return {"pair": chosen.id.upper(), "price": plain(last), "percentChange24h": "0.0000"}

    def _ticker(self, chosen: Instrument, head: str) -> Json:
        market = self.book.markets[chosen.id]
        last = plain(market.last)
        touch = {"bid": plain(market.bid), "ask": plain(market.ask)}
        if head == "/v1/pubticker":
            volume = {chosen.base: "0", chosen.quote: "0", "timestamp": self.now_ms()}
            return {**touch, "last": last, "volume": volume}
        prices = dict.fromkeys(("open", "high", "low", "close"), last)
        return {**touch, **prices, "symbol": chosen.id.upper(), "changes": [last]}

    def _instrument(self, arguments: Mapping[str, Any]) -> Instrument:
        chosen = self.book.instruments.get(str(arguments.get("symbol", "")).lower())
        if chosen is None:
            raise in_gemini_words(Refused(Refusal.SYMBOL))
        return chosen

    # --- account ---

    def _balances(self, _arguments: Json, _fault: Fault | None) -> list[Json]:
        return [
            {
                "type": "exchange",
                "currency": asset,
                "amount": plain(held.total),
                "available": plain(held.free),
                "availableForWithdrawal": plain(held.free),
            }
            for asset, held in self.book.balances.items()
        ]

    def _notional_volume(self, _arguments: Json, _fault: Fault | None) -> Json:
        fees = next(iter(self.book.instruments.values()))
        return {
            "api_maker_fee_bps": int(fees.maker_fee_rate * 10_000),
            "api_taker_fee_bps": int(fees.fee_rate * 10_000),
        }

    def _new_order(self, arguments: Json, fault: Fault | None) -> Json:
        request = order_request(self._instrument(arguments), arguments)
        return order_answer(self.place(request, fault))

    def _order_status(self, arguments: Json, _fault: Fault | None) -> Json:
        order = self._find(arguments)
        answer = order_answer(order)
        if arguments.get("include_trades"):
            answer["trades"] = [trade_answer(trade) for trade in order.trades]
        return answer

    def _cancel_order(self, arguments: Json, _fault: Fault | None) -> Json:
        order = self._find({"order_id": arguments.get("order_id")})
        if order.is_open:
            self.book.cancel(order, now_ms=self.now_ms())
        return order_answer(order)

    def _find(self, arguments: Json) -> Order:
        """By one of the two ids, never both; of several with one client id the newest."""
        by_client = "client_order_id" in arguments
        if by_client and "order_id" in arguments:
            text = "order_id cannot be used in combination with client_order_id"
            raise GeminiRefusal(400, "InvalidOrderId", text)
        wanted = arguments.get("client_order_id" if by_client else "order_id")
        if wanted is None:
            raise GeminiRefusal(400, "MissingOrderField", "An order_id field was not specified")
        for order in reversed(self.visible_orders()):
            if str(wanted) == (order.request.client_id if by_client else str(order.id)):
                return order
        raise GeminiRefusal(404, "OrderNotFound", f"Order {wanted} not found")

    def _open_orders(self, _arguments: Json, _fault: Fault | None) -> list[Json]:
        return [order_answer(order) for order in self.visible_orders() if order.is_open]

    def _my_trades(self, arguments: Json, _fault: Fault | None) -> list[Json]:
        """Newest first; `timestamp` is in seconds (ccxt) or milliseconds."""
        chosen = self._instrument(arguments) if "symbol" in arguments else None
        since = int(arguments.get("timestamp", 0))
        since_ms = since if since > 10**11 else since * 1000
        trades = [
            trade
            for trade in reversed(self.visible_trades())
            if chosen in (None, trade.instrument) and trade.time_ms >= since_ms
        ]
        return [trade_answer(trade) for trade in trades[: int(arguments.get("limit_trades", 50))]]


class _Rate:
    """One second's share and the burst may come at once, then an even pace."""

    def __init__(self, per_minute: int, burst: int) -> None:
        self._pace_ms = 60_000 // per_minute
        self._ahead_ms = self._pace_ms * (burst - 1 + max(1, per_minute // 60))
        self._next_ms = 0

    def admit(self, now_ms: int) -> None:
        due_ms = max(self._next_ms, now_ms)
        if due_ms - now_ms > self._ahead_ms:
            raise rate_limited()
        self._next_ms = due_ms + self._pace_ms


def _from_arguments(
    prices: Mapping[str, Decimal], balances: Mapping[str, Decimal], options: argparse.Namespace
) -> GeminiVenue:
    book = standard_book(
        prices or {"BTC/USD": Decimal(60_000), "ETH/USD": Decimal(3_000)},
        balances or {"USD": Decimal(10_000)},
    )
    return GeminiVenue(book, latency=options.latency, port=options.port, state_file=options.state)


if __name__ == "__main__":
    run(_from_arguments)
