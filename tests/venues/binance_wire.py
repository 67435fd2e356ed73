"""Binance's words <-> the book's: parameters in, JSON out, request weights. Pure."""

import json
import re
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any, TypeVar

from tests.venues.orders import (
    ZERO,
    Instrument,
    Order,
    OrderRequest,
    OrderType,
    Refusal,
    Refused,
    Side,
    TimeInForce,
    Trade,
)

SPOT = "/api/v3"
ORDER = f"{SPOT}/order"
AMOUNT = re.compile(r"([0-9]{1,20})(\.[0-9]{1,20})?")
CLIENT_ID = re.compile(r"[a-zA-Z0-9-_]{1,36}")

# path -> weight with one symbol, weight without
WEIGHTS = {
    "/ticker/bookTicker": (2, 4),
    "/ticker/price": (2, 4),
    "/openOrders": (6, 80),
    "/exchangeInfo": (20, 20),
    "/account": (20, 20),
    "/allOrders": (20, 20),
}

Json = dict[str, Any]
Params = Mapping[str, str]
Word = TypeVar("Word", OrderType, Side, TimeInForce)
Row = TypeVar("Row", Order, Trade)


class BinanceRefusal(Exception):
    def __init__(
        self, code: int, message: str, *, status: int = 400, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.body = {"code": code, "msg": message}
        self.status = status
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}


def weight(method: str, path: str, params: Params) -> int:
    """Binance's own numbers; ccxt throttles some calls by others (ticker/24hr with symbols)."""
    if path == ORDER:
        return 4 if method == "GET" else 1
    if path == f"{SPOT}/ticker/24hr":
        return _day_ticker_weight(params)
    if path == f"{SPOT}/myTrades":
        return 5 if "orderId" in params else 20
    with_symbol, without = WEIGHTS.get(path.removeprefix(SPOT), (1, 1))
    return with_symbol if "symbol" in params else without


def _day_ticker_weight(params: Params) -> int:
    if "symbol" in params:
        return 2
    if "symbols" not in params:
        return 80
    asked = len(json.loads(params["symbols"]))
    return 2 if asked <= 20 else 40 if asked <= 100 else 80


REFUSALS = {
    Refusal.SYMBOL: (-1121, "Invalid symbol."),
    Refusal.QUANTITY: (-1013, "Filter failure: LOT_SIZE"),
    Refusal.PRICE: (-1013, "Filter failure: PRICE_FILTER"),
    Refusal.NOTIONAL: (-1013, "Filter failure: NOTIONAL"),
    Refusal.FUNDS: (-2010, "Account has insufficient balance for requested action."),
    Refusal.DUPLICATE: (-2010, "Duplicate order sent."),
    Refusal.TRIGGER: (-2010, "Stop price would trigger immediately."),
}


def in_binance_words(refused: Refused) -> BinanceRefusal:
    return BinanceRefusal(*REFUSALS[refused.refusal])


def order_request(chosen: Instrument, params: Params) -> OrderRequest:
    kind = _one_of(OrderType, params, "type", code=-1116, word="orderType")
    limited = kind is not OrderType.MARKET
    stops = kind is OrderType.STOP_LOSS_LIMIT
    timed = stops or kind is OrderType.LIMIT
    return OrderRequest(
        instrument=chosen,
        side=_one_of(Side, params, "side", code=-1117, word="side"),
        type=kind,
        client_id=_client_id(params),
        quantity=_decimal(params, "quantity") if limited or "quantity" in params else None,
        price=_decimal(params, "price") if limited else None,
        stop_price=_decimal(params, "stopPrice") if stops else None,
        budget=_decimal(params, "quoteOrderQty") if "quoteOrderQty" in params else None,
        time_in_force=(
            _one_of(TimeInForce, params, "timeInForce", code=-1115, word="timeInForce")
            if timed
            else TimeInForce.GTC
        ),
    )


def _one_of(words: type[Word], params: Params, name: str, *, code: int, word: str) -> Word:
    try:
        return words(required(params, name))
    except ValueError:
        raise BinanceRefusal(code, f"Invalid {word}.") from None


def _client_id(params: Params) -> str:
    client_id = params.get("newClientOrderId", "venue-chosen")
    if not CLIENT_ID.fullmatch(client_id):
        raise _illegal("newClientOrderId", CLIENT_ID)
    return client_id


