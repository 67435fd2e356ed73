"""Saves: buys for the same amount every so often, whatever the price."""

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.parameters import Param


class Dca(Bot):
    """Buys for `amount` at the first candle and at every `every`-th one after it, until its cash
    is used up. It never sells.

    The same amount buys more where the price is low, so that the average price paid lies below the
    average price. It loses when the price falls and stays there, and earns less than one purchase
    at the beginning where it rises all the time.
    """

    instruments = ("BTC/USDT",)
    interval = "1d"
    amount = Param(100.0, 5.0, 100_000.0, step=50.0)
    every = Param(7, 1, 365)

    def on_candle(self, ctx: Context) -> None:
        """See the class."""
        candles = ctx.state.get("candles", 0)
        ctx.state["candles"] = candles + 1
        if candles % self.every == 0 and ctx.cash >= self.amount:
            ctx.buy(value=self.amount)
