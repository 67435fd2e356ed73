"""KuCoin spot, as far as ccxt asks it: three signed headers, a clock, orders answered by id alone.

Accounts are of two kinds, and ccxt asks which: the high-frequency one, which every account is by
now, and the classic one with addresses of its own.
`python -m tests.venues.kucoin --port 0 --state FILE` runs it as a process.
"""

import argparse
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET, PASSPHRASE
from tests.venues.faults import Fault, FaultKind
from tests.venues.kucoin_wire import (
    Json,
    KucoinRefusal,
    Params,
    good,
    in_kucoin_words,
    not_found,
    order_answer,
    order_request,
    order_word,
    plain,
    symbol_info,
    trade_answer,
)
from tests.venues.loopback import Answer, Request, json_answer
from tests.venues.matching import Book
from tests.venues.orders import FeeAsset, Instrument, Order, Refusal, Refused
from tests.venues.server import Addressed, Clock, VenueServer, run, wall_clock_ms

API_KEY = EXCHANGE_KEY
SECRET = EXCHANGE_SECRET

HF_ORDERS = "/api/v1/hf/orders"
TIMESTAMP_MS = 5_000
# KuCoin's page unless more is asked for, and the most it gives.
FILLS_PAGE, FILLS_MOST = 20, 100
ORDERS_PAGE = 50

Route = Callable[[Params, Fault | None], object]

CCXT_SECTIONS = (
    "public",
    "private",
    "futuresPrivate",
    "futuresPublic",
    "webExchange",
    "broker",
    "earn",
    "uta",
    "utaV2",
    "utaPrivate",
)


