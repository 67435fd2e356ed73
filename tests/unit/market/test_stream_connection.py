"""How long to wait before connecting again, and when to do so without need."""

import pytest

from chalicelib.domain.market.stream_connection import Timing


def test_each_pause_is_twice_the_one_before_up_to_the_longest() -> None:
    timing = Timing(first_pause=0.5, longest_pause=5.0)
    assert [timing.pause_before(n) for n in range(7)] == [0.0, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_after_years_of_attempts_it_is_still_the_longest() -> None:
    assert Timing().pause_before(100_000) == 60.0


@pytest.mark.parametrize(
    ("age", "announced", "replaced"),
    [(0.0, False, False), (0.0, True, True), (82_799.9, False, False), (82_800.0, False, True)],
)
def test_a_connection_is_replaced_before_it_ends(
    age: float, *, announced: bool, replaced: bool
) -> None:
    assert Timing().is_to_be_replaced(age, end_is_announced=announced) is replaced
