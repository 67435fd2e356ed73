"""Buys what fell too fast, and sells it once it has recovered."""

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.parameters import Param


class RsiReversion(Bot):
    """Buys when the relative strength index falls below `low`, sells when it rises above `high`.

    What it bought is protected by a stop that lies `stop` percent below the close it decided at.
    It earns where prices swing around a level. It loses where they keep falling: the index stays
    low, the stop is hit, and the next fall makes it buy again.
    """

    instruments = ("BTC/USDT",)
    interval = "1h"
    warmup = 250  # the index remembers some fifteen times its length
    length = Param(14, 2, 50)
    low = Param(30, 5, 50, step=5)
    high = Param(55, 30, 95, step=5)
    stop = Param(5.0, 0.5, 50.0, step=0.5)
    percentage = Param(100.0, 10.0, 100.0, step=10.0)

    def start(self, ctx: Context) -> None:
        """The index; it decides where that crosses a level."""
        self.rsi = ctx.rsi(self.length)
        ctx.only_when(self.rsi.crosses(self.low), self.rsi.crosses(self.high))

    def on_candle(self, ctx: Context) -> None:
        """See the class."""
        if ctx.position > 0:
            if self.rsi.crossed_above(self.high):
                ctx.close_position()
        elif self.rsi.crossed_below(self.low):
            ctx.target(self.percentage / 100, stop_loss=ctx.close * (1 - self.stop / 100))
