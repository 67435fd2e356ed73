"""Buys what has just fallen, and sells it when it has just risen."""

from collections.abc import Sequence
from typing import ClassVar, Final

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.parameters import Param

_PERCENT: Final = 100
_NEARLY: Final = 1 - 1e-9  # 198 to 199.98 is 1 %, which floats do not quite say


class Scalper(Bot):
    """Fallen or risen is the close, by `threshold` percent or more since the close before.

    That is the last one that it saw: where candles are missing, it lies further back. A purchase
    takes `percentage` percent of the equity. At most `purchases` follow each other before a sale,
    which sells all of them.

    It earns where a sudden fall is followed by as sudden a rise. It loses where the price falls
    and stays there: it has no stop, and waits for its rise.
    """

    instruments: ClassVar[Sequence[str]] = ("BTC/USDT", "ETH/USDT", "DOGE/USDT")
    interval = "1m"
    threshold = Param(1.0, 0.01, 50.0, step=0.25)
    percentage = Param(10.0, 0.1, 100.0, step=10.0)
    purchases = Param(1, 1, 20)

    def on_candle(self, ctx: Context) -> None:
        """See the class."""
        before = ctx.state.get("close", ctx.close)
        ctx.state["close"] = ctx.close
        moved = ctx.close - before
        if abs(moved) * _PERCENT < self.threshold * before * _NEARLY:
            return
        bought = ctx.state.get("bought", 0) if ctx.position > 0 else 0
        if moved < 0 and bought < self.purchases:
            ctx.buy(fraction=self.percentage / _PERCENT)
            ctx.state["bought"] = bought + 1
        elif moved > 0 and bought:
            ctx.sell()
