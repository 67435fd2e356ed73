"""Other products' messages -> ours, so that their users move here by changing the URL.

A dialect is recognised by the keys that only it has, never by a sender's word. It is translated
into the fields of the published schema; what it leaves out there is read as absent.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.alerts.body import Fields, malformed, meaningless, quoted
from chalicelib.domain.trading.alerts.values import number_of, text_of, word_of
from chalicelib.domain.trading.signal import SizeUnit

Translation = Callable[[Fields], Fields]

_SECRETS: Final = ("secret", "signalToken", "TOKEN", "token")
_HUNDRED: Final = Decimal(100)

# What the senders' verbs mean as a state. A plain buy or sell is left to the canonical rule, where
# the market position decides before the action does.
_VERBS: Final[dict[str, Fields]] = {
    "buy": {"order_action": "buy"},
    "sell": {"order_action": "sell"},
    "exit": {"order_action": "exit"},
    "close": {"order_action": "close"},
    "add": {"order_action": "buy"},
    "long": {"order_action": "buy", "market_position": "long"},
    "short": {"order_action": "sell", "market_position": "short"},
    "enter_long": {"order_action": "buy", "market_position": "long"},
    "enter_short": {"order_action": "sell", "market_position": "short"},
    "exit_long": {"order_action": "exit", "market_position": "flat"},
    "exit_short": {"order_action": "buy", "market_position": "flat"},
}
_POSITIONS: Final = {
    "long": "long",
    "short": "short",
    "flat": "flat",
    "bullish": "long",
    "bearish": "short",
}
_UNITS: Final = {
    "base": SizeUnit.QUANTITY,
    "fixed_quantity": SizeUnit.QUANTITY,
    "quote": SizeUnit.NOTIONAL,
    "margin": SizeUnit.NOTIONAL,
    "dollar_amount": SizeUnit.NOTIONAL,
    "percent_of_equity": SizeUnit.PERCENT,
    "percentage": SizeUnit.PERCENT,
    "percentage_balance": SizeUnit.PERCENT,
    "percentage_investment": SizeUnit.PERCENT,
}
_OF_POSITION: Final = frozenset({"percent_of_position", "position_percent", "percentage_position"})
_REDUCING: Final = frozenset({"sell", "exit", "close", "exit_long"})
_VOLUME_UNITS: Final = {"": "base", "%": "percentage", "q": "quote"}


def secret_of(fields: Fields) -> str:
    """The credential in the message, whatever its dialect calls it; '' if there is none."""
    for name in _SECRETS:
        value = fields.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def to_canonical(fields: Fields) -> Fields:
    """The message in the words of the published schema."""
    for is_spoken, translate in _DIALECTS:
        if is_spoken(fields):
            return translate(fields)
    return fields


def _speaks(*names: str) -> Callable[[Fields], bool]:
    return lambda fields: all(name in fields for name in names)


def _speaks_traders_post(fields: Fields) -> bool:
    return "ticker" in fields and "action" in fields and "order_action" not in fields


def _three_commas(fields: Fields) -> Fields:
    state = _part(fields, "strategy_info")
    order = _part(fields, "order")
    return {
        **_verb(fields, "action"),
        **_size(order, fields, amount="amount", unit="currency_type"),
        **_copied(state, "market_position", "prev_market_position"),
        **_copied(state, "market_position_size", "prev_market_position_size"),
        "ticker": fields.get("tv_instrument"),
        "exchange": fields.get("tv_exchange"),
        "time": fields.get("timestamp"),
        "order_price": fields.get("trigger_price"),
    }


def _okx(fields: Fields) -> Fields:
    """Both shapes: strategy placeholders with marketPosition, and ENTER_LONG to EXIT_SHORT."""
    return {
        **_verb(fields, "action"),
        **_size(fields, fields, amount="amount", unit="investmentType"),
        **_position(fields, "marketPosition", "market_position"),
        **_position(fields, "prevMarketPosition", "prev_market_position"),
        "ticker": fields.get("instrument"),
        "time": fields.get("timestamp"),
        "order_id": fields.get("id"),  # of the order; it repeats, so it is no identity
    }


def _traders_post(fields: Fields) -> Fields:
    price = next((fields[n] for n in ("signalPrice", "price", "limitPrice") if n in fields), None)
    priced: Fields = {"order_price": price}
    return {
        **_verb(fields, "action"),
        **_size(fields, fields, amount="quantity", unit="quantityType"),
        **_position(fields, "sentiment", "market_position"),
        **_copied(fields, "ticker", "time", "interval", "strategy", "exchange"),
        **priced,
        "stop_loss": _bracket(fields, "stopLoss", "stopPrice", priced),
        "take_profit": _bracket(fields, "takeProfit", "limitPrice", priced),
    }


def _octo_bot(fields: Fields) -> Fields:
    return {
        **_verb(fields, "SIGNAL"),
        **_volume(fields),
        "ticker": fields.get("SYMBOL"),
        "exchange": fields.get("EXCHANGE"),
        "time": fields.get("TIME"),
        "order_price": fields.get("PRICE"),
        "stop_loss": fields.get("STOP_PRICE"),
        "take_profit": fields.get("TAKE_PROFIT_PRICE"),
    }


def _plain(fields: Fields) -> Fields:
    """The many small bots' message: symbol, side, price."""
    return {
        **_verb(fields, "side"),
        **_copied(fields, "time", "interval", "strategy", "exchange", "stop_loss", "take_profit"),
        "ticker": fields.get("symbol"),
        "order_price": fields.get("price"),
    }


