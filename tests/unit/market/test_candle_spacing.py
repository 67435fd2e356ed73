"""How long the candles of a file are, by how far they are apart."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.market.candle_spacing import interval_shown
from chalicelib.domain.market.interval import Interval

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def starts(step: timedelta, *numbers: int) -> list[datetime]:
    return [FIRST + number * step for number in numbers]


@pytest.mark.parametrize("interval", Interval)
def test_each_interval_is_known_by_its_candles(interval: Interval) -> None:
    found = starts(interval.length, 0, 1, 2)
    assert interval_shown(found, None) is interval
    assert interval_shown(found, interval) is interval


def test_most_candles_decide_whatever_is_missing_or_told_twice() -> None:
    found = starts(Interval.M15.length, 0, 0, 0, 0, 1, 2, 3, 7, 11, 12)
    assert interval_shown(found, None) is Interval.M15
    with pytest.raises(ValueError, match=r"^holds candles 15m apart, not 1h; give --interval 15m$"):
        interval_shown(found, Interval.H1)


def test_longer_candles_are_none_of_a_shorter_interval() -> None:
    with pytest.raises(ValueError, match=r"^holds candles 1h apart, not 15m; give --interval 1h$"):
        interval_shown(starts(Interval.H1.length, 0, 1, 2), Interval.M15)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (timedelta(minutes=45), "45m"),
        (timedelta(hours=3), "3h"),
        (timedelta(days=31), "31d"),
        (timedelta(seconds=30), "30s"),
        (timedelta(milliseconds=2500), "2.5s"),
    ],
)
@pytest.mark.parametrize("asked", [None, Interval.M1])
def test_other_candles_are_not_kept(step: timedelta, told: str, asked: Interval | None) -> None:
    with pytest.raises(ValueError, match=r"^holds candles") as refused:
        interval_shown(starts(step, 0, 1, 2), asked)
    assert str(refused.value) == (
        f"holds candles {told} apart, and those are not kept; the intervals are 1m, 3m, 5m, 15m,"
        " 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d, 1w"
    )


@pytest.mark.parametrize("found", [[], [FIRST], [FIRST, FIRST]])
def test_one_candle_is_as_long_as_is_said(found: list[datetime]) -> None:
    assert interval_shown(found, Interval.D1) is Interval.D1
    with pytest.raises(ValueError, match=r"fewer than two candles .* such as --interval 1h"):
        interval_shown(found, None)


def test_where_distances_are_equally_frequent_the_asked_one_is_believed() -> None:
    found = starts(Interval.M15.length, 0, 1, 5)
    assert interval_shown(found, Interval.H1) is Interval.H1
    assert interval_shown(found, None) is Interval.M15
