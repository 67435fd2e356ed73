"""A live bot that does what the test says, on hand-written candles: what it holds and tells."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.live import Followed, begin, follow, messages_of
from chalicelib.domain.bots.live_message import Told
from chalicelib.domain.market.candle import Candle
from tests.unit.bots.paper_market import BTC, scripted

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
AT = 1772438400000  # START in ms
Act = Callable[[Context], Any]
Row = Sequence[float]


def candle(number: int, row: Row) -> Candle:
    """Of open, high, low and close, or of one price that stands still."""
    first, high, low, last = (Decimal(str(p)) for p in (row if len(row) > 1 else (row[0],) * 4))
    return Candle(START + number * HOUR, first, high, low, last, Decimal(1))


def followed(script: Mapping[int, Act], *rows: Row) -> list[Followed]:
    """What each candle (open, high, low, close) has made of it, with 1,000 to begin with."""
    (setup,) = set_up(scripted(script))
    bot = begin(setup, None, since=START, cash=Decimal(1000))
    found = []
    for number, row in enumerate(rows):
        found.append(follow(setup, bot, {BTC: candle(number, row)}))
        bot = found[-1].bot
    return found


def held(script: Mapping[int, Act], *rows: Row) -> list[tuple[str, str]]:
    """Quantity and cash after each candle."""
    standings = [done.bot.reckoning.on(BTC, {}) for done in followed(script, *rows)]
    return [(f"{s.quantity.normalize():f}", f"{s.cash.normalize():f}") for s in standings]


def told(script: Mapping[int, Act], *rows: Row) -> list[list[Told]]:
    """The messages at each close."""
    return [messages_of(done, "mine") for done in followed(script, *rows)]


def fields(message: Told) -> dict[str, Any]:
    """What stands in a message."""
    said: dict[str, Any] = json.loads(message.body)
    return said
