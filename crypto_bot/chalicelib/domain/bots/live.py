"""A bot on live candles: each close makes it what it is next, and at most one message to trade by.

Pure, so that the same candles give the same messages, whoever repeats them after a crash.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.candles import Candles, at_ms, candles_of
from chalicelib.domain.bots.intent import BUY, FRACTION, QUANTITY, TARGET, VALUE, Intent
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.session import Session
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.standing import Standing, settle
from chalicelib.domain.bots.step import AccountView, Held, step
from chalicelib.domain.bots.trail import Mark, mark
from chalicelib.domain.bots.views import Views
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.money import ZERO, exact_arithmetic, plain
from chalicelib.domain.trading.signal import DesiredState, SizeUnit, signal_id_from_sender

_AT: Final = "@"
_PERCENT: Final = Decimal(100)
_SHARE: Final = Decimal("0.000001")
_SIZES: Final = {
    FRACTION: (_PERCENT, SizeUnit.PERCENT),
    VALUE: (Decimal(1), SizeUnit.NOTIONAL),
    QUANTITY: (Decimal(1), SizeUnit.QUANTITY),
}


class LiveBot(NamedTuple):
    """A bot on one instrument. `seen` is when its last candle started; `state` is the engine's.

    What it asks for counts at candles that close after `heard_from`; earlier ones are shown to it.
    `terms` say what it runs by.
    """

    terms: str
    heard_from: datetime
    standing: Standing
    seen: datetime | None = None
    state: Mapping[str, Any] | None = None


class Wish(NamedTuple):
    """What the intents at one close come to."""

    setup: Setup
    candle: Candle
    before: Standing
    after: Standing
    intents: tuple[Intent, ...]


class Followed(NamedTuple):
    """What one candle has made of a bot: what it is now, what it wants, what it leaves behind."""

    bot: LiveBot
    wish: Wish | None
    mark: Mark


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
    anew = LiveBot(terms, since, kept.standing)
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
    before = bot.standing
    done = step(setup, bot.state, {symbol: candles}, _account(setup, before), views)
    bot = bot._replace(seen=candle.start, state=done.state)
    left = mark(candles.start[0], plain(candle.close), done.logs, done.plots)
    if candle.start + setup.interval.length <= bot.heard_from:
        return Followed(bot, None, left)
    after = settle(before, done.orders, candle.close)
    bot = bot._replace(standing=after)
    if after.quantity == before.quantity:
        return Followed(bot, None, left)
    return Followed(bot, Wish(setup, candle, before, after, done.orders), left)


def signal_id_of(wish: Wish, sender: str, strategy: str) -> str:
    """Of the signal that its message becomes."""
    return signal_id_from_sender(strategy=strategy, sender_id=_message_id(wish, sender))


def message_of(wish: Wish, sender: str) -> bytes:
    """In the words of an alert. Its id is that of the sender's candle: there is but one of it."""
    before, after = wish.before.quantity, wish.after.quantity
    setup, candle = wish.setup, wish.candle
    symbol = setup.instruments[0]
    said = {
        "id": _message_id(wish, sender),
        "ticker": symbol,
        "time": (candle.start + setup.interval.length).isoformat(),
        "interval": str(setup.interval),
        "market_position": _state(after),
        "prev_market_position": _state(before),
        "order_price": plain(candle.close),
        "order_comment": sender,
        **_prices(wish),
    }
    if not before:
        said |= _size(wish)
    elif after:
        with exact_arithmetic():
            said["size_ratio"] = plain(round(after / before, 12))
    return json.dumps(said, separators=(",", ":")).encode()


def _message_id(wish: Wish, sender: str) -> str:
    setup = wish.setup
    return f"{sender} {setup.instruments[0]} {setup.interval} {at_ms(wish.candle.start)}"


def _account(setup: Setup, standing: Standing) -> AccountView:
    held = Held(standing.quantity, standing.average_price)
    return AccountView(standing.cash, {setup.instruments[0]: held})


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


def _state(quantity: Decimal) -> str:
    return DesiredState.LONG if quantity else DesiredState.FLAT


def _size(wish: Wish) -> dict[str, str]:
    """As the bot said it, where it said it in one word; else as a share of the equity."""
    intent = wish.intents[0]
    if len(wish.intents) == 1 and intent.action in {BUY, TARGET}:
        factor, unit = _SIZES[intent.unit]
        return {"size": plain(intent.amount * factor), "size_unit": unit}
    with exact_arithmetic():
        value = wish.after.quantity * wish.candle.close
        share = round(value / wish.after.equity(wish.candle.close) * _PERCENT, 6)
    amount = min(max(share, _SHARE), _PERCENT)
    return {"size": plain(amount), "size_unit": SizeUnit.PERCENT}


def _prices(wish: Wish) -> dict[str, str]:
    if wish.after.quantity == ZERO:
        return {}
    found: dict[str, str] = {}
    for intent in wish.intents:
        if intent.stop_loss is not None:
            found["stop_loss"] = plain(intent.stop_loss)
        if intent.take_profit is not None:
            found["take_profit"] = plain(intent.take_profit)
    return found
