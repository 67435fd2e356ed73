"""Bitfinex's words <-> the book's: fields in, arrays out. Pure."""

import re
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.venues.loopback import json_answer
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
Row = list[object]

AMOUNT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
LARGEST_CLIENT_ID = 2**45
PRICE_DIGITS = 5
POST_ONLY = 4096
# Bitfinex's own names of assets
ASSETS = {"USDT": "UST", "USDC": "UDC"}

TYPES = {
    "EXCHANGE LIMIT": (OrderType.LIMIT, TimeInForce.GTC),
    "EXCHANGE IOC": (OrderType.LIMIT, TimeInForce.IOC),
    "EXCHANGE FOK": (OrderType.LIMIT, TimeInForce.FOK),
    "EXCHANGE MARKET": (OrderType.MARKET, TimeInForce.GTC),
}
# How an order that ended by its own terms is called.
ENDED = {TimeInForce.IOC: "IOC CANCELED", TimeInForce.FOK: "FILLORKILL CANCELED"}


class BitfinexRefusal(Exception):
    """Every refusal has status 500, those of the order's own making included."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.answer = json_answer(["error", code, text], status=500)


def in_bitfinex_words(refused: Refused, request: OrderRequest) -> BitfinexRefusal:
    pair = request.instrument.id.removeprefix("t")
    match refused.refusal:
        case Refusal.FUNDS:
            text = f"not enough exchange balance for {request.quantity} {pair} at {request.price}"
        case Refusal.QUANTITY | Refusal.NOTIONAL:
            text = f"minimum size for {pair} is {request.instrument.minimum_quantity:f}"
        case _:
            text = f"{refused.refusal.value} invalid"
    return BitfinexRefusal(10001, f"Invalid order: {text}")


def asset(name: str) -> str:
    return ASSETS.get(name, name)


def order_request(chosen: Instrument, given: Json) -> OrderRequest:
    if given.get("type") not in TYPES:
        raise BitfinexRefusal(10020, "type: invalid")
    kind, lifetime = TYPES[str(given["type"])]
    if int(given.get("flags", 0)) & POST_ONLY:
        kind = OrderType.LIMIT_MAKER
    signed = decimal(given, "amount")
    return OrderRequest(
        instrument=chosen,
        side=Side.BUY if signed > 0 else Side.SELL,
        type=kind,
        client_id=_client_id(given),
        quantity=abs(signed),
        price=None if kind is OrderType.MARKET else cut(decimal(given, "price")),
        time_in_force=lifetime,
    )


def _client_id(given: Json) -> str:
    """A number of 45 bits; a text is refused, and a number may come again even on the same day."""
    if "cid" not in given:
        return ""
    number = given["cid"]
    if not isinstance(number, int) or not 0 < number < LARGEST_CLIENT_ID:
        raise BitfinexRefusal(10020, "cid: invalid")
    return str(number)


def decimal(given: Json, name: str) -> Decimal:
    text = given.get(name)
    if not isinstance(text, str) or not AMOUNT.fullmatch(text) or not Decimal(text):
        raise BitfinexRefusal(10020, f"{name}: invalid")
    return Decimal(text)


def cut(price: Decimal) -> Decimal:
    """More than five digits are cut off without a word."""
    step = Decimal(1).scaleb(max(-8, price.adjusted() - PRICE_DIGITS + 1))
    return (price / step).to_integral_value(rounding=ROUND_DOWN) * step


def number(value: Decimal) -> float | int:
    """Bitfinex writes bare numbers."""
    return int(value) if value == value.to_integral_value() else float(value)


def utc_day(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).date().isoformat()


def pair_info(chosen: Instrument) -> Row:
    smallest, largest = f"{chosen.minimum_quantity:f}", f"{chosen.maximum_quantity:f}"
    nothing = [None] * 3
    return [chosen.id.removeprefix("t"), [*nothing, smallest, largest, *nothing, None, None]]


def order_row(order: Order, *, status: str = "") -> Row:
    """`status` stands in for the order's own: the answer to a new order says ACTIVE always."""
    request = order.request
    sign = 1 if request.side is Side.BUY else -1
    remaining = order.quantity if status else order.remaining
    row: Row = [None] * 32
    row[0] = order.id
    row[2] = int(request.client_id) if request.client_id else order.created_ms
    row[3] = request.instrument.id
    row[4], row[5] = order.created_ms, order.updated_ms
    row[6], row[7] = number(sign * remaining), number(sign * order.quantity)
    row[8] = _type(request)
    row[12] = POST_ONLY if request.type is OrderType.LIMIT_MAKER else 0
    row[13] = status or _status(order)
    row[16] = number(request.price or ZERO)
    row[17] = 0 if status else number(_average(order))
    row[18] = row[19] = row[23] = row[24] = 0
    row[28] = "API>BFX"
    row[31] = {}
    return row


def _type(request: OrderRequest) -> str:
    if request.type is OrderType.LIMIT_MAKER:
        return "EXCHANGE LIMIT"
    asked = (request.type, request.time_in_force)
    return next(word for word, terms in TYPES.items() if terms == asked)


def _status(order: Order) -> str:
    """The past is in it too: "IOC CANCELED was: PARTIALLY FILLED @ 60000(0.004)"."""
    traded = f"@ {number(_average(order))}({number(order.executed)})" if order.executed else ""
    match order.status:
        case OrderStatus.NEW:
            return "ACTIVE"
        case OrderStatus.PARTIALLY_FILLED:
            return f"PARTIALLY FILLED {traded}"
        case OrderStatus.FILLED:
            return f"EXECUTED {traded}"
        case OrderStatus.EXPIRED if order.request.type is OrderType.LIMIT_MAKER:
            return "POSTONLY CANCELED"
    ended = "CANCELED"
    if order.status is OrderStatus.EXPIRED:
        ended = ENDED.get(order.request.time_in_force, ended)
    return f"{ended} was: PARTIALLY FILLED {traded}" if traded else ended


def _average(order: Order) -> Decimal:
    return order.cost / order.executed if order.executed else ZERO


def trade_row(trade: Trade) -> Row:
    sign = 1 if trade.side is Side.BUY else -1
    return [
        trade.id,
        trade.instrument.id,
        trade.time_ms,
        trade.order_id,
        number(sign * trade.quantity),
        number(trade.price),
        "EXCHANGE LIMIT",
        number(trade.price),
        1 if trade.maker else -1,
        number(-trade.fee),
        asset(trade.fee_asset),
        int(trade.client_id) if trade.client_id else None,
    ]


def ticker_row(chosen: Instrument, bid: Decimal, ask: Decimal, last: Decimal) -> Row:
    prices = (number(last), 0, number(last), number(last))
    return [chosen.id, number(bid), 1, number(ask), 1, 0, 0, *prices]


def notification(now_ms: int, kind: str, content: object, text: str) -> Row:
    return [now_ms, kind, None, None, content, None, "SUCCESS", text]
