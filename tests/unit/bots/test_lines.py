"""When a line has crossed another one, or a number."""

import pytest

from chalicelib.domain.bots.lines import Crossing, Line


def line(previous: float | None, value: float | None) -> Line:
    made = Line("BTC/USDT rsi(14)")
    made.previous, made.value = previous, value
    return made


CASES = [
    (29.0, 31.0, "above"),
    (30.0, 31.0, "above"),  # it touched, and goes on
    (30.0, 29.0, "below"),
    (31.0, 29.0, "below"),
    (31.0, 30.0, ""),  # it touches
    (29.0, 30.0, ""),
    (31.0, 32.0, ""),
    (30.0, 30.0, ""),
    (None, 31.0, ""),
    (None, 29.0, ""),
    (29.0, None, ""),
]


@pytest.mark.parametrize("other", [30, 30.0, line(30.0, 30.0)], ids=["int", "float", "line"])
@pytest.mark.parametrize(("previous", "value", "told"), CASES)
def test_a_line_crosses(
    previous: float | None, value: float | None, told: str, other: Line | float
) -> None:
    one = line(previous, value)
    assert one.crossed_above(other) is (told == "above")
    assert one.crossed_below(other) is (told == "below")
    assert one.crosses(other) == Crossing(one, other)
    assert one.crosses(other).has_happened() is (told != "")


def test_at_first_nothing_is_known() -> None:
    made = Line("BTC/USDT rsi(14)")
    assert (made.name, made.value, made.previous) == ("BTC/USDT rsi(14)", None, None)


def test_what_the_other_one_does_counts_too() -> None:
    still = line(30.0, 30.0)
    assert still.crossed_above(line(31.0, 29.0))
    assert still.crossed_below(line(29.0, 31.0))
    assert not still.crosses(line(None, 29.0)).has_happened()
