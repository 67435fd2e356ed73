"""Orders of a bot on live candles that wait, and what becomes of them in its own reckoning.

The accounts that follow it watch the same orders by the prices of their venues. Here each candle
says, by the rules of a backtest, when they are filled; only that a limit order counts as filled
when its price is touched, as it does on an account.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.bots.intent import CANCEL, CLOSE, SELL, Intent
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.standing import (
    Reckoning,
    Standing,
    at_market,
    moved,
    quantity_at,
)
from chalicelib.domain.bots.waiting_order import (
    BUYS,
    SELLS,
    Waiting,
    ends,
    followed,
    met,
    protections_of,
)
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.money import exact_arithmetic

MOST_WAITING: Final = 50


class Book(NamedTuple):
    """What a bot holds and what it has waiting, after a candle or after a decision.

    `placed` are orders that are new, `gone` those of earlier that were taken back. `sold` are the
    instruments of which an order that waited has sold something.
    """

    reckoning: Reckoning
    waiting: tuple[Waiting, ...] = ()
    placed: tuple[Waiting, ...] = ()
    gone: tuple[Waiting, ...] = ()
    sold: frozenset[str] = frozenset()


def meet(
    reckoning: Reckoning, waiting: Sequence[Waiting], candles: Mapping[str, Candle], start: int
) -> Book:
    """After the candles of one time. What turns against the position comes first: nobody knows."""
    alive = [o for o in waiting if o.symbol not in candles or o.until is None or o.until >= start]
    if not alive:
        return Book(reckoning)
    desk = _Desk(reckoning, alive, {})
    with exact_arithmetic():
        for symbol, candle in candles.items():
            desk.trigger(lambda order: order.side is SELLS and order.limit is None, symbol, candle)
            desk.trigger(lambda order: order.side is BUYS, symbol, candle)
            desk.trigger(lambda order: order.side is SELLS and order.limit is None, symbol, candle)
            # What a purchase has brought about in this candle, only its stop may end in the same.
            desk.trigger(lambda order: order.limit is not None and order in waiting, symbol, candle)
        left = tuple(
            followed(order, candles.get(order.symbol))
            for order in desk.waiting
            if order.symbol not in candles or not ends(order, start)
        )
    known = {order.key for order in waiting}
    placed = tuple(order for order in left if order.is_told and order.key not in known)
    gone = tuple(order for order in desk.ended if order.is_told and order.key in known)
    return Book(desk.reckoning, left, placed, gone, sold=frozenset(desk.sold))


def place(
    book: Book, intents: Sequence[Intent], closes: Mapping[str, Decimal], candle_ms: int
) -> tuple[Book, tuple[Intent, ...]]:
    """After what the bot asks for at a close, and which of that waits for nothing.

    BotRefused for what nobody could watch.
    """
    desk = _Desk(book.reckoning, book.waiting, closes)
    at_once: list[Intent] = []
    with exact_arithmetic():
        for intent in desk.in_turn(_left_of(intents)):
            symbol = intent.symbol
            if intent.action is CANCEL:
                desk.cancel(symbol, intent.cancels)
            elif intent.waits:
                made = _waiting(desk.on(symbol), intent, closes[symbol], candle_ms)
                desk.waiting.append(made)
            else:
                at_once.append(intent)
                moved_to = at_market(desk.on(symbol), intent, closes[symbol])
                desk.fill(_bare(intent), moved_to, closes[symbol])
                if intent.action is CLOSE:
                    desk.cancel(symbol, "")
    told = [order for order in desk.waiting if order.is_told]
    for symbol, count in Counter(order.symbol for order in told).items():
        if count > MOST_WAITING:
            raise BotRefused(f"{count} orders of {symbol} wait; at most {MOST_WAITING} may")
    known = {order.key for order in book.waiting} - {order.key for order in book.placed}
    placed = tuple(order for order in told if order.key not in known)
    ended = (order for order in desk.ended if order.is_told and order.key in known)
    gone = (*book.gone, *ended)
    after = Book(desk.reckoning, tuple(desk.waiting), placed, gone, book.sold)
    return after, tuple(at_once)


class _Desk:
    def __init__(
        self, reckoning: Reckoning, waiting: Iterable[Waiting], closes: Mapping[str, Decimal]
    ) -> None:
        self.reckoning = reckoning
        self.waiting = list(waiting)
        self.ended: list[Waiting] = []  # without having been filled
        self.sold: set[str] = set()
        self._closes = closes
        self._entered: dict[str, Decimal] = {}  # what purchases have cost, by their ids

    def on(self, symbol: str) -> Standing:
        """Within a candle, where nothing is sized by the equity, others have no price."""
        return self.reckoning.on(symbol, self._closes)

    def in_turn(self, intents: Sequence[Intent]) -> Iterator[Intent]:
        """At the market, as in a backtest, what reduces a position comes before what enlarges one:
        what cannot be paid yet may be once another has been sold.
        """

        def enlarges(intent: Intent) -> bool:
            standing = self.on(intent.symbol)
            after = at_market(standing, intent, self._closes[intent.symbol])
            return after.quantity >= standing.quantity

        moves = iter(sorted((each for each in intents if _moves(each)), key=enlarges))
        return (next(moves) if _moves(each) else each for each in intents)

    def trigger(self, chosen: Callable[[Waiting], bool], symbol: str, candle: Candle) -> None:
        for order in [o for o in self.waiting if o.symbol == symbol and chosen(o)]:
            if order in self.waiting:
                # Before it was bought, there was nothing to sell: no price from then counts.
                price = met(order, candle, self._entered.get(order.group, candle.open))
                if price is not None:
                    self._execute(order, price)

    def _execute(self, order: Waiting, price: Decimal) -> None:
        self.waiting.remove(order)
        standing = self.on(order.symbol)
        quantity = standing.quantity if order.quantity is None else order.quantity
        wanted = quantity if order.side is BUYS else -quantity
        after = moved(standing, wanted, price)
        if after.quantity < standing.quantity:
            self.sold.add(order.symbol)
        self.fill(order, after, price)

    def fill(self, order: Waiting, after: Standing, price: Decimal) -> None:
        """Stops and targets end with their position, and come with what enlarges one."""
        symbol = order.symbol
        added = after.quantity - self.reckoning.quantity(symbol)
        self.reckoning = self.reckoning.after(symbol, after)
        if order.group:
            self._end(lambda other: other.symbol == symbol and other.group == order.group)
        if not after.quantity:
            self._end(lambda other: other.symbol == symbol and bool(other.group))
        if added > 0:
            self._entered[order.id] = price
            protections = protections_of(order, added, price)
            self.waiting += protections
            for made in protections:
                if made.limit is not None and made.limit <= price:  # reached before it was there
                    self._execute(made, price)

    def cancel(self, symbol: str, order_id: str) -> None:
        if order_id:
            self._end(lambda other: order_id in {other.id, other.group})
        else:
            self._end(lambda other: other.symbol == symbol)

    def _end(self, is_over: Callable[[Waiting], bool]) -> None:
        self.ended += [order for order in self.waiting if is_over(order)]
        self.waiting = [order for order in self.waiting if not is_over(order)]


def _moves(intent: Intent) -> bool:
    return intent.action is not CANCEL and not intent.waits


def _left_of(intents: Sequence[Intent]) -> list[Intent]:
    """Without what the bot itself takes back at the same close."""
    left: list[Intent] = []
    for intent in intents:
        if intent.action is CANCEL or intent.action is CLOSE:
            left = [each for each in left if each.action is CANCEL or not _takes_back(intent, each)]
        left.append(intent)
    return left


def _takes_back(intent: Intent, other: Intent) -> bool:
    return other.id == intent.cancels if intent.cancels else other.symbol == intent.symbol


def _bare(intent: Intent) -> Waiting:
    side = SELLS if intent.action is SELL else BUYS
    return Waiting(
        intent.id,
        intent.symbol,
        side,
        intent.at,
        stop_loss=intent.stop_loss,
        take_profit=intent.take_profit,
        trail_stop=intent.trail_stop,
    )


def _waiting(standing: Standing, intent: Intent, close: Decimal, candle_ms: int) -> Waiting:
    level = intent.limit or intent.stop or close
    quantity = quantity_at(standing, intent, close, level)
    if not quantity and intent.amount:
        raise BotRefused(
            f"{intent.action} of {intent.symbol} that waits is of a fraction of nothing: say how"
            " much as quantity or value"
        )
    until = None if intent.expires is None else intent.at + intent.expires * candle_ms
    return _bare(intent)._replace(
        quantity=quantity or None,
        limit=intent.limit,
        stop=intent.stop,
        trailing=intent.trailing,
        best=None if intent.trailing is None else close,
        until=until,
    )
