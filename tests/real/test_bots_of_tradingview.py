"""Stock strategies of TradingView, written as bots: each trade of its exported list, to the tick.

The lists reverse, so the virtual account allows short positions; fees and slippage are none, as in
the lists.
"""

import csv
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.bots import Bot
from chalicelib.domain.bots.backtest import Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles, at_ms, check_candles
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.trading.instrument import Instrument
from tests.market.recorded import trades_folder
from tests.real.trade_list import LONG, read_rows, trades_of

EUR = "EUR/USD"
FREE = Costs(Decimal(0), Decimal(0))
TICK = Decimal("0.00001")


class Stock(Bot):
    """Always in: what enters one way leaves the other."""

    instruments = (EUR,)
    interval = "1h"

    def go(self, ctx: Context, side: int, **words: Any) -> None:
        """As strategy.entry: one unit that way, and what is held the other way."""
        if ctx.position * side <= 0:
            amount = 1 + abs(ctx.position)
            if side > 0:
                ctx.buy(amount, **words)
            else:
                ctx.sell(amount, **words)


class Rsi(Stock):
    def start(self, ctx: Context) -> None:
        self.rsi = ctx.rsi(14)

    def on_candle(self, ctx: Context) -> None:
        if self.rsi.crossed_above(30):
            self.go(ctx, 1)
        if self.rsi.crossed_below(70):
            self.go(ctx, -1)


class Macd(Stock):
    def start(self, ctx: Context) -> None:
        self.histogram = ctx.macd(12, 26, 9).histogram

    def on_candle(self, ctx: Context) -> None:
        if self.histogram.crossed_above(0):
            self.go(ctx, 1)
        if self.histogram.crossed_below(0):
            self.go(ctx, -1)


class BollingerBands(Stock):
    warmup = 2

    def start(self, ctx: Context) -> None:
        self.bands = ctx.bollinger(20, 2.0)

    def on_candle(self, ctx: Context) -> None:
        ctx.cancel()
        before, close = ctx.history(2).close[0], ctx.close
        upper, lower = self.bands.upper, self.bands.lower
        if upper.value is None or upper.previous is None:
            return
        if lower.value is None or lower.previous is None:
            return
        if close > lower.value and before <= lower.previous:
            self.go(ctx, 1, stop=lower.value)
        if close < upper.value and before >= upper.previous:
            self.go(ctx, -1, stop=upper.value)


class Supertrend(Stock):
    def start(self, ctx: Context) -> None:
        self.direction = ctx.supertrend(3.0, 10).direction

    def on_candle(self, ctx: Context) -> None:
        if self.direction.crossed_below(0):
            self.go(ctx, 1)
        if self.direction.crossed_above(0):
            self.go(ctx, -1)


def folder() -> Path:
    found = trades_folder().parent / "tradingview"
    if not found.is_dir():
        pytest.skip(f"no exported lists: there is no {found}")
    return found


def candles() -> Candles:
    with (folder() / "ohlcv.csv").open() as file:
        rows = list(csv.DictReader(file))
    opens, highs, lows, closes, volumes = (
        [float(row[name]) for row in rows] for name in ("open", "high", "low", "close", "Volume")
    )
    starts = [at_ms(datetime.fromisoformat(row["time"])) for row in rows]
    made = Candles(starts, opens, highs, lows, closes, volumes)
    check_candles(EUR, Interval.H1, made)
    return made


@pytest.mark.parametrize(
    ("bot", "name", "count"),
    [
        (Rsi, "rsi", 194),
        (Macd, "macd", 1808),
        (BollingerBands, "bollinger", 579),
        (Supertrend, "supertrend", 602),
    ],
)
def test_every_trade_is_the_same(bot, name, count) -> None:
    listed = trades_of(read_rows(folder() / f"{name}_trades.csv"))
    assert len(listed) == count
    instrument = Instrument(
        symbol=EUR, base="EUR", quote="USD", quantity_step=Decimal(1), price_tick=TICK
    )
    (setup,) = set_up(bot)
    terms = Terms({EUR: instrument}, Decimal(1000), FREE, allows_short=True)
    test = backtest(setup, {EUR: candles()}, terms)
    ours = [
        (trip.entered_at, trip.side.value, trip.entry_price, trip.left_at, trip.exit_price)
        for trip in test.round_trips
    ]
    last, still_open = test.fills[-1], listed[-1]
    assert still_open.exit.is_open
    entered = ("buy" if still_open.entry.side == LONG else "sell", still_open.entry.price)
    assert (last.at, last.side.value, last.price) == (at_ms(still_open.entry.at), *entered)
    theirs = [
        (
            at_ms(trade.entry.at),
            "buy" if trade.entry.side == LONG else "sell",
            trade.entry.price,
            at_ms(trade.exit.at),
            trade.exit.price,
        )
        for trade in listed
        if not trade.exit.is_open
    ]
    differing = [(a, b) for a, b in zip(ours, theirs, strict=False) if a != b]
    assert not differing, (len(differing), differing[:5])
    assert len(ours) == len(theirs) == count - 1
