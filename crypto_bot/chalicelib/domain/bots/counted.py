"""A bot whose candles are counted while it goes through them, for whoever waits for the end."""

from collections.abc import Callable
from functools import wraps

from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.setup import Setup


def counted(setup: Setup, decided: Callable[[], None]) -> Setup:
    """The same bot, and `decided` is called after each candle that it has decided on."""
    kind = setup.bot

    @wraps(kind.on_candle)  # so that the line of a mistake is looked for in the bot's own file
    def on_candle(bot: object, ctx: Context) -> None:
        kind.on_candle(bot, ctx)
        decided()

    return setup._replace(bot=type(kind.__name__, (kind,), {"on_candle": on_candle}))
