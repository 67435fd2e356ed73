"""Gemini's words <-> the book's: arguments in, JSON out. Pure."""

import base64
import binascii
import json
import re
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.venues.loopback import json_answer
from tests.venues.orders import (
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

AMOUNT = re.compile(r"[0-9]+(\.[0-9]+)?")

Json = dict[str, Any]

# option -> how the book treats the order, and the reason it gives when that ends it
OPTIONS = {
    "immediate-or-cancel": (OrderType.LIMIT, TimeInForce.IOC, "ImmediateOrCancelWouldPost"),
    "fill-or-kill": (OrderType.LIMIT, TimeInForce.FOK, "FillOrKillWouldNotFill"),
    "maker-or-cancel": (OrderType.LIMIT_MAKER, TimeInForce.GTC, "MakerOrCancelWouldTake"),
}


class GeminiRefusal(Exception):
    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.answer = json_answer(
            {"result": "error", "reason": reason, "message": message}, status=status
        )


def order_request(chosen: Instrument, arguments: Json) -> OrderRequest:
    if arguments.get("type") != "exchange limit":
        raise GeminiRefusal(400, "InvalidOrderType", "Only 'exchange limit' orders trade here")
    options = arguments.get("options", [])
    if len(options) > 1:
        raise GeminiRefusal(400, "ConflictingOptions", "At most one option")
    if options and options[0] not in OPTIONS:
        raise GeminiRefusal(400, "UnsupportedOption", f"Option {options[0]!r}")
    kind, time_in_force, _ = (
        OPTIONS[options[0]] if options else (OrderType.LIMIT, TimeInForce.GTC, "")
    )
    if arguments.get("side") not in ("buy", "sell"):
        raise GeminiRefusal(400, "InvalidSide", f"Side {arguments.get('side')!r}")
    return OrderRequest(
        instrument=chosen,
        side=Side(arguments["side"].upper()),
        type=kind,
        client_id=str(arguments.get("client_order_id", "")),
        quantity=decimal(arguments, "amount", Refusal.QUANTITY),
        price=decimal(arguments, "price", Refusal.PRICE),
        time_in_force=time_in_force,
    )


def rate_limited() -> GeminiRefusal:
    return GeminiRefusal(429, "RateLimit", "Requests were made too frequently")


def in_gemini_words(refused: Refused) -> GeminiRefusal:
    match refused.refusal:
        case Refusal.SYMBOL:
            return GeminiRefusal(400, "InvalidSymbol", "Supplied symbol is not supported")
        case Refusal.PRICE:
            return GeminiRefusal(400, "InvalidPrice", "Invalid price for symbol")
        case Refusal.FUNDS:
            return GeminiRefusal(406, "InsufficientFunds", "Failed to place order: no funds")
        case _:
            return GeminiRefusal(400, "InvalidQuantity", "Invalid quantity for symbol")


def decoded(payload: str) -> Json:
    try:
        decoded = json.loads(base64.b64decode(payload, validate=True))
    except (binascii.Error, ValueError):
        return {}
    return decoded if isinstance(decoded, dict) else {}


def decimal(arguments: Json, name: str, refusal: Refusal) -> Decimal:
    text = arguments.get(name)
    if not isinstance(text, str) or not AMOUNT.fullmatch(text):
        raise Refused(refusal)
    return Decimal(text)


def plain(value: Decimal) -> str:
    """Without trailing zeros, as Gemini writes amounts."""
    return f"{value.normalize():f}"


def details(chosen: Instrument) -> str:
    # By hand: Gemini sends the increments as bare numbers, and 1E-8 in just this form.
    return (
        f'{{"symbol":"{chosen.id.upper()}","base_currency":"{chosen.base}",'
        f'"quote_currency":"{chosen.quote}","tick_size":{chosen.step.normalize()},'
        f'"quote_increment":{chosen.tick.normalize()},'
        f'"min_order_size":"{plain(chosen.minimum_quantity)}","status":"open",'
        '"wrap_enabled":false,"product_type":"spot","contract_type":"vanilla"}'
    )


def order_answer(order: Order) -> Json:
    request = order.request
    answer = {
        "order_id": str(order.id),
        "id": str(order.id),
        "symbol": request.instrument.id,
        "exchange": "gemini",
        "avg_execution_price": plain(_average(order)),
        "side": request.side.value.lower(),
        "type": "exchange limit",
        "timestamp": str(order.created_ms // 1000),
        "timestampms": order.created_ms,
        "is_live": order.is_open,
        "is_cancelled": order.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED),
        "is_hidden": False,
        "was_forced": False,
        "executed_amount": plain(order.executed),
        "client_order_id": request.client_id,
        "options": [option for option, _ in _asked_options(order)],
        "price": plain(request.price or Decimal(0)),
        "original_amount": plain(order.quantity),
        "remaining_amount": plain(order.remaining),
    }
    if order.status is OrderStatus.CANCELED:
        answer["reason"] = "Requested"
    if order.status is OrderStatus.EXPIRED:
        answer["reason"] = next(reason for _, reason in _asked_options(order))
    return answer


def _asked_options(order: Order) -> list[tuple[str, str]]:
    asked = (order.request.type, order.request.time_in_force)
    return [
        (option, reason)
        for option, (kind, time_in_force, reason) in OPTIONS.items()
        if (kind, time_in_force) == asked
    ]


def _average(order: Order) -> Decimal:
    if not order.executed:
        return Decimal(0)
    return (order.cost / order.executed).quantize(Decimal("1e-8"), rounding=ROUND_DOWN)


def trade_answer(trade: Trade) -> Json:
    return {
        "price": plain(trade.price),
        "amount": plain(trade.quantity),
        "timestamp": trade.time_ms // 1000,
        "timestampms": trade.time_ms,
        "type": trade.side.value.capitalize(),
        "aggressor": not trade.maker,
        "fee_currency": trade.fee_asset,
        "fee_amount": plain(trade.fee),
        "tid": trade.id,
        "order_id": str(trade.order_id),
        "exchange": "gemini",
        "is_clearing_fill": False,
        "symbol": trade.instrument.id.upper(),
        "client_order_id": trade.client_id,
    }
