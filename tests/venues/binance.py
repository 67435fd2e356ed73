"""Binance spot, as far as ccxt asks it: filters, signatures, clock, weights and order counts.

`python -m tests.venues.binance --port 0 --state FILE` runs it as a process.
"""

import argparse
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET
from tests.venues.binance_limits import BinanceLimits, Gate
from tests.venues.binance_wire import (
    ORDER,
    SPOT,
    BinanceRefusal,
    Json,
    Params,
    amount,
    in_binance_words,
    in_time,
    integer,
    new_order_answer,
    order_answer,
    order_request,
    page,
    required,
    symbol_info,
    trade_answer,
    weight,
)
from tests.venues.faults import Fault, FaultKind
from tests.venues.loopback import Answer, Request, json_answer
from tests.venues.matching import Book
from tests.venues.orders import ZERO, FeeAsset, Instrument, Order, OrderType, Refused
from tests.venues.server import Addressed, Clock, VenueServer, run, wall_clock_ms

API_KEY = EXCHANGE_KEY
SECRET = EXCHANGE_SECRET

DAY_MS = 24 * 60 * 60 * 1000

Route = Callable[[Params, Fault | None], object]

# Every address that ccxt.binance knows: all must lead here, so that no test reaches the internet.
CCXT_SECTIONS = (
    "public",
    "private",
    "v1",
    "sapi",
    "sapiV2",
    "sapiV3",
    "sapiV4",
    "papi",
    "papiV2",
    "dapiPublic",
    "dapiPrivate",
    "dapiPrivateV2",
    "dapiData",
    "eapiPublic",
    "eapiPrivate",
    "fapiPublic",
    "fapiPublicV2",
    "fapiPublicV3",
    "fapiPrivate",
    "fapiPrivateV2",
    "fapiPrivateV3",
    "fapiData",
)


def instrument(symbol: str, **changes: Any) -> Instrument:
    """BTC/USDT with steps and limits in Binance's style; `changes` are fields of Instrument."""
    base, quote = symbol.split("/")
    usual = Instrument(id=base + quote, base=base, quote=quote, minimum_notional=Decimal(5))
    return replace(usual, **changes)


def standard_book(
    prices: Mapping[str, Decimal],
    balances: Mapping[str, Decimal],
    *instruments: Instrument,
) -> Book:
    """Instruments for all priced symbols; those given by hand replace the usual ones."""
    by_symbol = {symbol: instrument(symbol) for symbol in prices}
    by_symbol.update({given.symbol: given for given in instruments})
    book = Book(
        by_symbol.values(), balances, fee_asset=FeeAsset.RECEIVED, unique_open_client_ids=True
    )
    for symbol, price in prices.items():
        book.set_price(symbol, price)
    return book


def ccxt_options(server: Addressed) -> Json:
    """Constructor options under which ccxt.binance trades spot here and asks nobody else."""
    urls = dict.fromkeys(CCXT_SECTIONS, f"{server.url}/elsewhere")
    urls.update(
        dict.fromkeys(("public", "private"), f"{server.url}{SPOT}"),
        sapi=f"{server.url}/sapi/v1",
    )
    return {
        "apiKey": API_KEY,
        "secret": SECRET,
        "urls": {"api": urls, "test": urls},
        "options": {
            "defaultType": "spot",
            "fetchMarkets": {"types": ["spot"]},  # else it asks fapi and dapi too
            "fetchCurrencies": False,  # else it asks sapi
            "fetchMargins": False,
        },
    }


