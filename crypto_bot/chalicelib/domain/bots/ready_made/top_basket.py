"""Holds the largest coins, in equal parts."""

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.parameters import Param


class TopBasket(Bot):
    """The first `size` markets of the ranking, as it was known by then, that are among its
    instruments: each an equal part of the equity, made equal again every `every` candles.

    A part that is off by less than `band` percent of the equity is left as it is; a coin that is
    no longer one of the largest is sold. Without a ranking it holds nothing. It earns what the
    market earns, and sells a little of what rose to buy what fell. It loses with the market, and
    to a plain holder where one coin leaves all others behind.
    """

    instruments = (
        *("BTC/USDT", "ETH/USDT", "BNB/USDT", "SOL/USDT", "XRP/USDT"),
        *("ADA/USDT", "DOGE/USDT", "AVAX/USDT", "LINK/USDT", "LTC/USDT"),
    )
    interval = "1d"
    together = True
    size = Param(5, 1, 10)
    every = Param(7, 1, 90)
    band = Param(1.0, 0.0, 20.0, step=0.5)

    def on_candle(self, ctx: Context) -> None:
        """See the class."""
        passed = ctx.state.get("passed", self.every) + 1
        ctx.state["passed"] = passed
        ranked = [row["market"] for row in ctx.ranking or ()]
        tradable = [name for name in ranked if name in ctx.markets and ctx[name].is_fresh]
        largest = tradable[: self.size]
        if passed < self.every or not largest:
            return
        ctx.state["passed"] = 0
        for name in ctx.markets:
            if name not in largest and ctx[name].position > 0:
                ctx.close_position(symbol=name)
        for name in largest:
            ctx.target(1 / len(largest), band=self.band / 100, symbol=name)
