"""TradingView's own lists of trades: its stock strategies on its hours, entry for entry.

Each enters at the open after the candle that told it to; the bands' strategy does so by a stop
order at the band, which is worked on the next candle only.
"""

import csv
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import pytest

from chalicelib.domain.bots.indicators import MACD, RSI, Bollinger, Supertrend
from tests.unit.indicators.candles import Prices, charted, data

TICK = 1e-5


class Told(NamedTuple):
    """To go long or short; at the open where there is no stop."""

    side: str
    stop: float | None = None


class Entry(NamedTuple):
    at: datetime
    side: str
    price: float


def strength() -> Callable[[Prices], Told | None]:
    rsi = RSI(14)
    last: list[Any] = [None]

    def decide(candle: Prices) -> Told | None:
        before, last[0] = last[0], rsi.update(candle.close)
        return _crossed(before, last[0], 30, 70)

    return decide


def convergence() -> Callable[[Prices], Told | None]:
    macd = MACD(12, 26, 9)
    last: list[Any] = [None]

    def decide(candle: Prices) -> Told | None:
        value = macd.update(candle.close)
        before, last[0] = last[0], value and value.histogram
        return _crossed(before, last[0], 0, 0)

    return decide


def trend() -> Callable[[Prices], Told | None]:
    supertrend = Supertrend(3, 10)
    last: list[Any] = [None]

    def decide(candle: Prices) -> Told | None:
        value = supertrend.update(candle.high, candle.low, candle.close)
        before, last[0] = last[0], value and -value.direction
        return _crossed(before, last[0], 0, 0)

    return decide


def bands() -> Callable[[Prices], Told | None]:
    bollinger = Bollinger(20, 2)
    last: list[Any] = [None]

    def decide(candle: Prices) -> Told | None:
        value = bollinger.update(candle.close)
        before, last[0] = last[0], value and (candle.close, value)
        if before is None or value is None:
            return None
        close, band = before
        if close <= band.lower and candle.close > value.lower:
            return Told("long", value.lower)
        if close >= band.upper and candle.close < value.upper:
            return Told("short", value.upper)
        return None

    return decide


def _crossed(before: Any, now: Any, up: float, down: float) -> Told | None:
    if before is None or now is None:
        return None
    if before <= up < now:
        return Told("long")
    return Told("short") if before >= down > now else None


@pytest.mark.parametrize(
    ("name", "decide", "count"),
    [
        ("rsi", strength(), 194),
        ("macd", convergence(), 1808),
        ("supertrend", trend(), 602),
        ("bollinger", bands(), 579),
    ],
)
def test_every_entry_is_tradingviews(
    name: str, decide: Callable[[Prices], Told | None], count: int
) -> None:
    exported, ours = _exported(name), _entries(decide)
    assert len(exported) == count
    assert [(e.at, e.side) for e in ours] == [(e.at, e.side) for e in exported]
    # TradingView rounds the stop to the price step; an entry at the open is exact.
    assert max(abs(a.price - b.price) for a, b in zip(ours, exported, strict=True)) < TICK


def _entries(decide: Callable[[Prices], Told | None]) -> list[Entry]:
    entries: list[Entry] = []
    told: Told | None = None
    for at, candle in charted():
        if told is not None and (not entries or entries[-1].side != told.side):
            price = _price(told, candle)
            if price is not None:
                entries.append(Entry(datetime.fromisoformat(at), told.side, price))
        told = decide(candle)
    return entries


def _price(told: Told, candle: Prices) -> float | None:
    if told.stop is None:
        return candle.open
    if told.side == "long":
        reached = max(candle.open, told.stop)
        return reached if candle.high >= reached else None
    reached = min(candle.open, told.stop)
    return reached if candle.low <= reached else None


def _exported(name: str) -> list[Entry]:
    with (data("tradingview") / f"{name}_trades.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["Type"].startswith("Entry")]
    return [
        Entry(datetime.fromisoformat(row["Date/Time"]), row["Type"][6:], float(row["Price USD"]))
        for row in rows
    ]
