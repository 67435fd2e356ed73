"""Kraken spot, as far as ccxt asks it: errors under status 200, a rising nonce, a call counter.

An order's answer has an id and no more: what became of it stands in the lists, a little later.
`python -m tests.venues.kraken --port 0 --state FILE` runs it as a process.
"""

import argparse
import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET
from tests.venues.faults import Fault, FaultKind
from tests.venues.kraken_wire import (
    PAGE,
    Json,
    KrakenRefusal,
    Params,
    altname,
    amount,
    asset,
    check_deadline,
    description,
    in_kraken_words,
    order_answer,
    order_request,
    order_word,
    pair,
    trade_answer,
    trade_word,
)
from tests.venues.loopback import Answer, Request, json_answer
from tests.venues.matching import Book
from tests.venues.orders import FeeAsset, Instrument, Order, Refused, Trade
from tests.venues.server import Addressed, Clock, VenueServer, run, wall_clock_ms

API_KEY = EXCHANGE_KEY
SECRET = EXCHANGE_SECRET

PRIVATE = "/0/private"
ADD_ORDER = f"{PRIVATE}/AddOrder"

# What a call adds to the counter; placing and cancelling count elsewhere.
COUNTED = {"AddOrder": 0, "CancelOrder": 0, "TradesHistory": 2}

Route = Callable[[Params, Fault | None], object]
Row = TypeVar("Row", Order, Trade)


