"""Bots from their texts, run as a bot's file is where it lives: anew each time."""

from collections.abc import Mapping
from types import ModuleType
from typing import Final

from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.candles import Candles, moment
from chalicelib.domain.bots.checks.check import check_bot
from chalicelib.domain.bots.checks.finding import BotCheck
from tests.unit.bots.bot_prices import moving
from tests.unit.bots.paper_market import BTC

BOT: Final = """from chalicelib.domain.bots import Bot
{head}
class Odd(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"
    warmup = {warmup}
    def start(self, ctx):
        {start}
    def on_candle(self, ctx):
        {body}
"""
CANDLES: Final[Mapping[str, Candles]] = {BTC: moving(400)}


def written(body: str, *, start: str = "pass", head: str = "", warmup: int = 3) -> str:
    lines = "\n        ".join(body.splitlines())
    return BOT.format(body=lines, start=start, head=head, warmup=warmup)


def checked(source: str, candles: Mapping[str, Candles] = CANDLES, *, text: str = "") -> BotCheck:
    """`text` is what of it is read, beside being run."""
    return check_bot(lambda: set_up(bot_of(source))[0], candles, source=text)


def when(start: int | None) -> str:
    return "" if start is None else f"{moment(start):%Y-%m-%d %H:%M}"


def bot_of(source: str) -> type[Bot]:
    """The last one in it. For the engine its module is `bot`, and its file is `odd`."""
    module = ModuleType("bot")
    exec(compile(source, "odd", "exec"), module.__dict__)  # noqa: S102 - written by the test
    made = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Bot)]
    return [bot for bot in made if bot.__module__ == "bot"][-1]
