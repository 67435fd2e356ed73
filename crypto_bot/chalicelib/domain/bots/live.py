"""A bot on live candles: each close makes it what it is next, and at most one message to trade by.

Pure, so that the same candles give the same messages, whoever repeats them after a crash.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.candles import at_ms, candles_of
from chalicelib.domain.bots.intent import BUY, FRACTION, QUANTITY, TARGET, VALUE, Intent
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.standing import Standing, settle
from chalicelib.domain.bots.step import AccountView, Held, step
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.money import ZERO, exact_arithmetic, plain
from chalicelib.domain.trading.signal import DesiredState, SizeUnit

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


def terms_of(setup: Setup) -> str:
    """What changes the meaning of a state that is kept."""
    chosen = [f"{name}={value:g}" for name, value in sorted(setup.parameters.items())]
    return " ".join([setup.name, setup.interval, *chosen])


def begin(setup: Setup, kept: LiveBot | None, *, since: datetime, cash: Decimal) -> LiveBot:
    """As it was kept; by other terms it begins anew, with what it holds."""
    terms = terms_of(setup)
    if kept is None:
        return LiveBot(terms, since, Standing(cash))
    return kept if kept.terms == terms else LiveBot(terms, since, kept.standing)


def follow(setup: Setup, bot: LiveBot, candle: Candle) -> tuple[LiveBot, Wish | None]:
    """The next closed candle. CandlesRefused for one that cannot be, BotFailed where it stops."""
    symbol = setup.instruments[0]
    candles = candles_of(symbol, setup.interval, [candle])
    before = bot.standing
    held = Held(before.quantity, before.average_price)
    done = step(setup, bot.state, {symbol: candles}, AccountView(before.cash, {symbol: held}))
    bot = bot._replace(seen=candle.start, state=done.state)
    if candle.start + setup.interval.length <= bot.heard_from:
        return bot, None
    after = settle(before, done.orders, candle.close)
    bot = bot._replace(standing=after)
    if after.quantity == before.quantity:
        return bot, None
    return bot, Wish(setup, candle, before, after, done.orders)


def message_of(wish: Wish, sender: str) -> bytes:
    """In the words of an alert. Its id is that of the sender's candle: there is but one of it."""
    before, after = wish.before.quantity, wish.after.quantity
    setup, candle = wish.setup, wish.candle
    symbol = setup.instruments[0]
    said = {
        "id": f"{sender} {symbol} {setup.interval} {at_ms(candle.start)}",
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
