"""Candles that are no series are refused with their number and time; gaps are counted."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf, nan

import pytest

from chalicelib.domain.bots.candles import Candles, candles_of, check_candles, missing
from chalicelib.domain.bots.refusals import CandlesRefused
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from tests.unit.bots.paper_market import BTC, HOUR

START = datetime(2024, 1, 1, tzinfo=UTC)


def hourly(*hours: float, **prices: float) -> Candles:
    opened, high, low, close = (
        Decimal(prices.get(name, 100)) for name in ("open", "high", "low", "close")
    )
    volume = Decimal(prices.get("volume", 1))
    rows = [
        Candle(START + timedelta(hours=hour), opened, high, low, close, volume) for hour in hours
    ]
    return candles_of(BTC, Interval.H1, rows)


def test_stored_candles_become_columns() -> None:
    columns = hourly(0, 1, 5, high=101.5)
    assert columns.start[:2] == [1_704_067_200_000, 1_704_067_200_000 + HOUR]
    assert columns.high == [101.5] * 3
    assert missing(Interval.H1, columns.start) == 3
    assert missing(Interval.H1, []) == 0


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        ((0, 1, 1), "candle 3 of 3, 2024-01-01 01:00:00: there are two of this time"),
        ((0, 2, 1), "candle 3 of 3, 2024-01-01 01:00:00: it comes after the one of 2024-01-01 02:"),
        ((0, 0.5), "candle 2 of 2, 2024-01-01 00:30:00: no candle of this interval begins"),
    ],
)
def test_times_ascend_on_the_grid(hours, sentence) -> None:
    with pytest.raises(CandlesRefused) as refused:
        hourly(*hours)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("BTC/USDT 1h, ")


@pytest.mark.parametrize(
    ("prices", "sentence"),
    [
        ({"open": nan}, "open nan, high 100.0"),
        ({"close": nan}, "close nan must be numbers above zero"),
        ({"high": inf}, "high inf"),
        ({"low": 0}, "low 0.0"),
        ({"low": -1}, "low -1.0"),
        ({"volume": -1}, "volume -1.0 must be a number, not below zero"),
        ({"volume": nan}, "volume nan must be a number"),
        ({"high": 99}, "open 100.0 and close 100.0 must lie between low 100.0 and high 99.0"),
        ({"low": 101}, "must lie between low 101.0 and high 100.0"),
    ],
)
def test_prices_are_numbers_that_fit(prices, sentence) -> None:
    with pytest.raises(CandlesRefused) as refused:
        hourly(0, **prices)
    assert "candle 1 of 1, 2024-01-01 00:00:00" in str(refused.value)
    assert sentence in str(refused.value)


def test_columns_are_of_one_length() -> None:
    with pytest.raises(CandlesRefused, match="the columns differ in length"):
        check_candles(BTC, Interval.H1, Candles([0], [1.0], [1.0], [1.0], [1.0], []))
