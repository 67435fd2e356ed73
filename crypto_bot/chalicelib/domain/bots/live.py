"""A bot on live candles: each close makes it what it is next, and messages to trade by.

Pure, so that the same candles give the same messages, whoever repeats them after a crash.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.candles import Candles, at_ms, candles_of, length_ms, no_candles
from chalicelib.domain.bots.context import LogLine
from chalicelib.domain.bots.intent import Intent
from chalicelib.domain.bots.live_message import OrderWish, Told, Wish, told, told_order
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.session import Session
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.standing import Reckoning
from chalicelib.domain.bots.step import AccountView, Step, step
from chalicelib.domain.bots.trail import Mark, mark
from chalicelib.domain.bots.views import Views
from chalicelib.domain.bots.waiting import Book, meet, place
from chalicelib.domain.bots.waiting_order import BUYS, Waiting, open_orders
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.money import exact_arithmetic, plain

_AT: Final = "@"
_CLOSE: Final = Candles._fields.index("close")


class LiveBot(NamedTuple):
    """A bot on its instruments. `seen` is when the last candle that it decided on started; `state`
    is the engine's.

    What it asks for counts at candles that close after `heard_from`; earlier ones are shown to it.
    `terms` say what it runs by, `waiting` are its orders.
    """

    terms: str
    heard_from: datetime
    reckoning: Reckoning
    seen: datetime | None = None
    state: Mapping[str, Any] | None = None
    waiting: tuple[Waiting, ...] = ()


class Followed(NamedTuple):
    """What one close has made of a bot: what it is now, what it wants of which instruments, and
    what it leaves behind on each of them.
    """

    bot: LiveBot
    wishes: tuple[Wish, ...]
    marks: Mapping[str, Mark]
    orders: tuple[OrderWish, ...] = ()


def terms_of(setup: Setup, version: str) -> str:
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
        return LiveBot(terms, since, Reckoning(cash))
    if kept.terms == terms:
        return kept
    if _without_version(kept.terms) == _without_version(terms) and _goes_on(setup, kept):
        return kept._replace(terms=terms)
    anew = LiveBot(terms, since, kept.reckoning, waiting=kept.waiting)
    candles = _candles_kept(setup, kept)
    if candles is None:
        return anew
    done = step(setup, None, candles, _account(kept.reckoning))
    return anew._replace(seen=kept.seen, state=_numbered(done.state, kept.waiting))


def warmed(setup: Setup, bot: LiveBot, past: Mapping[str, Sequence[Candle]]) -> LiveBot:
    """A bot that has just begun after these candles; what it asked for at them counts for nothing.

    CandlesRefused for some that cannot be, BotFailed where it stops.
    """
    columns = {
        symbol: candles_of(symbol, setup.interval, candles) for symbol, candles in past.items()
    }
    last = max((candles[-1].start for candles in past.values() if candles), default=None)
    if last is None:
        return bot
    done = step(setup, None, columns, _account(bot.reckoning))
    return bot._replace(seen=last, state=_numbered(done.state, bot.waiting))


def follow(
    setup: Setup, bot: LiveBot, candles: Mapping[str, Candle], views: Views | None = None
) -> Followed:
    """The next close, with the candle of each instrument that has one; they began at one time.

    An instrument without one stands where it stood, as where a backtest meets a gap. CandlesRefused
    for a candle that cannot be, BotFailed where the bot stops.
    """
    closed = {symbol: candles[symbol] for symbol in setup.instruments if symbol in candles}
    began = next(iter(closed.values())).start
    start = at_ms(began)
    columns = {
        symbol: candles_of(symbol, setup.interval, [closed[symbol]])
        if symbol in closed
        else no_candles()
        for symbol in setup.instruments
    }
    met = meet(bot.reckoning, bot.waiting, closed, start)
    state = bot.state
    if state is None and bot.waiting:
        state = _numbered(Session(setup, Views()).state(), bot.waiting)
    done = step(setup, state, columns, _account(met.reckoning, met.waiting), views)
    bot = bot._replace(seen=began, state=done.state)
    closes = closes_of(bot) | {symbol: candle.close for symbol, candle in closed.items()}
    marks = _marks(setup, closed, closes, done)
    if began + setup.interval.length <= bot.heard_from:
        return Followed(bot, (), marks)
    book, at_once = place(met, done.orders, closes, length_ms(setup.interval))
    bot = bot._replace(reckoning=book.reckoning, waiting=book.waiting)
    orders = _order_wishes(setup, began, book, done.orders)
    moved = [
        symbol
        for symbol in closes
        if _has_left(met, book, symbol)
        or book.reckoning.quantity(symbol) != met.reckoning.quantity(symbol)
    ]
    new = {order.key for order in book.placed}
    with exact_arithmetic():
        wishes = tuple(
            Wish(
                setup,
                symbol,
                began,
                closes[symbol],
                met.reckoning.on(symbol, closes),
                book.reckoning.on(symbol, closes),
                tuple(intent for intent in at_once if intent.symbol == symbol),
                keeps=tuple(
                    order
                    for order in book.waiting
                    if order.symbol == symbol and order.is_told and order.key not in new
                ),
                leaves=_has_left(met, book, symbol) and not book.reckoning.quantity(symbol),
            )
            for symbol in moved
        )
    return Followed(bot, wishes, marks, orders)


def messages_of(done: Followed, sender: str) -> list[Told]:
    """In the order in which they are to be told: what is taken back comes first, and what gives
    cash before what takes some.
    """
    cancels = [told_order(order, sender) for order in done.orders if order.cancels]
    in_turn = sorted(done.wishes, key=lambda wish: wish.after.quantity > wish.before.quantity)
    moves = [told(wish, sender) for wish in in_turn]
    placed = [told_order(order, sender) for order in done.orders if not order.cancels]
    return [*cancels, *moves, *placed]


def closes_of(bot: LiveBot) -> dict[str, Decimal]:
    """The last one of each of its instruments that has had a candle."""
    kept: Mapping[str, Any] = {} if bot.state is None else bot.state["candles"]
    return {
        symbol: Decimal(repr(columns[_CLOSE][-1]))
        for symbol, columns in kept.items()
        if columns[_CLOSE]
    }


def _has_left(met: Book, book: Book, symbol: str) -> bool:
    """Accounts to whose venue the price did not come leave now, at the market; so do those to which
    it came before they have heard that a purchase is taken back.
    """
    withdrawn = any(order.side is BUYS and order.symbol == symbol for order in book.gone)
    return (symbol in book.sold or withdrawn) and not met.reckoning.quantity(symbol)


def _marks(
    setup: Setup, closed: Mapping[str, Candle], closes: Mapping[str, Decimal], done: Step
) -> dict[str, Mark]:
    """What it says stands with the first instrument that has a candle, and curves with their own;
    that another one has none is said there, too.
    """
    first, candle = next(iter(closed.items()))
    start = at_ms(candle.start)
    absent = [symbol for symbol in setup.instruments if symbol not in closed]
    logs = list(done.logs)
    if absent:
        logs.insert(0, LogLine(start, f"without a candle of {' and '.join(absent)}"))
    found = {}
    for symbol, price in closes.items():
        plots = [p for p in done.plots if _symbol_of(p.name, closes, first) == symbol]
        found[symbol] = mark(start, plain(price), logs if symbol == first else (), plots)
    return found


def _symbol_of(curve: str, symbols: Iterable[str], otherwise: str) -> str:
    """An indicator's name begins with what it is of."""
    named = curve.partition(" ")[0]
    return named if named in symbols else otherwise


