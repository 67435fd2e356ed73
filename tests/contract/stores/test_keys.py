"""Keys: parts stay apart, and the order of text is the order of time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from chalicelib.adapters.stores.keys import earlier_than, key, moment, parts, time_key, until

INSTANT = datetime(2024, 8, 10, 2, 30, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a#b", "c"), ("a", "b#c")), (("a%23b",), ("a#b",)), (("a", "b"), ("a#b",))],
)
def test_different_parts_make_different_keys(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert key(*one) != key(*other)


@pytest.mark.parametrize("made_of", [("signal", "a"), ("a#b", "c%23", "%"), ("",)])
def test_a_key_tells_what_it_was_made_of(made_of: tuple[str, ...]) -> None:
    assert parts(key(*made_of)) == list(made_of)


def test_times_sort_as_text() -> None:
    steps = [timedelta(0), TICK, timedelta(milliseconds=1), timedelta(days=30), timedelta(days=999)]
    times = [time_key(INSTANT + step) for step in steps]
    assert times == sorted(times)
    assert {len(text) for text in times} == {27}
    assert times[0] == "2024-08-10T02:30:00.000000Z"


def test_a_time_is_told_in_utc_and_must_have_a_zone() -> None:
    elsewhere = INSTANT.astimezone(timezone(timedelta(hours=-7)))
    assert time_key(elsewhere) == time_key(INSTANT)
    with pytest.raises(ValueError, match="has no zone"):
        time_key(INSTANT.replace(tzinfo=None))


@pytest.mark.parametrize("identity", ["", "0", "zz", "~~", "🚀"])
def test_bounds_take_in_a_whole_instant_or_leave_it_out(identity: str) -> None:
    here = moment(INSTANT, identity)
    assert moment(INSTANT - TICK, "🚀") < here <= until(INSTANT) < moment(INSTANT + TICK, "")
    before = earlier_than(INSTANT)
    assert before is not None
    assert moment(INSTANT - TICK, identity) <= before < here
    assert earlier_than(None) is None
