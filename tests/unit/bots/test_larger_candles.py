"""Small candles -> larger ones: their prices, and at which small one each is known."""

import json
from collections.abc import Sequence

import pytest

from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.larger import Larger
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.market.interval import Interval
from tests.unit.bots.paper_market import HOUR

DAY = 24 * HOUR
# Hour, open, high, low, close, volume.
ROWS = [
    (2, 10, 19, 9, 11, 1),  # in the middle of four hours, whose open was not seen
    (3, 11, 12, 8, 10, 2),
    (4, 20, 25, 18, 21, 3),
    (5, 21, 29, 19, 22, 4),
    (6, 22, 24, 15, 23, 5),
    (7, 23, 26, 17, 24, 6),
    (8, 30, 33, 28, 31, 7),  # the third hour of it has no candle
    (9, 31, 32, 27, 30, 8),
    (11, 30, 31, 29, 30, 9),
    (12, 40, 42, 38, 41, 10),  # neither the second nor the last hour
    (14, 41, 45, 39, 44, 11),
    (17, 50, 51, 49, 50, 12),  # closes the one before; its own first hour is missing
    (19, 50, 52, 48, 51, 13),
    (20, 60, 61, 59, 60, 14),
]
FOURS = Candles(
    start=[4 * HOUR, 8 * HOUR, 12 * HOUR],
    open=[20, 30, 40],
    high=[29, 33, 45],
    low=[15, 27, 38],
    close=[24, 30, 44],
    volume=[18, 24, 21],
)
COUNTS = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


def small(rows: Sequence[tuple[int, ...]]) -> Candles:
    starts, *prices = ([row[place] for row in rows] for place in range(6))
    return Candles([hour * HOUR for hour in starts], *([float(p) for p in of] for of in prices))


def test_they_are_made_of_what_there_is_and_known_when_they_close() -> None:
    assert Larger(Interval.H1, Interval.H4).feed(small(ROWS)) == (FOURS, COUNTS)


@pytest.mark.parametrize("cut", range(len(ROWS)))
def test_what_is_under_way_is_kept(cut: int) -> None:
    first, second = Larger(Interval.H1, Interval.H4), Larger(Interval.H1, Interval.H4)
    before, counts = first.feed(small(ROWS[:cut]))
    second.restore(json.loads(json.dumps(first.state())))
    after, later = second.feed(small(ROWS[cut:]))
    assert before.followed_by(after) == FOURS
    assert [*counts, *(len(before.start) + count for count in later)] == COUNTS


def test_what_is_stored() -> None:
    larger = Larger(Interval.H1, Interval.H4)
    assert larger.state() == [0, [], False]
    larger.feed(small(ROWS[2:5]))
    assert larger.state() == [4 * HOUR, [20, 29, 15, 23, 12], True]


def test_weeks_begin_on_monday() -> None:
    days = range(4, 26)  # from Monday, the 5th of January 1970, on
    columns = ([float(day) for day in days] for _ in range(5))
    closed, counts = Larger(Interval.D1, Interval.W1).feed(
        Candles([day * DAY for day in days], *columns)
    )
    assert closed.start == [4 * DAY, 11 * DAY, 18 * DAY]
    assert (closed.open, closed.close) == ([4, 11, 18], [10, 17, 24])
    assert counts == [0] * 6 + [1] * 7 + [2] * 7 + [3] * 2


@pytest.mark.parametrize(("own", "interval"), [("3m", "5m"), ("1h", "30m")])
def test_only_a_multiple_can_be_made(own: str, interval: str) -> None:
    with pytest.raises(BotRefused) as refused:
        Larger(Interval(own), Interval(interval))
    assert str(refused.value) == (
        f"interval is {interval}; it must be a multiple of the bot's own, {own}"
    )
