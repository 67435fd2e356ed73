"""Follows a trend by two moving averages."""

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.parameters import Param


class SmaCross(Bot):
    """Buys when the fast average of the closes crosses above the slow one, sells when it falls
    below it.

    It earns on long moves, of which it misses the beginning and gives back some of the end. It
    loses where prices go sideways: the averages cross again and again, and each time it has bought
    higher than it sells, with two fees on top.
    """

    instruments = ("BTC/USDT",)
    interval = "1h"
    warmup = 200
    fast = Param(20, 2, 100)
    slow = Param(50, 5, 200)
    percentage = Param(100.0, 10.0, 100.0, step=10.0)

    def start(self, ctx: Context) -> None:
        """Both averages; it decides where they cross."""
        self.fast_line, self.slow_line = ctx.sma(self.fast), ctx.sma(self.slow)
        ctx.only_when(self.fast_line.crosses(self.slow_line))

    def on_candle(self, ctx: Context) -> None:
        """See the class."""
        if self.fast_line.crossed_above(self.slow_line):
            ctx.target(self.percentage / 100)
        elif self.fast_line.crossed_below(self.slow_line):
            ctx.target(0)
