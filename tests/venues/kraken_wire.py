"""Kraken's words <-> the book's: form fields in, JSON out. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.venues.orders import (
    ZERO,
    FeeAsset,
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
# A UUID with or without hyphens, or up to 18 characters of free text.
CLIENT_ID = re.compile(
    r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|.{1,18}", re.IGNORECASE
)
# Kraken's own names: with X for coins and Z for money where the asset is an old one.
ASSETS = {"BTC": "XXBT", "ETH": "XETH", "LTC": "XLTC", "USD": "ZUSD", "EUR": "ZEUR"}
ALTNAMES = {"BTC": "XBT"}

# Kraken gives 50 rows at a time, the newest first.
PAGE = 50
LONGEST_DEADLINE_MS = 60_000


class KrakenRefusal(Exception):
    """Comes with status 200: the error is in the body only."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.body = {"error": [text]}


def in_kraken_words(refused: Refused) -> KrakenRefusal:
    match refused.refusal:
        case Refusal.SYMBOL:
            return KrakenRefusal("EQuery:Unknown asset pair")
        case Refusal.PRICE:
            return KrakenRefusal("EOrder:Tick size check failed")
        case Refusal.NOTIONAL:
            return KrakenRefusal("EOrder:Cost minimum not met")
        case Refusal.FUNDS:
            return KrakenRefusal("EOrder:Insufficient funds")
        case Refusal.DUPLICATE:
            return KrakenRefusal("EOrder:cl_ord_id already in use")
        case _:
            return KrakenRefusal("EOrder:Order minimum not met")


def asset(name: str) -> str:
    return ASSETS.get(name, name)


def altname(chosen: Instrument) -> str:
    return ALTNAMES.get(chosen.base, chosen.base) + chosen.quote


def order_word(number: int) -> str:
    return f"OLOOP-{number:07d}-ORDERS"


def trade_word(number: int) -> str:
    return f"TLOOP-{number:07d}-TRADES"


def order_request(chosen: Instrument, params: Params) -> OrderRequest:
    kind = {"limit": OrderType.LIMIT, "market": OrderType.MARKET}.get(params.get("ordertype", ""))
    if kind is None or params.get("type") not in ("buy", "sell"):
        raise KrakenRefusal("EGeneral:Invalid arguments:ordertype")
    client_id = params.get("cl_ord_id", "")
    if client_id and not CLIENT_ID.fullmatch(client_id):
        raise KrakenRefusal("EGeneral:Invalid arguments:cl_ord_id")
    lifetime = params.get("timeinforce", "GTC")
    if lifetime not in ("GTC", "IOC"):
        raise KrakenRefusal("EGeneral:Invalid arguments:timeinforce")
    side = Side(params["type"].upper())
    return OrderRequest(
        instrument=chosen,
        side=side,
        type=kind,
        client_id=client_id,
        quantity=decimal(params, "volume"),
        price=decimal(params, "price") if kind is OrderType.LIMIT else None,
        time_in_force=TimeInForce(lifetime),
        fee_asset=_fee_asset(side, params.get("oflags", "").split(",")),
    )


def _fee_asset(side: Side, flags: list[str]) -> FeeAsset:
    """Who says nothing pays in quote for buying and in base for selling."""
    if "fciq" in flags:
        return FeeAsset.QUOTE
    return FeeAsset.BASE if "fcib" in flags or side is Side.SELL else FeeAsset.QUOTE


def check_deadline(params: Params, now_ms: int) -> None:
    """Where the order reaches the engine: what waited for longer than it may is refused."""
    if "deadline" not in params:
        return
    left_ms = int(datetime.fromisoformat(params["deadline"]).timestamp() * 1000) - now_ms
    if left_ms > LONGEST_DEADLINE_MS:
        raise KrakenRefusal("EGeneral:Invalid arguments:deadline")
    if left_ms < 0:
        raise KrakenRefusal("EService:Deadline elapsed")