_DIALECTS: Final[tuple[tuple[Callable[[Fields], bool], Translation], ...]] = (
    (_speaks("tv_instrument", "action"), _three_commas),
    (_speaks("signalToken", "instrument", "action"), _okx),
    (_speaks("SYMBOL", "SIGNAL"), _octo_bot),
    (_speaks_traders_post, _traders_post),
    (_speaks("symbol", "side"), _plain),
)


def _part(fields: Fields, name: str) -> Fields:
    part = fields.get(name, {})
    if not isinstance(part, dict):
        raise malformed(f"{name} is {quoted(part)}; it must be an object", name)
    return part


def _copied(fields: Fields, *names: str) -> Fields:
    return {name: fields[name] for name in names if name in fields}


def _verb(fields: Fields, name: str) -> Fields:
    return word_of(fields, name, _VERBS) or {}


def _position(fields: Fields, theirs: str, ours: str) -> Fields:
    position = word_of(fields, theirs, _POSITIONS)
    return {} if position is None else {ours: position}


def _size(order: Fields, fields: Fields, *, amount: str, unit: str) -> Fields:
    """`size` and `size_unit`, or `size_ratio` where a part of the position is meant.

    Units that only mean something with leverage (contracts, risk) give no size: the account's
    policy then decides.
    """
    value = number_of(order, amount, zero=True)
    name = (text_of(order, unit) or "base").lower()
    if not value:
        return {}
    if name in _OF_POSITION:
        return _part_of_position(fields, amount, value)
    return {"size": value, "size_unit": _UNITS[name].value} if name in _UNITS else {}


def _part_of_position(fields: Fields, name: str, percent: Decimal) -> Fields:
    """The strategy stays long with more or less, whatever the verb alone would mean."""
    verb = text_of(fields, "action").lower()
    if verb not in _REDUCING and verb != "add":
        return {}
    if percent > _HUNDRED and verb != "add":
        raise meaningless(f"{name} is {percent} % of the position; it must be 100 or less", name)
    with exact_arithmetic():
        ratio = 1 + percent / _HUNDRED * (-1 if verb in _REDUCING else 1)
    return {"market_position": "long", "size_ratio": ratio} if ratio else {}


def _bracket(fields: Fields, name: str, exact: str, priced: Fields) -> Decimal | None:
    """A protecting price: given, or a percentage or an amount away from the signal's price."""
    part = _part(fields, name)
    price = number_of(part, exact)
    percent, amount = number_of(part, "percent"), number_of(part, "amount")
    if price is not None or (percent is None and amount is None):
        return price
    entry = number_of(priced, "order_price")
    if entry is None:
        right = f"give {name}.{exact}, or signalPrice beside it"
        raise meaningless(f"{name} is relative and the message has no price; {right}", name)
    with exact_arithmetic():
        distance = amount if percent is None else entry * percent / _HUNDRED
        return entry + (distance or 0) * (-1 if name == "stopLoss" else 1)


def _volume(fields: Fields) -> Fields:
    volume = text_of(fields, "VOLUME")
    number = volume.rstrip("%abcdefghijklmnopqrstuvwxyz")
    suffix = volume[len(number) :]
    if suffix not in _VOLUME_UNITS:
        right = "0.01 (base), 10% (of the equity) or 100q (quote)"
        raise meaningless(f"VOLUME is {quoted(volume)}; it must look like {right}", "VOLUME")
    order: Fields = {"VOLUME": number, "unit": _VOLUME_UNITS[suffix]}
    return _size(order, fields, amount="VOLUME", unit="unit")
