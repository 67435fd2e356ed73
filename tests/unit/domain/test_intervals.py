"""When a candle begins: at the edges of its hour, its day and its week, all in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from chalicelib.domain.market.interval import Interval

THURSDAY = datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("1m", "2024-02-29T23:59"),
        ("15m", "2024-02-29T23:45"),
        ("1h", "2024-02-29T23:00"),
        ("4h", "2024-02-29T20:00"),
        ("12h", "2024-02-29T12:00"),
        ("1d", "2024-02-29T00:00"),
        ("1w", "2024-02-26T00:00"),  # a Monday
    ],
)
def test_the_last_moment_of_a_leap_day_lies_in_the_candle_that_began(name: str, start: str) -> None:
    began = datetime.fromisoformat(f"{start}+00:00")
    assert Interval(name).start_of(THURSDAY) == began
    assert Interval(name).start_of(began) == began, "it begins with its own first moment"


@pytest.mark.parametrize("interval", Interval)
def test_candles_follow_each_other_without_a_gap(interval: Interval) -> None:
    began = interval.start_of(THURSDAY)
    following = began + interval.length
    assert interval.start_of(following) == following
    assert interval.start_of(following - timedelta(microseconds=1)) == began


def test_a_week_before_1970_and_a_clock_of_another_place_are_counted_the_same() -> None:
    in_tokyo = timezone(timedelta(hours=9))
    assert Interval.D1.start_of(datetime(2024, 3, 1, 8, 59, tzinfo=in_tokyo)) == datetime(
        2024, 2, 29, tzinfo=UTC
    )
    assert Interval.W1.start_of(datetime(1970, 1, 1, tzinfo=UTC)) == datetime(
        1969, 12, 29, tzinfo=UTC
    )


def test_an_interval_is_as_long_as_its_name_says() -> None:
    lengths = [interval.length for interval in Interval]
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[-1]) == (timedelta(minutes=1), timedelta(weeks=1))
    assert Interval("30m").length == timedelta(minutes=30)
    assert Interval("8h").length == timedelta(hours=8)
