"""Candles to compute on: made up by arithmetic, with what trips an indicator up, or recorded."""

import csv
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.bots.indicators.named import Prices

REPOSITORY = Path(__file__).resolve().parents[3]
PER_DAY = 24


def generated(count: int = 300, *, seed: int = 1) -> list[Prices]:
    """A walk with a stretch in which nothing happens, a jump, and hours without trades."""
    dice, price, candles = seed, 100.0, []
    for number in range(count):
        steps = []
        for _ in range(4):
            dice = (dice * 1_103_515_245 + 12_345) % 2**31
            steps.append(dice / 2**31 - 0.5)
        still = 120 <= number < 160
        opened = price * (1.3 if number == 200 else 1.0)
        closed = opened if still else opened * (1 + 0.02 * steps[0])
        high = max(opened, closed) * (1 if still else 1 + abs(steps[1]) * 0.01)
        low = min(opened, closed) * (1 if still else 1 - abs(steps[2]) * 0.01)
        volume = 0.0 if number % 11 == 0 else 10 * abs(steps[3])
        candles.append(Prices(opened, high, low, closed, volume, number // PER_DAY))
        price = closed
    return candles


def data(folder: str) -> Path:
    """Recorded data, which is not part of the repository: see tests/market/recorded.py."""
    named = os.environ.get("CRYPTO_BOT_TEST_DATA")  # noqa: TID251 - where the data is
    path = (Path(named) if named else REPOSITORY.parent / "shared" / "data") / folder
    if not path.is_dir():
        pytest.skip(f"no recorded data: there is no folder {path}")
    return path


def charted() -> list[tuple[str, Prices]]:
    """Hours as TradingView exported them, each with its time; a day begins where the date does."""
    with (data("tradingview") / "ohlcv.csv").open() as file:
        rows = list(csv.DictReader(file))
    days = [0]
    for before, row in pairwise(rows):
        days.append(days[-1] + (before["time"][:10] != row["time"][:10]))
    return [(row["time"], _prices(row, day)) for row, day in zip(rows, days, strict=True)]


def fed(indicator: Any, candles: list[Prices]) -> list[Any]:
    """What it said after each of them."""
    return [
        indicator.update(*(getattr(candle, name) for name in indicator.inputs))
        for candle in candles
    ]


def _prices(row: dict[str, str], day: int) -> Prices:
    high, low, close = float(row["high"]), float(row["low"]), float(row["close"])
    return Prices(float(row["open"]), high, low, close, float(row["Volume"]), day)
