"""The curves of a bot's chart: what it plotted, then each line of each indicator in its panel."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from chalicelib.domain.bots import Bot
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context, Plot
from chalicelib.domain.bots.step import AccountView, step
from tests.unit.bots.paper_market import BTC, ETH, HOUR, candles

NOTHING = AccountView(Decimal(1000), {})


class Drawn(Bot):
    instruments: ClassVar[Sequence[str]] = (BTC, ETH)
    interval = "1h"
    together = True

    def start(self, ctx: Context) -> None:
        ctx.sma(2, symbol=ETH)
        ctx.rsi(2, of="high", symbol=BTC)
        ctx.donchian(2, symbol=BTC)
        ctx.hammer(2, symbol=BTC)

    def on_candle(self, ctx: Context) -> None:
        ctx.plot("equity", ctx.equity, panel="money")


def test_lines_over_the_prices_oscillators_by_themselves_and_patterns_together() -> None:
    (setup,) = set_up(Drawn)
    btc = candles((100,), (100, 120, 100, 110), (110, 130, 110, 120))
    done = step(setup, None, {BTC: btc, ETH: candles((10,), (20,), (30,))}, NOTHING)
    starts = [0, HOUR, 2 * HOUR]
    assert done.plots == [
        Plot("equity", "money", starts, [1000.0] * 3),
        Plot(f"{BTC} rsi(2) of high", "rsi(2) of high", starts, [None, None, 100.0]),
        Plot(f"{BTC} donchian(2) middle", "price", starts, [None, 110.0, 115.0]),
        Plot(f"{BTC} donchian(2) upper", "price", starts, [None, 120.0, 130.0]),
        Plot(f"{BTC} donchian(2) lower", "price", starts, [None, 100.0, 100.0]),
        Plot(f"{BTC} hammer(2)", "patterns", starts, [None, None, None]),
        Plot(f"{ETH} sma(2)", "price", starts, [None, 15.0, 25.0]),
    ]


def test_of_a_bot_that_goes_on_the_new_candles_alone() -> None:
    (setup,) = set_up(Drawn)
    before = step(setup, None, {BTC: candles((100,)), ETH: candles((10,))}, NOTHING)
    given = {BTC: candles((120,), start=1), ETH: candles((20,), start=1)}
    drawn = {plot.name: plot for plot in step(setup, before.state, given, NOTHING).plots}
    assert drawn[f"{ETH} sma(2)"] == Plot(f"{ETH} sma(2)", "price", [HOUR], [15.0])
    assert drawn["equity"] == Plot("equity", "money", [HOUR], [1000.0])
