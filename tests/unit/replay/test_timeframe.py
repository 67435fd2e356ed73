"""How long the candles of a chart are, by the times of its list alone."""

from datetime import timedelta

import pytest

from chalicelib.domain.replay.timeframe import longer_than, shown_by
from tests.unit.replay.lists import at

HOURLY = (2, 8, 12, 18, 22, 27)
DAILY = (0, 24, 72, 96)


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        ((), None),
        ((5,), None),
        ((5, 5), None),  # one time alone
        (HOURLY, "1h"),
        (DAILY, "1d"),
        ((9.5, 33.5, 81.5), "1d"),  # a session that begins at half past nine
        ((9.5, 10.5, 12.5), "1h"),
        ((0, 0.25, 7), "15m"),
        ((0, 4, 20), "4h"),
        ((1, 10), "3h"),  # 9h is no usual chart
        ((0, 48, 96, 144), "1d"),  # four times may well be an even number of days apart
        (range(0, 24 * 16, 48), "2d"),
        (range(24, 24 * 7 * 9, 24 * 7), "1w"),  # whatever the day of the week
        ((0, 1 / 60, 1), "1m"),
        ((0, 0.5 / 60), "1m"),
    ],
)
def test_the_longest_usual_chart_is_shown_that_all_times_fit(hours, shown: str | None) -> None:
    assert shown_by(map(at, hours)) == shown


def test_the_order_of_the_times_is_of_no_account() -> None:
    assert shown_by(at(hour) for hour in reversed(DAILY)) == "1d"


@pytest.mark.parametrize(
    ("said", "hours", "longer"),
    [
        ("1h", DAILY, "1d"),
        ("60", DAILY, "1d"),
        ("1h", DAILY[:3], "1d"),  # 24 * 24 to one
        ("1h", DAILY[:2], None),  # a trade of an hourly chart may lie at midnight
        ("1h", (), None),
        ("1d", DAILY, None),
        ("1w", DAILY, None),
        ("1h", range(0, 14, 2), None),  # six even distances of seven times: 64 to one
        ("1h", range(0, 16, 2), "2h"),
        ("1h", HOURLY, None),
    ],
)
def test_one_that_is_said_is_doubted_where_it_can_hardly_be_chance(said, hours, longer) -> None:
    assert longer_than(said, map(at, hours)) == longer


def test_a_hundred_to_one_is_enough_to_doubt_it() -> None:
    tenths = [at(0), at(0) + timedelta(minutes=10), at(0) + timedelta(minutes=30)]
    assert longer_than("1m", tenths) == "10m"