class BinanceVenue(VenueServer):
    name = "binance"
    ms_per_weight = 10

    def __init__(
        self,
        book: Book,
        *,
        limits: BinanceLimits | None = None,
        clock: Clock = wall_clock_ms,
        latency: float = 0.0,
        port: int = 0,
        state_file: Path | None = None,
    ) -> None:
        super().__init__(book, clock=clock, latency=latency, port=port, state_file=state_file)
        self.keys = (API_KEY, SECRET)
        self.may_withdraw = False  # what the key's restrictions say
        self._gate = Gate(limits or BinanceLimits())
        self._public: dict[tuple[str, str], Route] = {
            ("GET", f"{SPOT}/ping"): lambda _params, _fault: {},
            ("GET", f"{SPOT}/time"): lambda _params, _fault: {"serverTime": self.now_ms()},
            ("GET", f"{SPOT}/exchangeInfo"): self._exchange_info,
            ("GET", f"{SPOT}/ticker/24hr"): self._tickers(self._day_ticker),
            ("GET", f"{SPOT}/ticker/bookTicker"): self._tickers(self._book_ticker),
            ("GET", f"{SPOT}/ticker/price"): self._tickers(self._price_ticker),
        }
        self._signed: dict[tuple[str, str], Route] = {
            ("GET", f"{SPOT}/account"): self._account,
            ("POST", ORDER): self._new_order,
            ("GET", ORDER): self._query_order,
            ("DELETE", ORDER): self._cancel_order,
            ("GET", f"{SPOT}/openOrders"): self._open_orders,
            ("GET", f"{SPOT}/allOrders"): self._all_orders,
            ("GET", f"{SPOT}/myTrades"): self._my_trades,
            ("GET", "/sapi/v1/account/apiRestrictions"): self._restrictions,
        }

    # --- one request ---

    def weigh(self, request: Request) -> int:
        return weight(request.method, request.path, request.params)

    def respond(self, request: Request, fault: Fault | None) -> Answer:
        try:
            self._gate.admit(self.weigh(request), self.now_ms())
            body = self._routed(request, fault)
        except Refused as refused:
            refusal = in_binance_words(refused)
            return json_answer(refusal.body, status=refusal.status, headers=self._gate.headers())
        except BinanceRefusal as refusal:
            headers = {**self._gate.headers(), **refusal.headers}
            return json_answer(refusal.body, status=refusal.status, headers=headers)
        return json_answer(body, headers=self._gate.headers())

    def failure(self, kind: FaultKind) -> Answer:
        match kind:
            case FaultKind.ERROR_500:
                text = "An unknown error occurred while processing the request."
                return json_answer({"code": -1000, "msg": text}, status=500)
            case FaultKind.ERROR_503:
                text = "Internal error; unable to process your request. Please try again."
                return json_answer({"code": -1001, "msg": text}, status=503)
            case FaultKind.BAN:
                refusal = self._gate.banned(self.now_ms() + 1000, self.now_ms())
            case _:
                refusal = self._gate.too_much_weight(1)
        return json_answer(refusal.body, status=refusal.status, headers=refusal.headers)

    def _routed(self, request: Request, fault: Fault | None) -> object:
        key = (request.method, request.path)
        if key in self._public:
            return self._public[key](request.params, fault)
        if key not in self._signed:
            raise BinanceRefusal(-5000, f"Path {request.path} is not valid", status=404)
        self._authenticate(request)
        return self._signed[key](request.params, fault)

    def _authenticate(self, request: Request) -> None:
        key = request.headers.get("x-mbx-apikey", "")
        if not key:
            raise BinanceRefusal(-2014, "API-key format invalid.", status=401)
        if key != self.keys[0]:
            text = "Invalid API-key, IP, or permissions for action."
            raise BinanceRefusal(-2015, text, status=401)
        signed, _, signature = f"{request.query}{request.body}".rpartition("&signature=")
        expected = hmac.new(self.keys[1].encode(), signed.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, expected):
            raise BinanceRefusal(-1022, "Signature for this request is not valid.")
        self._check_time(request.params)

    def _check_time(self, params: Params) -> None:
        timestamp = integer(params, "timestamp")
        window = int(params.get("recvWindow", "5000"))
        if window > 60_000:
            raise BinanceRefusal(-1131, "recvWindow must be less than 60000.")
        now_ms = self.now_ms()
        if timestamp >= now_ms + 1000:
            text = "Timestamp for this request was 1000ms ahead of the server's time."
            raise BinanceRefusal(-1021, text)
        if now_ms - timestamp > window:
            text = "Timestamp for this request is outside of the recvWindow."
            raise BinanceRefusal(-1021, text)

    # --- market data ---

    def _exchange_info(self, params: Params, _fault: Fault | None) -> Json:
        return {
            "timezone": "UTC",
            "serverTime": self.now_ms(),
            "rateLimits": self._gate.announced(),
            "exchangeFilters": [],
            "symbols": [symbol_info(chosen) for chosen in self._chosen(params)],
        }

    def _chosen(self, params: Params) -> list[Instrument]:
        if "symbol" in params:
            return [self._instrument(params)]
        if "symbols" in params:
            names = json.loads(params["symbols"])
            return [self._instrument({"symbol": name}) for name in names]
        return list(self.book.instruments.values())

    def _instrument(self, params: Params) -> Instrument:
        name = required(params, "symbol")
        if name not in self.book.instruments:
            raise BinanceRefusal(-1121, "Invalid symbol.")
        return self.book.instruments[name]

    def _tickers(self, one: Callable[[Instrument], Json]) -> Route:
        def answer(params: Params, _fault: Fault | None) -> object:
            tickers = [
                one(chosen) for chosen in self._chosen(params) if chosen.id in self.book.markets
            ]
            return tickers[0] if "symbol" in params else tickers

        return answer

    def _price_ticker(self, chosen: Instrument) -> Json:
        return {"symbol": chosen.id, "price": amount(self.book.markets[chosen.id].last)}

    def _book_ticker(self, chosen: Instrument) -> Json:
        market = self.book.markets[chosen.id]
        depth = amount(Decimal(1000) if market.liquidity is None else market.liquidity)
        return {
            "symbol": chosen.id,
            "bidPrice": amount(market.bid),
            "bidQty": depth,
            "askPrice": amount(market.ask),
            "askQty": depth,
        }

    def _day_ticker(self, chosen: Instrument) -> Json:
        last = amount(self.book.markets[chosen.id].last)
        prices = ("weightedAvgPrice", "prevClosePrice", "lastPrice", "openPrice", "highPrice")
        return {
            **self._book_ticker(chosen),
            **dict.fromkeys((*prices, "lowPrice"), last),
            **dict.fromkeys(("priceChange", "priceChangePercent"), amount(ZERO)),
            **dict.fromkeys(("lastQty", "volume", "quoteVolume"), amount(ZERO)),
            "openTime": self.now_ms() - DAY_MS,
            "closeTime": self.now_ms(),
            "firstId": 1,
            "lastId": 1,
            "count": 1,
        }

    # --- account ---

    def _account(self, _params: Params, _fault: Fault | None) -> Json:
        return {
            "canTrade": True,
            "canWithdraw": self.may_withdraw,
            "canDeposit": True,
            "accountType": "SPOT",
            "updateTime": self.now_ms(),
            "permissions": ["SPOT"],
            "balances": [
                {"asset": asset, "free": amount(held.free), "locked": amount(held.locked)}
                for asset, held in self.book.balances.items()
            ],
        }

    def _restrictions(self, _params: Params, _fault: Fault | None) -> Json:
        return {
            "ipRestrict": False,
            "createTime": 0,
            "enableReading": True,
            "enableSpotAndMarginTrading": True,
            "enableWithdrawals": self.may_withdraw,
        }

    def _new_order(self, params: Params, fault: Fault | None) -> Json:
        request = order_request(self._instrument(params), params)
        if request.type is OrderType.LIMIT_MAKER and self.book.would_take(request):
            raise BinanceRefusal(-2010, "Order would immediately match and take.")
        self._gate.admit_order(self.now_ms())
        order = self.place(request, fault)
        self._gate.count_order(self.now_ms())
        return new_order_answer(order, params.get("newOrderRespType", "FULL"))

    def _query_order(self, params: Params, _fault: Fault | None) -> Json:
        order = self._find(params)
        if order is None:
            raise BinanceRefusal(-2013, "Order does not exist.")
        return order_answer(order)

    def _cancel_order(self, params: Params, _fault: Fault | None) -> Json:
        order = self._find(params)
        if order is None or not order.is_open:
            raise BinanceRefusal(-2011, "Unknown order sent.")
        self.book.cancel(order, now_ms=self.now_ms())
        answer = order_answer(order)
        answer["origClientOrderId"] = answer["clientOrderId"]
        answer["clientOrderId"] = f"cancel{order.id}"
        return answer

    def _find(self, params: Params) -> Order | None:
        """Of several orders with one client id the newest, as a client id may come again."""
        chosen = self._instrument(params)
        if "orderId" not in params and "origClientOrderId" not in params:
            text = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
            raise BinanceRefusal(-1102, text)
        for order in reversed(self.visible_orders()):
            if order.request.instrument is not chosen:
                continue
            if params.get("orderId", str(order.id)) != str(order.id):
                continue
            client_id = order.request.client_id
            if params.get("origClientOrderId", client_id) == client_id:
                return order
        return None

    def _open_orders(self, params: Params, _fault: Fault | None) -> list[Json]:
        wanted = self._chosen(params)
        return [
            order_answer(order)
            for order in self.visible_orders()
            if order.is_open and order.request.instrument in wanted
        ]

    def _all_orders(self, params: Params, _fault: Fault | None) -> list[Json]:
        chosen = self._instrument(params)
        orders = [
            order
            for order in self.visible_orders()
            if order.request.instrument is chosen
            and order.id >= int(params.get("orderId", "0"))
            and in_time(order.created_ms, params)
        ]
        return [order_answer(order) for order in page(orders, params, "orderId")]

    def _my_trades(self, params: Params, _fault: Fault | None) -> list[Json]:
        chosen = self._instrument(params)
        if "startTime" in params and "endTime" in params:
            asked_ms = int(params["endTime"]) - int(params["startTime"])
            if asked_ms > DAY_MS:
                raise BinanceRefusal(-1127, "More than 24 hours between startTime and endTime.")
        trades = [
            trade
            for trade in self.visible_trades()
            if trade.instrument is chosen
            and params.get("orderId", str(trade.order_id)) == str(trade.order_id)
            and trade.id >= int(params.get("fromId", "0"))
            and in_time(trade.time_ms, params)
        ]
        return [trade_answer(trade) for trade in page(trades, params, "fromId")]


def _from_arguments(
    prices: Mapping[str, Decimal], balances: Mapping[str, Decimal], options: argparse.Namespace
) -> BinanceVenue:
    book = standard_book(
        prices or {"BTC/USDT": Decimal(60_000), "ETH/USDT": Decimal(3_000)},
        balances or {"USDT": Decimal(10_000)},
    )
    return BinanceVenue(book, latency=options.latency, port=options.port, state_file=options.state)


if __name__ == "__main__":
    run(_from_arguments)
