"""The shortcuts by which a trial's figures are found, on curves drawn by hand."""

import pytest

from chalicelib.domain.bots.sweep_figures import by_day, course, deepest, stretches
from tests.unit.bots.paper_market import HOUR

DAY = 24 * HOUR


def test_a_stretch_ends_before_the_candle_of_a_fill() -> None:
    along = course([0, 10, 20, 30, 40], [1.0] * 5)
    changes = [(10, 5.0, 2.0), (10, 6.0, 0.0), (30, 1.0, 1.0)]
    assert list(stretches(along, 9, changes)) == [
        (0, 1, 9, 0.0),
        (1, 3, 6.0, 0.0),
        (3, 5, 1.0, 1.0),
    ]
    assert list(stretches(along, 9, [])) == [(0, 5, 9, 0.0)]
    assert list(stretches(along, 9, [(0, 3.0, 1.0), (40, 4.0, 0.0)])) == [
        (0, 4, 3.0, 1.0),
        (4, 5, 4.0, 0.0),
    ]
    assert list(stretches(course([], []), 9, [])) == []


def test_days_are_valued_at_their_last_candle() -> None:
    starts = [HOUR, 23 * HOUR, DAY, DAY + HOUR, 4 * DAY]
    along = course(starts, [1.0, 2.0, 3.0, 4.0, 5.0])
    assert along.ends == [1, 3, 4]
    held = [(0, 2, 10, 0.0), (2, 5, 4, 2.0)]
    assert by_day(along, held) == (
        [HOUR, 23 * HOUR, DAY + HOUR, 4 * DAY],
        [10, 10, 12, 14],
    )
    single = course([5, DAY], [1.0, 2.0])
    assert (single.ends, course([5], [1.0]).ends) == ([0, 1], [0])
    assert by_day(single, [(0, 2, 1, 1.0)]) == ([5, DAY], [2, 3])
    assert by_day(course([], []), []) == ([], [])


@pytest.mark.parametrize(
    ("closes", "position", "expected"),
    [
        ((100, 120, 90, 110), 1, -0.25),  # peak and trough within it
        ((80, 120, 119, 130), 1, -0.2),  # below the cash before it
        ((100, 101, 102, 103), 1, 0.0),
        ((101, 102, 103, 104), 1, 0.0),
        ((100, 120, 60, 110), -1, -5 / 14),  # short: 200 - price
        ((100, 60, 130, 110), -1, -0.5),
    ],
)
def test_the_deepest_drawdown(closes: tuple[float, ...], position: int, expected: float) -> None:
    along = course([0, 1, 2, 3], closes)
    cash = 0.0 if position > 0 else 200.0
    held = [(0, 4, cash, position)]
    assert deepest(along, 100, held) == pytest.approx(expected)


def test_a_drawdown_lasts_over_stretches() -> None:
    along = course(list(range(6)), [10.0, 20.0, 15.0, 15.0, 12.0, 30.0])
    held = [(0, 3, 0, 1.0), (3, 4, 15, 0.0), (4, 6, 0, 1.0)]
    assert deepest(along, 10, held) == pytest.approx(12 / 20 - 1)
    # A less deep one later, with peak and trough within it, changes nothing; a deeper one does.
    later = course(list(range(9)), [10.0, 20.0, 10.0, 30.0, 40.0, 24.0, 30.0, 50.0, 20.0])
    assert deepest(later, 10, [(0, 3, 0, 1.0), (3, 6, 0, 1.0)]) == -0.5
    assert deepest(later, 10, [(0, 6, 0, 1.0), (6, 9, 0, 1.0)]) == pytest.approx(-0.6)
    flat = [(0, 1, 8, 0.0), (1, 2, 9, 0.0)]
    assert deepest(later, 10, flat) == pytest.approx(-0.2)
    assert deepest(later, 10, []) is None
