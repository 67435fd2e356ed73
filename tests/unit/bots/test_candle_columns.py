"""Candles that are no series are refused with their number and time; gaps are counted."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf, nan

import pytest

from chalicelib.domain.bots.candles import (
    Candles,
    at_ms,
    candles_of,
    check_candles,
    length_ms,
    missing,
    moment,
    no_candles,
)
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


def test_times_and_lengths_are_whole_milliseconds() -> None:
    assert at_ms(datetime(1970, 1, 2, microsecond=1999, tzinfo=UTC)) == 24 * HOUR + 1
    assert moment(24 * HOUR + 1) == datetime(1970, 1, 2, microsecond=1000, tzinfo=UTC)
    whole = [length_ms(Interval.M1), missing(Interval.H1, [0, 3 * HOUR]), *hourly(0).start]
    assert json.dumps(whole) == "[60000, 2, 1704067200000]"


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


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ((100, 100, 100, 100, -1), "volume -1 must be a number, not below zero"),
        ((0.5, 0.5, 0.5, 0.5, inf), "volume inf must be a number, not below zero"),
        (
            (100, 99, 98, 100, 0),
            "open 100 and close 100 must lie between low 98 and high 99",
        ),
        (
            (100, 101, 100, 99, 0.5),
            "open 100 and close 99 must lie between low 100 and high 101",
        ),
        (
            (1, 2, 0, 1, 1),
            "open 1, high 2, low 0, close 1 must be numbers above zero",
        ),
    ],
)
def test_a_candle_is_refused_for_what_is_odd_about_it(
    row: tuple[float, ...], sentence: str
) -> None:
    columns = ([number] for number in row)
    with pytest.raises(CandlesRefused) as refused:
        check_candles(BTC, Interval.H1, Candles([0], *columns))
    assert str(refused.value) == f"BTC/USDT 1h, candle 1 of 1, 1970-01-01 00:00:00: {sentence}"


def test_less_than_one_of_it_is_enough() -> None:
    check_candles(BTC, Interval.H1, Candles([0], [0.5], [0.5], [0.5], [0.5], [0.0]))


def test_each_may_be_large_but_they_must_have_a_sum() -> None:
    large = [1.7e308]
    check_candles(BTC, Interval.H1, Candles([0], large, large, large, large, [1.0]))
    two = [*large, *large]
    with pytest.raises(CandlesRefused) as refused:
        check_candles(BTC, Interval.H1, Candles([0, HOUR], two, two, two, two, [1.0, 1.0]))
    assert str(refused.value) == "BTC/USDT 1h: the prices are too large to be added up"


def test_weeks_begin_on_monday() -> None:
    """1970 began on a Thursday."""
    for day in (4, 11):
        check_candles(BTC, Interval.W1, week(day))
    for day in (0, 3, 10):
        with pytest.raises(CandlesRefused, match="no candle of this interval begins"):
            check_candles(BTC, Interval.W1, week(day))


def week(day: int) -> Candles:
    return Candles([day * 24 * HOUR], [1.0], [1.0], [1.0], [1.0], [1.0])


def test_columns_are_of_one_length() -> None:
    with pytest.raises(CandlesRefused, match=r"^BTC/USDT 1h: the columns differ in length: {.*}$"):
        check_candles(BTC, Interval.H1, Candles([0], [1.0], [1.0], [1.0], [1.0], []))


def test_columns_are_cut_and_put_together() -> None:
    columns = hourly(0, 1, 5, high=101.5)
    first, rest = columns.between(0, 1), columns.between(1, 3)
    assert (len(first.start), rest.start, rest.high) == (1, columns.start[1:], [101.5] * 2)
    assert first.followed_by(rest) == columns
    assert no_candles().followed_by(columns) == columns
