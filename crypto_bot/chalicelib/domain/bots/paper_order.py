"""An order that waits at the virtual desk, and when a candle fills it."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from chalicelib.domain.bots.desk import Bar
from chalicelib.domain.bots.fill_model import BUYS, SELLS, limit_at_open, limit_within, stop_within
from chalicelib.domain.bots.intent import BUY, CLOSE, SELL, TARGET, Intent
from chalicelib.domain.trading.side import Side

if TYPE_CHECKING:
    from chalicelib.domain.trading.instrument import Instrument


class PaperOrder:
    """Prices are in the instrument's ticks. `quantity` is settled when a resting order is placed.

    `group` is the id of the order that it protects; empty where the bot asked for it itself.
    Of a move (`is_move`) the side is only known at the price that it meets. Once it is settled,
    `level` is where a stop stands, and `best` the price at which it began, or the best since.
    """

    __slots__ = (
        "_instrument",
        "best",
        "group",
        "id",
        "intent",
        "is_done",
        "is_market",
        "is_move",
        "is_new",
        "is_stop",
        "level",
        "limit",
        "quantity",
        "side",
        "stop",
        "symbol",
        "trailing",
        "until",
    )

    best: float
    level: float

    def __init__(self, intent: Intent, side: Side, until: int | None, group: str = "") -> None:
        self.id: Final = intent.id
        self.intent: Final = intent
        self.symbol: Final = intent.symbol
        self.side = side
        self.until: Final = until
        self.group: Final = group
        self.limit = intent.limit
        self.stop = intent.stop
        self.trailing: Final = intent.trailing
        self.quantity: Decimal | None = None
        self.is_new = True
        self.is_done = False
        self.is_stop: Final = self.stop is not None or self.trailing is not None
        self.is_market: Final = not self.is_stop and self.limit is None
        action = intent.action
        self.is_move: Final = action is TARGET or action is CLOSE

    def settle(self, instrument: "Instrument", opened: float) -> None:
        """At its first open: prices in ticks, and the trailing stop begins."""
        self.is_new = False
        self._instrument = instrument
        if self.limit is not None:
            self.limit = instrument.limit_price(self.limit, self.side)
        if self.stop is not None:
            self.stop = self._beyond(self.stop)
            self.level = float(self.stop)
        self._follow(opened)

    @property
    def stands_at(self) -> Decimal | None:
        """The price of a stop; a trailing one has one from its first open on."""
        if self.trailing is None or self.is_new:
            return self.stop
        return Decimal(repr(self.level))

    def met_at_open(self, opened: float) -> float | None:
        """The price at which a new order is filled at once."""
        if self.is_market:
            return opened
        if self.limit is not None:
            return limit_at_open(self.side, float(self.limit), opened)
        return None  # a stop beyond the open is met within the candle, at the open

    def met_within(self, bar: Bar) -> float | None:
        """The price at which a waiting order is filled within the candle."""
        if self.limit is not None:
            return limit_within(self.side, float(self.limit), bar.high, bar.low)
        return stop_within(self.side, self.level, bar.open, bar.high, bar.low)

    def follow(self, bar: Bar) -> None:
        """Let a trailing stop come after the best price of the candle."""
        best = bar.high if self.side is SELLS else bar.low
        if best > self.best if self.side is SELLS else best < self.best:
            self._follow(best)

    def _follow(self, best: float) -> None:
        self.best = best
        if self.trailing is not None:
            price = Decimal(repr(best))
            away = price * self.trailing
            self.level = float(self._beyond(price - away if self.side is SELLS else price + away))

    def _beyond(self, stop: Decimal) -> Decimal:
        """In ticks, not before the price is reached: the other way round than a limit."""
        return self._instrument.limit_price(stop, SELLS if self.side is BUYS else BUYS)


def protections(intent: Intent, quantity: Decimal, until_flat: Side) -> list[PaperOrder]:
    """What protects a purchase or a short sale: `until_flat` is the side that undoes it."""
    action = SELL if until_flat is SELLS else BUY
    bare = Intent("", intent.at, intent.symbol, action)
    wishes = []
    if intent.stop_loss is not None:
        wishes.append(bare._replace(id=f"{intent.id}.stop", stop=intent.stop_loss))
    if intent.trail_stop is not None:
        wishes.append(bare._replace(id=f"{intent.id}.trail", trailing=intent.trail_stop))
    if intent.take_profit is not None:
        wishes.append(bare._replace(id=f"{intent.id}.profit", limit=intent.take_profit))
    made = []
    for wish in wishes:
        order = PaperOrder(wish, until_flat, None, intent.id)
        order.quantity = quantity
        made.append(order)
    return made
