"""A bot on live candles: each close makes it what it is next, and messages to trade by.

Pure, so that the same candles give the same messages, whoever repeats them after a crash.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.candles import Candles, candles_of, length_ms
from chalicelib.domain.bots.intent import Intent
from chalicelib.domain.bots.live_message import OrderWish, Told, Wish, told, told_order
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.session import Session
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.standing import Standing
from chalicelib.domain.bots.step import AccountView, Held, step
from chalicelib.domain.bots.trail import Mark, mark
from chalicelib.domain.bots.views import Views
from chalicelib.domain.bots.waiting import BUYS, Book, Waiting, meet, open_orders, place
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.money import plain

_AT: Final = "@"


class LiveBot(NamedTuple):
    """A bot on one instrument. `seen` is when its last candle started; `state` is the engine's.

    What it asks for counts at candles that close after `heard_from`; earlier ones are shown to it.
    `terms` say what it runs by, `waiting` are its orders.
    """

    terms: str
    heard_from: datetime
    standing: Standing
    seen: datetime | None = None
    state: Mapping[str, Any] | None = None
    waiting: tuple[Waiting, ...] = ()


class Followed(NamedTuple):
    """What one candle has made of a bot: what it is now, what it wants, what it leaves behind."""

    bot: LiveBot
    wish: Wish | None
    mark: Mark
    orders: tuple[OrderWish, ...] = ()


def terms_of(setup: Setup, version: str = "") -> str:
    """What changes the meaning of a state that is kept. `version` is that of the bot's source."""
    chosen = [f"{name}={value:g}" for name, value in sorted(setup.parameters.items())]
    return " ".join([setup.name, setup.interval, *chosen, *([_AT + version] if version else [])])


def begin(
    setup: Setup, kept: LiveBot | None, *, since: datetime, cash: Decimal, version: str = ""
) -> LiveBot:
    """As it was kept. By other terms it begins anew with what it holds, and with the candles that
    were kept of it; another version of the source goes on where the one before was, if it can.
    """
    terms = terms_of(setup, version)
    if kept is None:
        return LiveBot(terms, since, Standing(cash))
    if kept.terms == terms:
        return kept
    if _without_version(kept.terms) == _without_version(terms) and _goes_on(setup, kept):
        return kept._replace(terms=terms)
    anew = LiveBot(terms, since, kept.standing, waiting=kept.waiting)
    candles = _candles_kept(setup, kept)
    if candles is None:
        return anew
    done = step(setup, None, {setup.instruments[0]: candles}, _account(setup, kept.standing))
    return anew._replace(seen=kept.seen, state=done.state)


def warmed(setup: Setup, bot: LiveBot, candles: Sequence[Candle]) -> LiveBot:
    """A bot that has just begun after these candles; what it asked for at them counts for nothing.

    CandlesRefused for some that cannot be, BotFailed where it stops.
    """
    symbol = setup.instruments[0]
    columns = candles_of(symbol, setup.interval, candles)
    done = step(setup, None, {symbol: columns}, _account(setup, bot.standing))
    return bot._replace(seen=candles[-1].start, state=done.state)


def follow(setup: Setup, bot: LiveBot, candle: Candle, views: Views | None = None) -> Followed:
    """The next closed candle. CandlesRefused for one that cannot be, BotFailed where it stops."""
    symbol = setup.instruments[0]
    candles = candles_of(symbol, setup.interval, [candle])
    start = candles.start[0]
    met = meet(bot.standing, bot.waiting, candle, start)
    account = _account(setup, met.standing, met.waiting)
    done = step(setup, bot.state, {symbol: candles}, account, views)
    bot = bot._replace(seen=candle.start, state=done.state)
    left = mark(start, plain(candle.close), done.logs, done.plots)
    if candle.start + setup.interval.length <= bot.heard_from:
        return Followed(bot, None, left)
    book, at_once = place(met, done.orders, candle.close, length_ms(setup.interval))
    bot = bot._replace(standing=book.standing, waiting=book.waiting)
    orders = _order_wishes(setup, candle, book, done.orders)
    has_left = met.sold and not met.standing.quantity
    if not has_left and book.standing.quantity == met.standing.quantity:
        return Followed(bot, None, left, orders)
    new = {order.key for order in book.placed}
    wish = Wish(
        setup,
        candle,
        met.standing,
        book.standing,
        at_once,
        keeps=tuple(o for o in book.waiting if o.is_told and o.key not in new),
        # Accounts to whose venue the price did not come leave now, at the market.
        leaves=has_left and not book.standing.quantity,
    )
    return Followed(bot, wish, left, orders)


def messages_of(done: Followed, sender: str) -> list[Told]:
    """In the order in which they are to be told: what is taken back comes first."""
    cancels = [told_order(order, sender) for order in done.orders if order.cancels]
    moves = [] if done.wish is None else [told(done.wish, sender)]
    placed = [told_order(order, sender) for order in done.orders if not order.cancels]
    return [*cancels, *moves, *placed]


def _order_wishes(
    setup: Setup, candle: Candle, book: Book, intents: Iterable[Intent]
) -> tuple[OrderWish, ...]:
    asked = {intent.id: intent for intent in intents}
    buying = sum(order.side is BUYS for order in book.waiting)
    opens = not book.standing.quantity and buying == 1
    placed = (
        OrderWish(setup, candle, order, None if order.group else asked.get(order.id), opens)
        for order in book.placed
    )
    gone = (OrderWish(setup, candle, order, cancels=True) for order in book.gone)
    return (*gone, *placed)


def _account(setup: Setup, standing: Standing, waiting: Iterable[Waiting] = ()) -> AccountView:
    held = Held(standing.quantity, standing.average_price)
    return AccountView(standing.cash, {setup.instruments[0]: held}, open_orders(waiting))


def _without_version(terms: str) -> str:
    return terms.partition(f" {_AT}")[0]


def _goes_on(setup: Setup, kept: LiveBot) -> bool:
    """Whether it declares the same indicators and needs no candle that was not kept."""
    if kept.state is None:
        return True
    try:
        Session(setup, Views(), kept.state)
    except BotRefused:
        return False
    needed: int = min(kept.state["seen"], max(1, setup.bot.warmup))
    return len(kept.state["candles"][setup.instruments[0]][0]) >= needed


def _candles_kept(setup: Setup, kept: LiveBot) -> Candles | None:
    if kept.state is None or setup.interval not in kept.terms.split():
        return None
    columns = kept.state["candles"].get(setup.instruments[0])
    return None if columns is None else Candles(*columns)
