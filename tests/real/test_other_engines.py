"""Equity of two strategies on a month of minutes, against what two other engines gave.

backtesting.py is AGPL and vectorbt under the Commons Clause, so that neither is a dependency: they
were run by hand, by the settings below, and this is what they said. They saw the same signals: SMAs
of 10 and 30 closes that cross, and Wilder's RSI of 14 that falls below 30 or rises above 70. All in
and all out at the open after the signal, a fee of 0.1 % both ways, from 1,000,000.
"""

from decimal import Decimal
from math import fsum
from typing import NamedTuple

import pytest

from chalicelib.domain.bots import Bot
from chalicelib.domain.bots.backtest import Backtest, Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles, candles_of
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.trading.instrument import Instrument
from tests.real.test_candles import recorded, rows

BTC = "BTC/USDT"
MONTH = "BTC-USDT.1m.2026-03-23.2026-04-22.parquet"
FEE = Decimal("0.001")


class Sma(Bot):
    instruments = (BTC,)
    interval = "1m"

    def start(self, ctx: Context) -> None:
        self.fast, self.slow = ctx.sma(10), ctx.sma(30)

    def on_candle(self, ctx: Context) -> None:
        if self.fast.crossed_above(self.slow):
            ctx.target(1.0)
        elif self.fast.crossed_below(self.slow):
            ctx.target(0)


class Rsi(Bot):
    instruments = (BTC,)
    interval = "1m"

    def start(self, ctx: Context) -> None:
        self.rsi = ctx.rsi(14)

    def on_candle(self, ctx: Context) -> None:
        if self.rsi.crossed_below(30) and not ctx.position:
            ctx.target(1.0)
        elif self.rsi.crossed_above(70) and ctx.position:
            ctx.target(0)


class Told(NamedTuple):
    """Of the equity at every close: the last, the mean, the least. Closed round trips."""

    final: float
    mean: float
    least: float
    closed: int


# backtesting.py 0.6.6: FractionalBacktest(candles, strategy, cash=1e6, commission=.001), with
# self.buy() and self.position.close(); its sizes are whole satoshis.
BACKTESTING = {
    Sma: Told(154114.18716598803, 428658.6643447695, 153949.45483793545, 898),
    Rsi: Told(782769.5141252199, 856883.6736873394, 769167.4322308329, 159),
}
# vectorbt 1.2.0: Portfolio.from_signals(close, entries, exits, price=open, fees=.001,
# init_cash=1e6, freq="1min"), both signals one minute later; sizes are floats.
VECTORBT = {
    Sma: Told(154114.1868750751, 428658.6641476798, 153949.45454731392, 898),
    Rsi: Told(782769.5140504171, 856883.6736293816, 769167.4321472817, 159),
}


@pytest.fixture(scope="module")
def month() -> Candles:
    found = rows(recorded(MONTH))
    assert len(found) == 43_199
    return candles_of(BTC, Interval.M1, found)


def run(bot: type[Bot], month: Candles, step: Decimal) -> Backtest:
    (setup,) = set_up(bot)
    instrument = Instrument(
        symbol=BTC, base="BTC", quote="USDT", quantity_step=step, price_tick=Decimal("0.01")
    )
    terms = Terms({BTC: instrument}, Decimal(1_000_000), Costs(FEE, FEE))
    return backtest(setup, {BTC: month}, terms)


@pytest.mark.parametrize("bot", [Sma, Rsi])
def test_the_equity_is_theirs(bot: type[Bot], month: Candles) -> None:
    """To the 1e-8th part; of that, their rounding of sizes is most."""
    test = run(bot, month, Decimal("1E-16"))
    ours = (test.equity[-1], fsum(test.equity) / len(test.equity), min(test.equity))
    for theirs in (BACKTESTING[bot], VECTORBT[bot]):
        assert ours == pytest.approx(theirs[:3], rel=1e-8)
        assert len(test.round_trips) == theirs.closed
    assert ours == pytest.approx(VECTORBT[bot][:3], rel=1e-11)


@pytest.mark.parametrize("bot", [Sma, Rsi])
def test_by_satoshis_it_stays_within_what_they_are_worth(bot: type[Bot], month: Candles) -> None:
    """Each purchase leaves less than a satoshi's price in cash, which is not lost but idle."""
    fine, coarse = run(bot, month, Decimal("1E-16")), run(bot, month, Decimal("1E-8"))
    dearest = max(fill.price for fill in fine.fills) * Decimal("1E-8")
    idle = float(dearest) * len(coarse.fills)
    assert abs(fine.equity[-1] - coarse.equity[-1]) < idle
    assert coarse.equity[-1] == pytest.approx(BACKTESTING[bot].final, rel=1e-6)
