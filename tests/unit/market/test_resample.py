"""Longer candles out of short ones: only what is over, and nothing where there was nothing."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.resample import Resampler, can_resample, source_of

MIDNIGHT = datetime(2024, 8, 8, tzinfo=UTC)  # a Thursday
MINUTE = timedelta(minutes=1)


def a_candle(start: datetime, price: int, volume: str = "1") -> Candle:
    at = Decimal(price)
    return Candle(start, at, at + 2, at - 2, at + 1, Decimal(volume))


def resampled(
    candles: Iterable[Candle], target: Interval, source: Interval = Interval.M1
) -> list[Candle]:
    resampler = Resampler(source, target)
    closed = []
    for candle in candles:
        closed += [resampler.opened_before(candle.start), resampler.add(candle)]
    return [candle for candle in closed if candle is not None]


def test_a_candle_is_first_open_highest_lowest_last_close_and_all_volume() -> None:
    prices = [10, 30, 5, 20, 15]
    candles = [a_candle(MIDNIGHT + n * MINUTE, p, "0.1") for n, p in enumerate(prices)]
    whole = Candle(MIDNIGHT, *map(Decimal, ["10", "32", "3", "16", "0.5"]))
    assert resampled(candles, Interval.M5) == [whole]


def test_one_that_is_not_over_is_not_there_yet() -> None:
    candles = [a_candle(MIDNIGHT + n * MINUTE, 10) for n in range(14)]
    assert [c.start for c in resampled(candles, Interval.M5)] == [MIDNIGHT, MIDNIGHT + 5 * MINUTE]


def test_one_whose_end_is_missing_is_over_when_a_later_one_is_there() -> None:
    candles = [a_candle(MIDNIGHT + n * MINUTE, 10 + n) for n in (0, 1, 2, 17)]
    assert resampled(candles[:3], Interval.M5) == []
    closed = resampled(candles, Interval.M5)
    assert [(c.start, c.close, c.volume) for c in closed] == [(MIDNIGHT, Decimal(13), Decimal(3))]
    next_at_once = a_candle(MIDNIGHT + 5 * MINUTE, 99)
    assert resampled([*candles[:3], next_at_once], Interval.M5) == closed


def test_where_there_were_no_candles_there_is_none() -> None:
    candles = [a_candle(MIDNIGHT + n * MINUTE, 10) for n in (*range(5), *range(20, 25))]
    assert [c.start for c in resampled(candles, Interval.M5)] == [MIDNIGHT, MIDNIGHT + 20 * MINUTE]


def test_weeks_begin_on_monday_and_days_at_midnight() -> None:
    hours = [a_candle(MIDNIGHT + timedelta(hours=n), 10) for n in range(24 * 12)]
    weeks = resampled(hours, Interval.W1, Interval.H1)
    assert [c.start.day for c in weeks] == [5, 12]
    assert [c.volume for c in weeks] == [4 * 24, 7 * 24]
    days = resampled(hours[5:], Interval.D1, Interval.H1)
    assert [c.start for c in days] == [MIDNIGHT + timedelta(days=n) for n in range(12)]


def test_volumes_add_up_to_the_last_digit() -> None:
    volumes = ["12345678901234567890.123456789012345678", "0.000000000000000001"]
    candles = [a_candle(MIDNIGHT + n * MINUTE, 10, v) for n, v in enumerate(volumes)]
    (closed,) = resampled([*candles, a_candle(MIDNIGHT + 9 * MINUTE, 10)], Interval.M3)
    assert closed.volume == Decimal("12345678901234567890.123456789012345679")


def test_candles_of_the_same_interval_stay_as_they_are() -> None:
    candles = [a_candle(MIDNIGHT + n * MINUTE, n + 5) for n in (0, 1, 7)]
    assert resampled(candles, Interval.M1) == candles


@pytest.mark.parametrize(
    ("source", "target", "can"),
    [
        ("1m", "5m", True),
        ("1h", "1w", True),
        ("3m", "5m", False),
        ("1h", "15m", False),
        ("1h", "1h", False),
        ("8h", "12h", False),
    ],
)
def test_only_whole_candles_make_a_longer_one(source: str, target: str, can: bool) -> None:  # noqa: FBT001
    assert can_resample(Interval(source), Interval(target)) is can


def test_what_cannot_be_resampled_is_refused() -> None:
    with pytest.raises(ValueError, match="candles of 5m do not consist of whole candles of 3m"):
        Resampler(Interval.M3, Interval.M5)


@pytest.mark.parametrize(
    ("target", "there", "source"),
    [
        ("4h", ["1m"], "1m"),
        ("4h", ["1m", "1h", "15m"], "1h"),
        ("4h", ["1h", "1m"], "1h"),
        ("8h", ["6h", "1h", "3m"], "1h"),  # eight hours are no whole number of six
        ("1w", ["1d", "12h"], "1d"),
        ("4h", ["4h", "1h"], None),
        ("4h", ["1d", "4h"], None),
        ("4h", ["1d", "6h"], None),
        ("4h", [], None),
    ],
)
def test_the_longest_that_will_do_is_resampled(
    target: str, there: list[str], source: str | None
) -> None:
    found = source_of(Interval(target), {Interval(one) for one in there})
    assert found == source
