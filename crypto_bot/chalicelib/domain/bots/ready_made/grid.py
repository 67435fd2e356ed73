"""Buys a little at every step down and sells it one step higher."""

from math import ceil, floor, log

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.parameters import Param

_NEARLY = 1e-9  # a fall of exactly one step is one, which logarithms do not quite say


class Grid(Bot):
    """From its top downwards there is a rung every `spacing` percent, and `rungs` of them. At a
    close on a rung or below it one more part of the equity is held, at a close on the rung above
    it that part is sold again.

    The top is the highest close for as long as nothing is held. It earns `spacing` percent of a
    part, less two fees, with every swing. It loses where prices fall through all rungs: then
    everything is held that was bought on the way down, and it waits. It trades at closes, not by
    orders that wait at the rungs, so that it runs on live candles as it does here.
    """

    instruments = ("BTC/USDT",)
    interval = "5m"
    spacing = Param(1.0, 0.1, 20.0, step=0.25)
    rungs = Param(10, 1, 50)

    def on_candle(self, ctx: Context) -> None:
        """See the class."""
        held, top = ctx.state.get("held", 0), ctx.state.get("top", ctx.close)
        if not held:
            top = max(top, ctx.close)
        # How many rungs below the top: 2.4 is between the second and the third.
        fallen = log(ctx.close / top) / log(1 - self.spacing / 100)
        most, least = floor(fallen + _NEARLY), ceil(fallen - _NEARLY)
        wanted = min(max(held, most), max(least, 0), self.rungs)
        ctx.state["held"], ctx.state["top"] = wanted, top
        if wanted != held:
            ctx.target(wanted / self.rungs)