def _decimal(params: Params, name: str) -> Decimal:
    text = required(params, name)
    if not AMOUNT.fullmatch(text):
        raise _illegal(name, AMOUNT)
    if len(text.partition(".")[2]) > 8:
        raise BinanceRefusal(-1111, f"Parameter '{name}' has too much precision.")
    return Decimal(text)


def integer(params: Params, name: str) -> int:
    text = required(params, name)
    if not text.isdecimal():
        raise BinanceRefusal(-1100, f"Illegal characters found in parameter '{name}'.")
    return int(text)


def required(params: Params, name: str) -> str:
    if not params.get(name):
        text = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
        raise BinanceRefusal(-1102, text)
    return params[name]


def _illegal(name: str, legal: re.Pattern[str]) -> BinanceRefusal:
    text = f"Illegal characters found in parameter '{name}'; legal range is '^{legal.pattern}$'."
    return BinanceRefusal(-1100, text)


def in_time(at_ms: int, params: Params) -> bool:
    return int(params.get("startTime", "0")) <= at_ms <= int(params.get("endTime", str(10**15)))


def page(rows: list[Row], params: Params, from_parameter: str) -> list[Row]:
    limit = int(params.get("limit", "500"))
    forward = from_parameter in params or "startTime" in params
    return rows[:limit] if forward else rows[-limit:]


def amount(value: Decimal) -> str:
    return f"{value.quantize(Decimal('1e-8'), rounding=ROUND_DOWN):f}"


def symbol_info(chosen: Instrument) -> Json:
    return {
        "symbol": chosen.id,
        "status": "TRADING",
        "baseAsset": chosen.base,
        "baseAssetPrecision": 8,
        "quoteAsset": chosen.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": [kind.value for kind in OrderType],
        "quoteOrderQtyMarketAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(chosen),
        "permissions": [],
        "permissionSets": [["SPOT"]],
    }


def _filters(chosen: Instrument) -> list[Json]:
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": amount(chosen.tick),
            "maxPrice": amount(Decimal(1_000_000)),
            "tickSize": amount(chosen.tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": amount(chosen.minimum_quantity),
            "maxQty": amount(chosen.maximum_quantity),
            "stepSize": amount(chosen.step),
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": amount(chosen.minimum_notional),
            "applyMinToMarket": True,
            "maxNotional": amount(Decimal(9_000_000)),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
    ]


def _common(order: Order) -> Json:
    request = order.request
    return {
        "symbol": request.instrument.id,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": request.client_id,
        "price": amount(request.price or ZERO),
        "origQty": amount(order.quantity),
        "executedQty": amount(order.executed),
        "origQuoteOrderQty": amount(request.budget or ZERO),
        "cummulativeQuoteQty": amount(order.cost),
        "status": order.status.value,
        "timeInForce": request.time_in_force.value,
        "type": request.type.value,
        "side": request.side.value,
        "workingTime": order.created_ms,
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }


def new_order_answer(order: Order, detail: str) -> Json:
    answer = _common(order) | {"transactTime": order.created_ms}
    if detail == "ACK":
        known = ("symbol", "orderId", "orderListId", "clientOrderId", "transactTime")
        return {name: answer[name] for name in known}
    if detail == "FULL":
        answer["fills"] = [
            {
                "price": amount(trade.price),
                "qty": amount(trade.quantity),
                "commission": amount(trade.fee),
                "commissionAsset": trade.fee_asset,
                "tradeId": trade.id,
            }
            for trade in order.trades
        ]
    return answer


def order_answer(order: Order) -> Json:
    return _common(order) | {
        "stopPrice": amount(order.request.stop_price or ZERO),
        "icebergQty": amount(ZERO),
        "time": order.created_ms,
        "updateTime": order.updated_ms,
        "isWorking": not order.waits,
    }


def trade_answer(trade: Trade) -> Json:
    return {
        "symbol": trade.instrument.id,
        "id": trade.id,
        "orderId": trade.order_id,
        "orderListId": -1,
        "price": amount(trade.price),
        "qty": amount(trade.quantity),
        "quoteQty": amount(trade.price * trade.quantity),
        "commission": amount(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.time_ms,
        "isBuyer": trade.side is Side.BUY,
        "isMaker": trade.maker,
        "isBestMatch": True,
    }
