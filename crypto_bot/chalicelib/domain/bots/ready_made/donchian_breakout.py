"""Buys new highs and leaves at new lows: the rule that the turtles traded by."""

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.parameters import Param


class DonchianBreakout(Bot):
    """Buys at a close above every high of the `entry` candles before it, and sells at one below
    every low of the `leave` candles before it.

    It earns little often and much seldom: a few long moves pay for everything. It loses on each
    breakout that comes back, which most of them do, and longest where prices go sideways.
    """

    instruments = ("BTC/USDT",)
    interval = "1h"
    warmup = 200
    entry = Param(55, 5, 200, step=5)
    leave = Param(20, 5, 200, step=5)
    percentage = Param(100.0, 10.0, 100.0, step=10.0)

    def start(self, ctx: Context) -> None:
        """The channels' edges."""
        self.highest = ctx.donchian(self.entry).upper
        self.lowest = ctx.donchian(self.leave).lower

    def on_candle(self, ctx: Context) -> None:
        """By the channels as they were before this candle, which lies within its own."""
        highest, lowest = self.highest.previous, self.lowest.previous
        if highest is None or lowest is None:
            return
        if ctx.position > 0:
            if ctx.close < lowest:
                ctx.close_position()
        elif ctx.close > highest:
            ctx.target(self.percentage / 100)
