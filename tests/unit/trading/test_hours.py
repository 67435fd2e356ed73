"""Windows of the week in which entries are let in."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.trading.hours import is_open, trading_window


def at(text: str) -> datetime:
    """'mon 08:00' of the first week of March 2026, which begins on a Monday."""
    day, clock = text.split()
    number = 2 + ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(day)
    hour, minute = (int(part) for part in clock.split(":"))
    return datetime(2026, 3, number, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        ("08:00-16:30", ["mon 08:00", "sun 16:29"], ["mon 07:59", "mon 16:30"]),
        ("mon-fri 13:30-20:00", ["mon 13:30", "fri 19:59"], ["sat 14:00", "mon 13:29"]),
        ("fri-mon 00:00-24:00", ["fri 00:00", "sat 12:00", "mon 23:59"], ["tue 00:00"]),
        ("sat 10:00-11:00", ["sat 10:30"], ["fri 10:30", "sun 10:30"]),
        (
            "sun 22:00-02:00",
            ["sun 22:00", "sun 23:59", "mon 01:59"],
            ["sun 01:00", "mon 22:00", "mon 02:00"],
        ),
    ],
)
def test_a_window_holds_its_first_minute_and_not_its_last(
    window: str, inside: list[str], outside: list[str]
) -> None:
    assert [is_open([window], at(moment)) for moment in inside] == [True] * len(inside)
    assert [is_open([window], at(moment)) for moment in outside] == [False] * len(outside)


def test_without_windows_it_is_always_open_and_with_several_in_any_of_them() -> None:
    assert is_open([], at("sun 03:00"))
    both = ["08:00-09:00", "sat 20:00-21:00"]
    assert [is_open(both, at(m)) for m in ("tue 08:30", "sat 20:30", "fri 20:30")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8:00-9:00",
        "08:00",
        "08:00-08:00",
        "24:00-02:00",
        "08:00-24:01",
        "08:60-09:00",
        "mo 08:00-09:00",
        "foo 08:00-09:00",
        "mon-xyz 08:00-09:00",
        "MON 08:00-09:00",
    ],
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says it in its own words
        trading_window(text)