def _order_wishes(
    setup: Setup, began: datetime, book: Book, intents: Iterable[Intent]
) -> tuple[OrderWish, ...]:
    asked = {intent.id: intent for intent in intents}
    buying = [order.symbol for order in book.waiting if order.side is BUYS]

    def opens(symbol: str) -> bool:
        return not book.reckoning.quantity(symbol) and buying.count(symbol) == 1

    placed = (
        OrderWish(setup, began, order, asked.get(order.id), opens(order.symbol))
        for order in book.placed
    )
    gone = (OrderWish(setup, began, order, cancels=True) for order in book.gone)
    return (*gone, *placed)


def _account(reckoning: Reckoning, waiting: Iterable[Waiting] = ()) -> AccountView:
    return AccountView(reckoning.cash, reckoning.held, open_orders(waiting))


def _numbered(state: Mapping[str, Any], waiting: Iterable[Waiting]) -> dict[str, Any]:
    """Ids of orders go on where a bot begins anew: what still waits bears those of before."""
    made = max((int(order.group or order.id) for order in waiting), default=0)
    return {**state, "orders_made": max(made, state["orders_made"])}


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
    # An instrument with gaps has fewer than were kept of the others.
    return max(len(columns[0]) for columns in kept.state["candles"].values()) >= needed


def _candles_kept(setup: Setup, kept: LiveBot) -> dict[str, Candles] | None:
    if kept.state is None or setup.interval not in kept.terms.split():
        return None
    return {
        symbol: Candles(*columns)
        for symbol, columns in kept.state["candles"].items()
        if symbol in setup.instruments
    }
