"""What a bot on live candles tells the accounts that follow it, in the words of an alert.

The id of a message is that of the candle it was made at, and of the order where it is about one:
whoever repeats it after a crash says the same under the same id.
"""

import json
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.bots.candles import at_ms, length_ms, moment
from chalicelib.domain.bots.intent import BUY, FRACTION, QUANTITY, TARGET, VALUE, Intent
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.standing import Standing
from chalicelib.domain.bots.waiting_order import BUYS, Waiting
from chalicelib.domain.money import ZERO, exact_arithmetic, plain
from chalicelib.domain.trading.signal import DesiredState, SizeUnit, signal_id_from_sender
from chalicelib.domain.trading.signal_order import OrderKind, OwnWords, SignalOrder

_PERCENT: Final = Decimal(100)
_SHARE: Final = Decimal("0.000001")
_SIZES: Final = {
    FRACTION: (_PERCENT, SizeUnit.PERCENT),
    VALUE: (Decimal(1), SizeUnit.NOTIONAL),
    QUANTITY: (Decimal(1), SizeUnit.QUANTITY),
}


class Wish(NamedTuple):
    """What the intents at one close come to on one instrument. `start` is when the candle began,
    `close` the instrument's last price. `keeps` are orders of earlier that go on waiting.

    `leaves` says that an order of its own has sold everything in this candle, or that one was taken
    back which some account may have filled before it hears of it; the bot holds nothing.
    """

    setup: Setup
    symbol: str
    start: datetime
    close: Decimal
    before: Standing
    after: Standing
    intents: tuple[Intent, ...]
    keeps: tuple[Waiting, ...] = ()
    leaves: bool = False


class OrderWish(NamedTuple):
    """An order that is to wait, or to wait no longer. `intent` is what the bot asked for.

    `opens` says that nothing is held of the instrument, and that nothing else waits to buy it.
    """

    setup: Setup
    start: datetime
    order: Waiting
    intent: Intent | None = None
    opens: bool = False
    cancels: bool = False


class Told(NamedTuple):
    """One message, and what of it no alert can say. `id` is the sender's."""

    id: str
    symbol: str
    body: bytes
    own: OwnWords

    @property
    def cancels(self) -> bool:
        """Whether it takes an order back, and wants nothing else."""
        return self.own.order is not None and self.own.order.kind is OrderKind.CANCEL


def told(wish: Wish, sender: str) -> Told:
    """A change of what is held, at the market."""
    keeps = tuple(_name(order, sender) for order in wish.keeps)
    own = OwnWords(keeps=keeps, holds=wish.after.quantity or None)
    return Told(_message_id(wish, sender), wish.symbol, message_of(wish, sender), own)


def told_order(wish: OrderWish, sender: str) -> Told:
    """An order that waits, under its own name; taking it back has another one."""
    name = _name(wish.order, sender)
    order = _order(wish, name)
    identity = f"{name} cancelled" if wish.cancels else name
    said = {
        "id": identity,
        "ticker": wish.order.symbol,
        "time": _closed_at(wish.setup, wish.start),
        "interval": str(wish.setup.interval),
        "market_position": _state_wanted(wish),
        "order_comment": sender,
        "waits": order.words,
    }
    if order.price is not None:
        said["order_price"] = plain(order.price)
    if order.expires_at is not None:
        said["expires_at"] = order.expires_at.isoformat()
    if wish.order.side is BUYS and not wish.cancels:
        said |= _prices_of(wish.order) | _size_of(wish.intent)
        if wish.opens:
            said["prev_market_position"] = DesiredState.FLAT
    return Told(identity, wish.order.symbol, _json(said), OwnWords(order=order))


def signal_id_of(message: Told, strategy: str) -> str:
    """Of the signal that it becomes."""
    return signal_id_from_sender(strategy=strategy, sender_id=message.id)


def message_of(wish: Wish, sender: str) -> bytes:
    """In the words of an alert. Its id is that of the sender's candle: there is but one of it."""
    before, after = wish.before.quantity, wish.after.quantity
    said = {
        "id": _message_id(wish, sender),
        "ticker": wish.symbol,
        "time": _closed_at(wish.setup, wish.start),
        "interval": str(wish.setup.interval),
        "market_position": _state(after),
        "prev_market_position": DesiredState.LONG if wish.leaves else _state(before),
        "order_price": plain(wish.close),
        "order_comment": sender,
        **_prices(wish),
    }
    if after and not before:
        said |= _size(wish)
    elif after:
        with exact_arithmetic():
            said["size_ratio"] = plain(round(after / before, 12))
    return _json(said)


def _json(said: dict[str, str]) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode()


def _closed_at(setup: Setup, start: datetime) -> str:
    return (start + setup.interval.length).isoformat()


def _message_id(wish: Wish, sender: str) -> str:
    return f"{sender} {wish.symbol} {wish.setup.interval} {at_ms(wish.start)}"


def _name(order: Waiting, sender: str) -> str:
    # Without the interval: that may change while the order waits.
    return f"{sender} {order.symbol} {order.at} {order.id}"


def _state(quantity: Decimal) -> str:
    return DesiredState.LONG if quantity else DesiredState.FLAT


def _state_wanted(wish: OrderWish) -> str:
    """What is sold in part leaves something."""
    keeps_some = wish.order.side is BUYS or wish.order.quantity is not None
    return DesiredState.LONG if keeps_some and not wish.cancels else DesiredState.FLAT


def _order(wish: OrderWish, name: str) -> SignalOrder:
    order = wish.order
    if wish.cancels:
        return SignalOrder(kind=OrderKind.CANCEL, side=order.side, name=name)
    kind = OrderKind.STOP if order.limit is None else OrderKind.LIMIT
    until = None
    if order.until is not None:
        until = moment(order.until + length_ms(wish.setup.interval))
    return SignalOrder(
        kind=kind if order.trailing is None else OrderKind.TRAILING,
        side=order.side,
        name=name,
        price=order.stop if order.limit is None else order.limit,
        distance=order.trailing,
        quantity=order.quantity,
        expires_at=until,
    )


def _size(wish: Wish) -> dict[str, str]:
    """As the bot said it, where it said it in one word; else as a share of the equity."""
    if len(wish.intents) == 1:
        said = _size_of(wish.intents[0])
        if said:
            return said
    with exact_arithmetic():
        value = wish.after.quantity * wish.close
        share = round(value / wish.after.equity(wish.close) * _PERCENT, 6)
    amount = min(max(share, _SHARE), _PERCENT)
    return {"size": plain(amount), "size_unit": SizeUnit.PERCENT}


def _size_of(intent: Intent | None) -> dict[str, str]:
    if intent is None or intent.action not in {BUY, TARGET}:
        return {}
    factor, unit = _SIZES[intent.unit]
    return {"size": plain(intent.amount * factor), "size_unit": unit}


def _prices(wish: Wish) -> dict[str, str]:
    found: dict[str, str] = {}
    if wish.after.quantity != ZERO:
        for intent in wish.intents:
            found |= _prices_of(intent)
    return found


def _prices_of(asked: Intent | Waiting) -> dict[str, str]:
    levels = {"stop_loss": asked.stop_loss, "take_profit": asked.take_profit}
    return {name: plain(level) for name, level in levels.items() if level is not None}
