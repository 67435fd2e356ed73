"""KuCoin's words <-> the book's: fields in, JSON out. Pure."""

import re
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.venues.loopback import Answer, json_answer
from tests.venues.orders import (
    ZERO,
    Instrument,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Refusal,
    Refused,
    Side,
    TimeInForce,
    Trade,
)

Json = dict[str, Any]
Params = Mapping[str, str]

AMOUNT = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
CLIENT_ID = re.compile(r"[a-zA-Z0-9_-]{1,40}")

GOOD = "200000"


class KucoinRefusal(Exception):
    def __init__(self, code: str, message: str, *, status: int = 200) -> None:
        super().__init__(message)
        self.answer = json_answer({"code": code, "msg": message}, status=status)


def good(data: object) -> Answer:
    return json_answer({"code": GOOD, "data": data})


def in_kucoin_words(refused: Refused) -> KucoinRefusal:
    match refused.refusal:
        case Refusal.SYMBOL:
            return KucoinRefusal("400100", "Unsupported trading pair.")
        case Refusal.PRICE:
            return KucoinRefusal("600100", "Order price increment invalid.")
        case Refusal.NOTIONAL:
            return KucoinRefusal("600101", "The order funds should more then 0.1 USDT.")
        case Refusal.FUNDS:
            return KucoinRefusal("200004", "Balance insufficient!")
        case Refusal.DUPLICATE:
            return KucoinRefusal("400100", "validation.createOrder.clientOidDuplicated")
        case _:
            return KucoinRefusal("400100", "Order size below the minimum requirement.")


def not_found() -> KucoinRefusal:
    return KucoinRefusal("400100", "order not exist.")


def order_word(number: int) -> str:
    return f"{number:024x}"


def trade_word(number: int) -> str:
    return str(number)


def order_request(chosen: Instrument, params: Params) -> OrderRequest:
    client_id = params.get("clientOid", "")
    if not CLIENT_ID.fullmatch(client_id):
        raise KucoinRefusal("400100", "validation.createOrder.clientOidIsRequired")
    kind = {"limit": OrderType.LIMIT, "market": OrderType.MARKET}.get(params.get("type", ""))
    if kind is None or params.get("side") not in ("buy", "sell"):
        raise KucoinRefusal("400100", "validation.createOrder.typeIsInvalid")
    lifetime = params.get("timeInForce", "GTC")
    if lifetime not in ("GTC", "IOC", "FOK"):
        raise KucoinRefusal("400100", "validation.createOrder.timeInForceIsInvalid")
    return OrderRequest(
        instrument=chosen,
        side=Side(params["side"].upper()),
        type=kind,
        client_id=client_id,
        quantity=decimal(params, "size"),
        price=decimal(params, "price") if kind is OrderType.LIMIT else None,
        time_in_force=TimeInForce(lifetime),
    )


def decimal(params: Params, name: str) -> Decimal:
    text = str(params.get(name, ""))
    if not AMOUNT.fullmatch(text):
        raise KucoinRefusal("400100", f"validation.createOrder.{name}IsInvalid")
    return Decimal(text)


def plain(value: Decimal) -> str:
    """Without trailing zeros, as KuCoin writes amounts."""
    return f"{value.normalize():f}"


def symbol_info(chosen: Instrument) -> Json:
    return {
        "symbol": chosen.id,
        "name": chosen.id,
        "baseCurrency": chosen.base,
        "quoteCurrency": chosen.quote,
        "feeCurrency": chosen.quote,
        "market": "USDS",
        "baseMinSize": plain(chosen.minimum_quantity),
        "quoteMinSize": plain(chosen.minimum_notional),
        "baseMaxSize": plain(chosen.maximum_quantity),
        "quoteMaxSize": "99999999",
        "baseIncrement": plain(chosen.step),
        "quoteIncrement": "0.000001",
        "priceIncrement": plain(chosen.tick),
        "priceLimitRate": "0.1",
        "minFunds": plain(chosen.minimum_notional),
        "isMarginEnabled": False,
        "enableTrading": True,
    }


def order_answer(order: Order, *, high_frequency: bool) -> Json:
    request = order.request
    cancelled = order.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED)
    answer: Json = {
        "id": order_word(order.id),
        "symbol": request.instrument.id,
        "opType": "DEAL",
        "type": request.type.lower(),
        "side": request.side.lower(),
        "price": plain(request.price or ZERO),
        "size": plain(order.quantity),
        "funds": "0",
        "dealSize": plain(order.executed),
        "dealFunds": plain(order.cost),
        "fee": plain(sum((trade.fee for trade in order.trades), ZERO)),
        "feeCurrency": request.instrument.quote,
        "stp": None,
        "timeInForce": request.time_in_force.value,
        "postOnly": False,
        "hidden": False,
        "iceberg": False,
        "visibleSize": "0",
        "cancelAfter": 0,
        "channel": "API",
        "clientOid": request.client_id,
        "remark": None,
        "tags": None,
        "cancelExist": cancelled,
        "createdAt": order.created_ms,
        "tradeType": "TRADE",
    }
    if not high_frequency:
        return answer | {"isActive": order.is_open, "stop": "", "stopTriggered": False}
    left = order.remaining if cancelled else ZERO
    return answer | {
        "active": order.is_open,
        "inOrderBook": order.is_open,
        "lastUpdatedAt": order.updated_ms,
        "cancelledSize": plain(left),
        "remainSize": plain(order.remaining - left),
    }


def trade_answer(trade: Trade) -> Json:
    return {
        "id": trade.id,
        "symbol": trade.instrument.id,
        "tradeId": trade.id,
        "orderId": order_word(trade.order_id),
        "counterOrderId": order_word(0),
        "side": trade.side.lower(),
        "liquidity": "maker" if trade.maker else "taker",
        "forceTaker": False,
        "price": plain(trade.price),
        "size": plain(trade.quantity),
        "funds": f"{(trade.price * trade.quantity).quantize(Decimal('1e-12'), ROUND_DOWN):f}",
        "fee": plain(trade.fee),
        "feeRate": plain(trade.instrument.fee_rate),
        "feeCurrency": trade.fee_asset,
        "stop": "",
        "tradeType": "TRADE",
        "type": "limit",
        "createdAt": trade.time_ms,
    }
