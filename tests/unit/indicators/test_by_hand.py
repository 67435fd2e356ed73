"""Few candles, drawn so that each rule of a formula decides once; worked out on paper."""

from typing import Any

import pytest

from chalicelib.domain.bots.indicators import ADX, ATR, PSAR, Supertrend

# High and low of each candle, and the stop that goes with it; of the way a tenth, then two tenths.
RISING: list[tuple[float, float, float | None]] = [
    (10, 8, None),
    (12, 9, 8),  # it begins at the low of the first
    (14, 11, 8),  # 8 + 0.1 * (12 - 8) = 8.4 would lie in the range of the first
    (16, 13, 9),  # 8 + 0.2 * (14 - 8) = 9.2, in that of the second
    (15, 12, 10.4),  # 9 + 0.2 * (16 - 9)
    (20, 10, 20),  # 11.52 is reached: it turns, at the highest, which is this candle's own
    (19, 9, 9),  # 20 - 0.1 * (20 - 10) = 19 is just reached: it turns, at this candle's own low
    (18, 10, 20),  # 10 is just reached; the highest is that of the candle before the last
    (19, 12, 9),  # 19 is just reached; the lowest is that of the candle before the last
    (19, 12, 10),  # 9 + 0.1 * (19 - 9): a high that is as high as the extreme is no new one
    (18, 13, 10.9),
    (18, 12, 11.71),
]
FALLING = [(30 - low, 30 - high, stop and 30 - stop) for high, low, stop in RISING]


@pytest.mark.parametrize("rows", [RISING, FALLING], ids=["rising", "falling"])
def test_the_parabolic_stop(rows: list[tuple[float, float, float | None]]) -> None:
    psar = PSAR(0.1, 0.1, 0.2)
    for number, (high, low, stop) in enumerate(rows):
        found = psar.update(high, low)
        assert found == (stop and pytest.approx(stop, rel=1e-12)), number


@pytest.mark.parametrize(("second", "stop"), [(10.0, 8), (9.5, 10)])
def test_the_stop_begins_below_a_high_that_is_no_lower(second: float, stop: float) -> None:
    psar = PSAR()
    assert [psar.update(10, 8), psar.update(second, 7)] == [None, stop]


def test_within_the_candle_before_there_is_no_new_extreme() -> None:
    psar = PSAR(0.1, 0.1, 0.2)
    rows = ((10, 8), (9, 6), (8.5, 7), (8.4, 7.1))
    # 10 - 0.1 * (10 - 6) = 9.6, which the third may not have yet: the first one's high is 10
    assert [psar.update(*row) for row in rows] == [None, 10, 10, 9.6]


# High, low and close. Of length 1, the average is the true range of the candle.
TOUCHING: list[tuple[float, float, float]] = [(10, 8, 9), (12, 10, 12), (12, 8, 8), (10, 8, 9)]


def test_a_close_at_the_line_turns_nothing_and_keeps_it_where_it_is() -> None:
    up = [
        (11, 1),  # 9 + 2
        (8, -1),  # 11 - 3; the close is above 11, the line until now
        (8, -1),  # the close is at it
        (8, -1),  # 9 - 2 = 7 would be lower
    ]
    assert _lines(TOUCHING) == up
    down = [(13, 1), (12, 1), (12, 1), (12, 1)]
    assert _lines([(20 - low, 20 - high, 20 - close) for high, low, close in TOUCHING]) == down


def _lines(rows: list[tuple[float, float, float]]) -> list[Any]:
    supertrend = Supertrend(1.0, 1)
    return [supertrend.update(*row) for row in rows]


def test_after_a_gap_the_range_reaches_to_the_close_before() -> None:
    atr = ATR(1)
    rows = ((10, 9, 9.5), (8, 7, 7.5), (10, 9, 9.5), (11, 9, 10))
    assert [atr.update(*row) for row in rows] == [1.0, 2.5, 2.5, 2.0]


def test_movements() -> None:
    adx = ADX(1, 1)
    rows = [
        (10, 8, 9),
        (12, 9, 11),  # 2 up, in a range of 3
        (13, 8, 12),  # as far up as down
        (12, 6, 7),  # 2 down, in a range of 6
        (12, 6, 12),
        (12, 12, 12),  # no range at all
        (12, 12, 12),
    ]
    found = [adx.update(*row) for row in rows]
    assert found[0] is None
    assert found[1:] == [
        pytest.approx((200 / 3, 0, 100)),
        (0, 0, 0),
        pytest.approx((0, 100 / 3, 100)),
        (0, 0, 0),
        (0, 0, 0),
        (0, 0, 0),
    ]


@pytest.mark.parametrize(
    ("before", "now", "plus", "minus"),
    [
        ((1, 1, 1), (3, 1, 2), 100, 0),
        ((1, 1, 1), (2, 1.5, 2), 0, 0),  # one up
        ((3, 2, 2), (2.5, 1, 1), 0, 0),  # one down
        ((2, 2, 2), (4, 1, 2), 0, 0),  # up by one more than down
    ],
)
def test_what_differs_by_a_tenth_of_a_billionth_counts_as_equal(
    before: tuple[float, ...], now: tuple[float, ...], plus: float, minus: float
) -> None:
    adx = ADX(1, 1)
    for row in (before, now):
        adx.update(*(price * 1e-10 for price in row))
    assert adx.value == (plus, minus, pytest.approx(100 if plus else 0))