def instrument(symbol: str, **changes: Any) -> Instrument:
    """BTC/USD with decimals and minimums in Kraken's style; `changes` are fields of Instrument."""
    base, quote = symbol.split("/")
    usual = Instrument(
        id=asset(base) + asset(quote),
        base=base,
        quote=quote,
        step=Decimal("1E-8"),
        tick=Decimal("0.1"),
        minimum_quantity=Decimal("0.00005"),
        minimum_notional=Decimal("0.5"),
        fee_rate=Decimal("0.004"),
        maker_fee_rate=Decimal("0.0025"),
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
    """Constructor options under which ccxt.kraken asks nobody else."""
    urls = dict.fromkeys(("public", "private", "zendesk"), server.url)
    return {"apiKey": API_KEY, "secret": SECRET, "urls": {"api": urls}}


@dataclass(frozen=True, slots=True, kw_only=True)
class KrakenLimits:
    """Those of a new account."""

    highest_count: Decimal = Decimal(15)
    decay_per_second: Decimal = Decimal("0.33")


class KrakenVenue(VenueServer):
    name = "kraken"
    ms_per_weight = 3_000

    def __init__(
        self,
        book: Book,
        *,
        limits: KrakenLimits | None = None,
        clock: Clock = wall_clock_ms,
        latency: float = 0.0,
        port: int = 0,
        state_file: Path | None = None,
    ) -> None:
        super().__init__(book, clock=clock, latency=latency, port=port, state_file=state_file)
        self._limits = limits or KrakenLimits()
        self._count = Decimal(0)
        self._counted_ms = 0
        self.nonce = 0
        self._public: dict[str, Route] = {
            "/0/public/Time": lambda _params, _fault: {"unixtime": self.now_ms() // 1000},
            "/0/public/Assets": self._assets,
            "/0/public/AssetPairs": self._pairs,
            "/0/public/Ticker": self._ticker,
        }
        self._private: dict[str, Route] = {
            f"{PRIVATE}/BalanceEx": self._balances,
            ADD_ORDER: self._add_order,
            f"{PRIVATE}/CancelOrder": self._cancel_order,
            f"{PRIVATE}/OpenOrders": self._open_orders,
            f"{PRIVATE}/ClosedOrders": self._closed_orders,
            f"{PRIVATE}/QueryOrders": self._query_orders,
            f"{PRIVATE}/QueryTrades": self._query_trades,
            f"{PRIVATE}/TradesHistory": self._trades_history,
        }

    # --- one request ---

    def weigh(self, request: Request) -> int:
        if not request.path.startswith(PRIVATE):
            return 0
        return COUNTED.get(request.path.rpartition("/")[2], 1)

    def respond(self, request: Request, fault: Fault | None) -> Answer:
        try:
            return json_answer({"error": [], "result": self._routed(request, fault)})
        except Refused as refused:
            return json_answer(in_kraken_words(refused).body)
        except KrakenRefusal as refusal:
            return json_answer(refusal.body)

    def failure(self, kind: FaultKind) -> Answer:
        text = {
            FaultKind.ERROR_500: "EGeneral:Internal error",
            FaultKind.ERROR_503: "EService:Unavailable",
            FaultKind.BAN: "EGeneral:Temporary lockout",
        }.get(kind, "EAPI:Rate limit exceeded")
        return json_answer(KrakenRefusal(text).body)

    def _routed(self, request: Request, fault: Fault | None) -> object:
        if request.path in self._public:
            return self._public[request.path](request.params, fault)
        if request.path not in self._private:
            raise KrakenRefusal("EGeneral:Unknown method")
        self._authenticate(request)
        self._count_call(self.weigh(request))
        return self._private[request.path](request.params, fault)

    def _authenticate(self, request: Request) -> None:
        if request.headers.get("api-key") != API_KEY:
            raise KrakenRefusal("EAPI:Invalid key")
        nonce = request.params.get("nonce", "")
        digest = hashlib.sha256((nonce + request.body).encode()).digest()
        signed = hmac.new(
            base64.b64decode(SECRET), request.path.encode() + digest, hashlib.sha512
        ).digest()
        expected = base64.b64encode(signed).decode()
        if not hmac.compare_digest(request.headers.get("api-sign", ""), expected):
            raise KrakenRefusal("EAPI:Invalid signature")
        if not nonce.isdecimal() or int(nonce) <= self.nonce:
            raise KrakenRefusal("EAPI:Invalid nonce")
        self.nonce = int(nonce)

    def _count_call(self, weight: int) -> None:
        now_ms = self.now_ms()
        gone = Decimal(now_ms - self._counted_ms) / 1000 * self._limits.decay_per_second
        self._count = max(Decimal(0), self._count - gone)
        self._counted_ms = now_ms
        if self._count + weight > self._limits.highest_count:
            raise KrakenRefusal("EAPI:Rate limit exceeded")
        self._count += weight

    # --- market data ---

    def _assets(self, _params: Params, _fault: Fault | None) -> Json:
        names = {
            name for known in self.book.instruments.values() for name in (known.base, known.quote)
        }
        return {
            asset(name): {
                "aclass": "currency",
                "altname": name,
                "decimals": 10,
                "status": "enabled",
            }
            for name in sorted(names)
        }

    def _pairs(self, _params: Params, _fault: Fault | None) -> Json:
        return {known.id: pair(known) for known in self.book.instruments.values()}

    def _ticker(self, params: Params, _fault: Fault | None) -> Json:
        wanted = params["pair"].split(",") if "pair" in params else list(self.book.instruments)
        return {chosen.id: self._price(chosen) for chosen in map(self._instrument, wanted)}

    def _price(self, chosen: Instrument) -> Json:
        market = self.book.markets[chosen.id]
        last, whole = amount(market.last, 5), ["0.00000000", "0.00000000"]
        return {
            "a": [amount(market.ask, 5), "1", "1.000"],
            "b": [amount(market.bid, 5), "1", "1.000"],
            "c": [last, "0.00100000"],
            "v": whole,
            "p": [last, last],
            "t": [1, 1],
            "l": [last, last],
            "h": [last, last],
            "o": last,
        }

    def _instrument(self, name: str) -> Instrument:
        for known in self.book.instruments.values():
            if name in (known.id, altname(known)):
                return known
        raise KrakenRefusal("EQuery:Unknown asset pair")

    # --- account ---

    def _balances(self, _params: Params, _fault: Fault | None) -> Json:
        return {
            asset(name): {"balance": amount(held.total, 10), "hold_trade": amount(held.locked, 10)}
            for name, held in self.book.balances.items()
        }

    def _add_order(self, params: Params, fault: Fault | None) -> Json:
        check_deadline(params, self.now_ms())
        request = order_request(self._instrument(params.get("pair", "")), params)
        order = self.place(request, fault)
        return {
            "descr": {"order": description(order)["order"]},
            "txid": [order_word(order.id)],
        }

    def _cancel_order(self, params: Params, _fault: Fault | None) -> Json:
        found = [
            order
            for order in self.book.orders
            if order.is_open
            and (
                order_word(order.id) == params.get("txid")
                or ("cl_ord_id" in params and order.request.client_id == params["cl_ord_id"])
            )
        ]
        if not found:
            raise KrakenRefusal("EOrder:Unknown order")
        for order in found:
            self.book.cancel(order, now_ms=self.now_ms())
        return {"count": len(found)}

    def _open_orders(self, params: Params, _fault: Fault | None) -> Json:
        return {"open": self._answers([o for o in self._asked(params) if o.is_open], params)}

    def _closed_orders(self, params: Params, _fault: Fault | None) -> Json:
        start_ms, end_ms = _window_ms(params)
        closed = [
            order
            for order in self._asked(params)
            if not order.is_open and start_ms < order.updated_ms <= end_ms
        ]
        return {"closed": self._answers(_page(closed, params), params), "count": len(closed)}

    def _query_orders(self, params: Params, _fault: Fault | None) -> Json:
        wanted = params.get("txid", "").split(",")
        found = [order for order in self._asked(params) if order_word(order.id) in wanted]
        if not found:
            raise KrakenRefusal("EOrder:Unknown order")
        return self._answers(found, params)

    def _asked(self, params: Params) -> list[Order]:
        """Newest first; the client's id narrows every list."""
        return [
            order
            for order in reversed(self.visible_orders())
            if params.get("cl_ord_id", order.request.client_id) == order.request.client_id
        ]

    def _answers(self, orders: list[Order], params: Params) -> Json:
        trades = params.get("trades", "").lower() == "true"
        return {order_word(order.id): order_answer(order, trades=trades) for order in orders}

    def _query_trades(self, params: Params, _fault: Fault | None) -> Json:
        wanted = params.get("txid", "").split(",")
        return {
            trade_word(trade.id): trade_answer(trade)
            for trade in self.visible_trades()
            if trade_word(trade.id) in wanted
        }

    def _trades_history(self, params: Params, _fault: Fault | None) -> Json:
        start_ms, end_ms = _window_ms(params)
        trades = [
            trade for trade in reversed(self.visible_trades()) if start_ms < trade.time_ms <= end_ms
        ]
        shown = _page(trades, params)
        return {
            "trades": {trade_word(trade.id): trade_answer(trade) for trade in shown},
            "count": len(trades),
        }


def _page(rows: list[Row], params: Params) -> list[Row]:
    offset = int(params.get("ofs", "0"))
    return rows[offset : offset + PAGE]


def _window_ms(params: Params) -> tuple[int, int]:
    return int(params.get("start", "0")) * 1000, int(params.get("end", str(10**10))) * 1000


def _from_arguments(
    prices: Mapping[str, Decimal], balances: Mapping[str, Decimal], options: argparse.Namespace
) -> KrakenVenue:
    book = standard_book(
        prices or {"BTC/USD": Decimal(60_000), "ETH/USD": Decimal(3_000)},
        balances or {"USD": Decimal(10_000)},
    )
    return KrakenVenue(book, latency=options.latency, port=options.port, state_file=options.state)


if __name__ == "__main__":
    run(_from_arguments)