def instrument(symbol: str, **changes: Any) -> Instrument:
    """BTC/USDT with increments in KuCoin's style; `changes` are fields of Instrument."""
    base, quote = symbol.split("/")
    usual = Instrument(
        id=f"{base}-{quote}",
        base=base,
        quote=quote,
        step=Decimal("1E-8"),
        tick=Decimal("0.1"),
        minimum_notional=Decimal("0.1"),
        maximum_quantity=Decimal(10_000_000_000),
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
    book = Book(by_symbol.values(), balances, fee_asset=FeeAsset.QUOTE, unique_open_client_ids=True)
    for symbol, price in prices.items():
        book.set_price(symbol, price)
    return book


def ccxt_options(server: Addressed) -> Json:
    """Constructor options under which ccxt.kucoin asks nobody else."""
    return {
        "apiKey": API_KEY,
        "secret": SECRET,
        "password": PASSPHRASE,
        "urls": {"api": dict.fromkeys(CCXT_SECTIONS, server.url)},
        "options": {"fetchMarkets": {"types": ["spot"]}},  # else it asks for futures too
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class KucoinLimits:
    weight_per_30_seconds: int = 4_000


class KucoinVenue(VenueServer):
    name = "kucoin"
    ms_per_weight = 8

    def __init__(
        self,
        book: Book,
        *,
        limits: KucoinLimits | None = None,
        clock: Clock = wall_clock_ms,
        latency: float = 0.0,
        port: int = 0,
        state_file: Path | None = None,
    ) -> None:
        super().__init__(book, clock=clock, latency=latency, port=port, state_file=state_file)
        self.classic = False  # an account from before the high-frequency ones
        self._limits = limits or KucoinLimits()
        self._window = (0, 0)  # the half minute, and what was spent in it
        self._public: dict[tuple[str, str], Route] = {
            ("GET", "/api/v1/timestamp"): lambda _params, _fault: self.now_ms(),
            ("GET", "/api/v2/symbols"): self._symbols,
            ("GET", "/api/v3/currencies"): self._currencies,
            ("GET", "/api/v1/market/allTickers"): self._tickers,
        }
        self._signed: dict[tuple[str, str], Route] = {
            ("GET", "/api/ua/v1/account/mode"): lambda _p, _f: {"selfAccountMode": "CLASSIC"},
            ("GET", "/api/v1/hf/accounts/opened"): lambda _params, _fault: not self.classic,
            ("GET", "/api/v3/margin/symbols"): lambda _params, _fault: {"items": []},
            ("GET", "/api/v1/isolated/symbols"): lambda _params, _fault: [],
            ("GET", "/api/v1/accounts"): self._accounts,
        }
        self._trading: dict[tuple[str, str], Route] = {
            ("POST", "orders"): self._new_order,
            ("GET", "orders/active"): self._active,
            ("GET", "orders/done"): self._done,
            ("GET", "fills"): self._fills,
        }

    # --- one request ---

    def weigh(self, request: Request) -> int:
        if request.path == "/api/v1/accounts":
            return 5
        return {"POST": 1, "DELETE": 1}.get(request.method, 2)

    def arguments(self, request: Request) -> Mapping[str, object]:
        return _params(request)

    def respond(self, request: Request, fault: Fault | None) -> Answer:
        try:
            self._spend(self.weigh(request))
            return good(self._routed(request, fault))
        except Refused as refused:
            return in_kucoin_words(refused).answer
        except KucoinRefusal as refusal:
            return refusal.answer

    def failure(self, kind: FaultKind) -> Answer:
        match kind:
            case FaultKind.ERROR_500:
                return KucoinRefusal("500000", "Internal Server Error", status=500).answer
            case FaultKind.ERROR_503:
                return KucoinRefusal("503", "Service Unavailable", status=503).answer
            case FaultKind.BAN:
                return self._too_many(60_000)
            case _:
                return self._too_many(30_000)

    def _too_many(self, reset_ms: int) -> Answer:
        headers = {
            "gw-ratelimit-limit": str(self._limits.weight_per_30_seconds),
            "gw-ratelimit-remaining": "0",
            "gw-ratelimit-reset": str(reset_ms),
        }
        text = "Too many requests. System-level rate limit exceeded."
        return json_answer({"code": "429000", "msg": text}, status=429, headers=headers)

    def _spend(self, weight: int) -> None:
        window = self.now_ms() // 30_000
        spent = self._window[1] if self._window[0] == window else 0
        self._window = (window, spent + weight)
        if spent + weight > self._limits.weight_per_30_seconds:
            raise KucoinRefusal(
                "429000", "Too many requests. System-level rate limit exceeded.", status=429
            )

    def _routed(self, request: Request, fault: Fault | None) -> object:
        key = (request.method, request.path)
        if key in self._public:
            return self._public[key](_params(request), fault)
        self._authenticate(request)
        if key in self._signed:
            return self._signed[key](_params(request), fault)
        return self._trade(request, fault)

    def _authenticate(self, request: Request) -> None:
        headers = request.headers
        if headers.get("kc-api-key") != API_KEY:
            raise KucoinRefusal("400003", "KC-API-KEY not exists", status=401)
        stamp = headers.get("kc-api-timestamp", "")
        if not stamp.isdecimal() or abs(self.now_ms() - int(stamp)) > TIMESTAMP_MS:
            raise KucoinRefusal("400002", "KC-API-TIMESTAMP Invalid", status=400)
        if headers.get("kc-api-passphrase") != _signed(PASSPHRASE):
            raise KucoinRefusal("400004", "Invalid KC-API-PASSPHRASE", status=401)
        path = request.path + (f"?{request.query}" if request.query else "")
        if headers.get("kc-api-sign") != _signed(stamp + request.method + path + request.body):
            raise KucoinRefusal("400005", "Invalid KC-API-SIGN", status=401)

    def _trade(self, request: Request, fault: Fault | None) -> object:
        """An order's own address: by its id, or by the client's."""
        params = _params(request)
        rest = request.path.removeprefix("/api/v1/" if self.classic else "/api/v1/hf/")
        if self.classic and (request.method, rest) == ("GET", "orders"):
            rest = f"orders/{params.get('status', 'done')}"
        if (request.method, rest) in self._trading:
            return self._trading[(request.method, rest)](params, fault)
        by_client = "order/client-order/" if self.classic else "orders/client-order/"
        if rest.startswith(by_client):
            found = self._find(client_id=rest.removeprefix(by_client))
        elif rest.startswith("orders/"):
            found = self._find(order_id=rest.removeprefix("orders/"))
        else:
            raise KucoinRefusal("404000", f"URL Not Found: {request.path}", status=404)
        return self._cancel(found) if request.method == "DELETE" else self._shown(found)

    # --- market data ---

    def _symbols(self, _params: Params, _fault: Fault | None) -> list[Json]:
        return [symbol_info(known) for known in self.book.instruments.values()]

    def _currencies(self, _params: Params, _fault: Fault | None) -> list[Json]:
        names = {n for known in self.book.instruments.values() for n in (known.base, known.quote)}
        return [{"currency": n, "name": n, "precision": 8, "chains": []} for n in sorted(names)]

    def _tickers(self, _params: Params, _fault: Fault | None) -> Json:
        known = [i for i in self.book.instruments.values() if i.id in self.book.markets]
        return {"time": self.now_ms(), "ticker": [self._ticker(chosen) for chosen in known]}

    def _ticker(self, chosen: Instrument) -> Json:
        market = self.book.markets[chosen.id]
        last = plain(market.last)
        return {
            "symbol": chosen.id,
            "symbolName": chosen.id,
            "buy": plain(market.bid),
            "sell": plain(market.ask),
            **dict.fromkeys(("high", "low", "last", "averagePrice"), last),
            **dict.fromkeys(("changeRate", "changePrice", "vol", "volValue"), "0"),
            "takerFeeRate": plain(chosen.fee_rate),
            "makerFeeRate": plain(chosen.maker_fee_rate),
            "takerCoefficient": "1",
            "makerCoefficient": "1",
        }

    def _instrument(self, params: Params) -> Instrument:
        chosen = self.book.instruments.get(params.get("symbol", ""))
        if chosen is None:
            raise Refused(Refusal.SYMBOL)
        return chosen

    # --- account ---

    def _accounts(self, _params: Params, _fault: Fault | None) -> list[Json]:
        kind = "trade" if self.classic else "trade_hf"
        return [
            {
                "id": f"{name}-{kind}",
                "currency": name,
                "type": kind,
                "balance": plain(held.total),
                "available": plain(held.free),
                "holds": plain(held.locked),
            }
            for name, held in self.book.balances.items()
        ]

    def _new_order(self, params: Params, fault: Fault | None) -> Json:
        order = self.place(order_request(self._instrument(params), params), fault)
        return {"orderId": order_word(order.id)}

    def _find(self, *, order_id: str = "", client_id: str = "") -> Order:
        """Of several with one client id the newest."""
        for order in reversed(self.visible_orders()):
            if order_id == order_word(order.id) or client_id == order.request.client_id:
                return order
        raise not_found()

    def _cancel(self, order: Order) -> Json:
        if not order.is_open:
            raise KucoinRefusal("400100", "order_not_exist_or_not_allow_to_cancel")
        self.book.cancel(order, now_ms=self.now_ms())
        return {"orderId": order_word(order.id), "cancelledOrderIds": [order_word(order.id)]}

    def _shown(self, order: Order) -> Json:
        return order_answer(order, high_frequency=not self.classic)

    def _active(self, params: Params, _fault: Fault | None) -> object:
        found = [self._shown(order) for order in self._asked(params) if order.is_open]
        return {"items": found} if self.classic else found

    def _done(self, params: Params, _fault: Fault | None) -> Json:
        size = int(params.get("pageSize", ORDERS_PAGE))
        done = [order for order in self._asked(params) if not order.is_open]
        return {"items": [self._shown(order) for order in done[:size]]}

    def _asked(self, params: Params) -> list[Order]:
        chosen, start_ms = self._instrument(params), int(params.get("startAt", "0"))
        return [
            order
            for order in reversed(self.visible_orders())
            if order.request.instrument is chosen and order.created_ms >= start_ms
        ]

    def _fills(self, params: Params, _fault: Fault | None) -> Json:
        size = min(int(params.get("limit", params.get("pageSize", FILLS_PAGE))), FILLS_MOST)
        fills = [
            trade_answer(trade)
            for trade in reversed(self.visible_trades())
            if params.get("orderId", order_word(trade.order_id)) == order_word(trade.order_id)
        ]
        return {"items": fills[:size], "lastId": 0}


def _params(request: Request) -> Params:
    if request.method == "POST":
        given = json.loads(request.body)
        return given if isinstance(given, dict) else {}
    return request.params


def _signed(text: str) -> str:
    digest = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _from_arguments(
    prices: Mapping[str, Decimal], balances: Mapping[str, Decimal], options: argparse.Namespace
) -> KucoinVenue:
    book = standard_book(
        prices or {"BTC/USDT": Decimal(60_000), "ETH/USDT": Decimal(3_000)},
        balances or {"USDT": Decimal(10_000)},
    )
    return KucoinVenue(book, latency=options.latency, port=options.port, state_file=options.state)


if __name__ == "__main__":
    run(_from_arguments)