def decimal(params: Params, name: str) -> Decimal:
    text = params.get(name, "")
    if not AMOUNT.fullmatch(text):
        raise KrakenRefusal(f"EGeneral:Invalid arguments:{name}")
    return Decimal(text)


def amount(value: Decimal, places: int = 8) -> str:
    return f"{value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN):f}"


def seconds(milliseconds: int) -> float:
    return milliseconds / 1000


def pair(chosen: Instrument) -> Json:
    fee = [[0, float(chosen.fee_rate * 100)], [1_000_000, 0.1]]
    return {
        "altname": altname(chosen),
        "wsname": f"{ALTNAMES.get(chosen.base, chosen.base)}/{chosen.quote}",
        "aclass_base": "currency",
        "base": asset(chosen.base),
        "aclass_quote": "currency",
        "quote": asset(chosen.quote),
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": _places(chosen.tick),
        "lot_decimals": _places(chosen.step),
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": fee,
        "fees_maker": [[0, float(chosen.maker_fee_rate * 100)]],
        "fee_volume_currency": "ZUSD",
        "ordermin": f"{chosen.minimum_quantity:f}",
        "costmin": f"{chosen.minimum_notional:f}",
        "tick_size": f"{chosen.tick:f}",
        "status": "online",
    }


def _places(step: Decimal) -> int:
    exponent = step.as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def description(order: Order) -> Json:
    request = order.request
    limited = request.price is not None
    price = amount(request.price, _places(request.instrument.tick)) if request.price else "0"
    words = f"{request.side.lower()} {amount(order.quantity)} {altname(request.instrument)}"
    return {
        "pair": altname(request.instrument),
        "type": request.side.lower(),
        "ordertype": "limit" if limited else "market",
        "price": price,
        "price2": "0",
        "leverage": "none",
        "order": f"{words} @ limit {price}" if limited else f"{words} @ market",
        "close": "",
    }


def order_answer(order: Order, *, trades: bool) -> Json:
    request = order.request
    sells = request.side is Side.SELL
    in_base = request.fee_asset is FeeAsset.BASE
    answer: Json = {
        "refid": None,
        "userref": None,
        "cl_ord_id": request.client_id or None,
        "status": _status(order),
        "reason": "User requested" if order.status is OrderStatus.CANCELED else None,
        "opentm": seconds(order.created_ms),
        "starttm": 0,
        "expiretm": 0,
        "descr": description(order),
        "vol": amount(order.quantity),
        "vol_exec": amount(order.executed),
        "cost": amount(order.cost, 5),
        "fee": amount(sum((trade.fee for trade in order.trades), ZERO)),
        "price": amount(order.cost / order.executed if order.executed else ZERO, 5),
        "stopprice": "0.00000",
        "limitprice": "0.00000",
        "misc": "",
        "oflags": "fcib" if in_base or (sells and request.fee_asset is None) else "fciq",
    }
    if not order.is_open:
        answer["closetm"] = seconds(order.updated_ms)
    if trades:
        answer["trades"] = [trade_word(trade.id) for trade in order.trades]
    return answer


def _status(order: Order) -> str:
    if order.is_open:
        return "open"
    return "closed" if order.status is OrderStatus.FILLED else "canceled"


def trade_answer(trade: Trade) -> Json:
    return {
        "ordertxid": order_word(trade.order_id),
        "postxid": "TKH2SE-M7IF5-CFI7LT",
        "pair": trade.instrument.id,
        "time": seconds(trade.time_ms),
        "type": trade.side.lower(),
        "ordertype": "limit",
        "price": amount(trade.price, 5),
        "cost": amount(trade.price * trade.quantity, 5),
        "fee": amount(trade.fee),
        "vol": amount(trade.quantity),
        "margin": "0.00000",
        "misc": "",
        "trade_id": trade.id,
        "maker": trade.maker,
    }
