"""An order of a bot on live candles that waits, and when a candle fills it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.bots.desk import OpenOrder
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.money import ONE
from chalicelib.domain.trading.side import Side

BUYS: Final = Side.BUY
SELLS: Final = Side.SELL


class Waiting(NamedTuple):
    """Prices are in quote. `at` is the start of the candle it was made at, `until` of the last one
    that may fill it, in ms. Without a `quantity` it sells everything. `group` is the id of the
    purchase that it protects, `best` the highest price that a trailing stop has seen: it sells.
    """

    id: str
    symbol: str
    side: Side
    at: int
    quantity: Decimal | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    trailing: Decimal | None = None
    best: Decimal | None = None
    until: int | None = None
    group: str = ""
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    trail_stop: Decimal | None = None

    @property
    def key(self) -> tuple[int, str]:
        """Of one bot on one instrument, there is but one of it."""
        return (self.at, self.id)

    @property
    def is_told(self) -> bool:
        """Whether the accounts have it as an order; stop loss and take profit they have as prices
        of what they hold.
        """
        return not self.group or self.trailing is not None

    @property
    def level(self) -> Decimal | None:
        """Where a stop stands."""
        if self.trailing is None or self.best is None:
            return self.stop
        return self.best * (ONE - self.trailing)


def open_orders(waiting: Iterable[Waiting]) -> tuple[OpenOrder, ...]:
    """As the bot sees them."""
    return tuple(
        OpenOrder(
            order.id,
            order.symbol,
            order.side.value,
            None if order.quantity is None else float(order.quantity),
            order.limit,
            order.level,
        )
        for order in waiting
    )


def met(order: Waiting, candle: Candle, opened: Decimal) -> Decimal | None:
    """The price at which the candle, which begins at `opened`, fills it."""
    buys, level = order.side is BUYS, order.level
    if order.limit is not None:
        if not (candle.low <= order.limit if buys else candle.high >= order.limit):
            return None
        return min(opened, order.limit) if buys else max(opened, order.limit)
    if level is None or not (candle.high >= level if buys else candle.low <= level):
        return None
    return max(opened, level) if buys else min(opened, level)


def followed(order: Waiting, candle: Candle | None) -> Waiting:
    """A trailing stop comes after the best price of the candle, if there is one."""
    if candle is None or order.trailing is None or order.best is None:
        return order
    return order._replace(best=max(order.best, candle.high))


def ends(order: Waiting, start: int) -> bool:
    """Whether the candle that starts then is the last one that may fill it."""
    return order.until is not None and start >= order.until


def protections_of(order: Waiting, quantity: Decimal, price: Decimal) -> list[Waiting]:
    """What goes with a purchase, under the names that a backtest gives."""
    bare = Waiting("", order.symbol, SELLS, order.at, quantity, group=order.id)
    found = []
    if order.stop_loss is not None:
        found.append(bare._replace(id=f"{order.id}.stop", stop=order.stop_loss))
    if order.trail_stop is not None:
        trailing = bare._replace(id=f"{order.id}.trail", trailing=order.trail_stop, best=price)
        found.append(trailing)
    if order.take_profit is not None:
        found.append(bare._replace(id=f"{order.id}.profit", limit=order.take_profit))
    return found
