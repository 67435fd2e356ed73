"""A bot as one function, for what fits into ten lines.

    @every("5m", "BTC/USDT", warmup=30, using=["sma:10", "sma:30"])
    def handler(state, data):
        if data.sma(10).crossed_above(data.sma(30)):
            data.target(1.0)

`state` is the dict that is kept from candle to candle, `data` is the context of a Bot.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.refusals import BotRefused

Handler = Callable[[dict[str, Any], Context], None]


class HandlerBot(Bot):
    """What `every` makes: a Bot that hands its candles over."""

    handler: ClassVar["staticmethod[[dict[str, Any], Context], None]"]
    using: ClassVar[Sequence[str]] = ()

    def start(self, ctx: Context) -> None:
        """Declare the indicators named in `using`."""
        for text in self.using:
            kind, *given = text.split(":")
            ctx.indicator(kind, *(_number(text, number) for number in given))

    def on_candle(self, ctx: Context) -> None:
        """Call the function."""
        self.handler(ctx.state, ctx)


def every(
    interval: str,
    *instruments: str,
    warmup: int = 0,
    together: bool = False,
    using: Sequence[str] = (),
) -> Callable[[Handler], type[Bot]]:
    """Make a bot of the function below; `using` names its indicators, such as "macd:12:26:9"."""

    def bot_of(handler: Handler) -> type[Bot]:
        return type(
            handler.__name__,
            (HandlerBot,),
            {
                "__doc__": handler.__doc__,
                "__module__": handler.__module__,
                "handler": staticmethod(handler),
                "interval": interval,
                "instruments": instruments,
                "warmup": warmup,
                "together": together,
                "using": tuple(using),
            },
        )

    return bot_of


def _number(text: str, number: str) -> float:
    try:
        return float(number) if "." in number else int(number)
    except ValueError:
        raise BotRefused(f"using: {text!r} is no indicator such as sma:10") from None
