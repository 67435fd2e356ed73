"""Numbered messages in any order -> each once, in the order of their numbers."""

import random

import pytest

from chalicelib.domain.market.stream_gap import MOST_AHEAD, MOST_HELD, Numbered, Unbroken


def message(number: int, at_ms: int | None = None) -> Numbered:
    return Numbered(number, 1000 * number if at_ms is None else at_ms, b"%d" % number)


def numbers(taken: list[Numbered]) -> list[int]:
    return [number for number, _, _ in taken]


@pytest.mark.parametrize("seed", range(50))
def test_whatever_the_order_and_the_copies_nothing_is_lost_or_doubled(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    told = [n for n in range(100, 300) for _ in range(dice.randint(0, 2))]
    told.sort(key=lambda n: n + dice.uniform(0, 20))
    line = Unbroken(message(99))
    taken = []
    for number in told:
        taken += line.take(message(number))
        if line.missing and dice.random() < 0.3:
            first = line.missing.start
            taken += line.take_page(message(n) for n in range(first, first + dice.randint(1, 40)))
    while line.missing:
        taken += line.take_page(map(message, line.missing))
    assert numbers(taken) == list(range(100, numbers(taken)[-1] + 1))
    assert numbers(taken)[-1] >= max(told)


def test_without_a_last_one_the_first_message_begins() -> None:
    line = Unbroken()
    assert not line.missing
    assert numbers(line.take(message(7))) == [7]
    assert not line.take(message(9))
    assert line.missing == range(8, 9)


def test_the_last_published_message_says_how_far_it_is() -> None:
    assert Unbroken(message(5)).at_ms == 5000
    assert Unbroken().at_ms == 0


def test_an_overlap_lets_the_last_ones_come_once_more() -> None:
    line = Unbroken(message(50), overlap=10)
    assert numbers(line.take(message(41))) == [41]
    line = Unbroken(message(3), overlap=10)
    assert not line.missing
    assert numbers(line.take(message(0))) == [0]


def test_no_more_is_held_than_there_is_room_for() -> None:
    line = Unbroken(message(0))
    for number in range(2, 5 * MOST_HELD):
        assert not line.take(message(number))
    assert line.missing == range(1, 2)
    assert numbers(line.take_page([message(1)])) == list(range(1, MOST_HELD + 2))
    assert line.missing == range(MOST_HELD + 2, 5 * MOST_HELD)


def test_a_page_goes_over_numbers_that_were_never_given() -> None:
    line = Unbroken(message(10))
    line.take(message(20))
    line.take(message(14))
    assert numbers(line.take_page([message(12), message(15)])) == [12, 15]
    assert line.missing == range(16, 20)
    assert numbers(line.take_page([message(20)])) == [20]
    assert not line.missing


def test_where_nobody_can_be_asked_a_gap_is_passed_and_a_copy_left_out() -> None:
    line = Unbroken(message(10))
    came = [9, 10, 11, 15, 15, 12, 16]
    assert [n for n in came if line.skip_to(message(n))] == [11, 15, 16]
    assert (line.behind(20), line.at_ms) == (4, 16_000)
    fresh = Unbroken()
    assert fresh.skip_to(message(7, at_ms=5))
    assert fresh.skip_to(message(8, at_ms=4))
    assert not fresh.skip_to(message(8))
    assert fresh.at_ms == 5


def test_what_is_given_up_is_passed() -> None:
    line = Unbroken(message(10))
    line.take(message(13))
    line.take(message(14))
    assert numbers(line.give_up()) == [13, 14]
    assert not line.missing


def test_what_is_given_up_may_reach_to_the_venues_newest() -> None:
    line = Unbroken(message(5))
    line.reaches(message(8))
    assert line.give_up() == []
    assert not line.missing
    assert line.behind(8) == 0
    assert numbers(line.take(message(9))) == [9]


def test_one_stray_message_does_not_begin_a_new_count() -> None:
    line = Unbroken(message(1000))
    late = message(1000).at_ms + 100_000
    assert not line.take(message(1, late))
    assert not line.take(message(5, late))
    assert numbers(line.take(message(1001))) == [1001]
    assert not line.take(message(6, late))
    assert numbers(line.take(message(7, late + 1))) == [6, 7]
    assert numbers(line.take(message(8, late + 2))) == [8]


def test_a_new_count_is_gone_on_with_at_once() -> None:
    line = Unbroken(message(1000))
    line.take(message(1005))
    late = message(1000).at_ms + 60_001
    assert not line.take(message(0, late))
    assert numbers(line.take(message(1, late))) == [0, 1]
    assert not line.missing


def test_copies_within_a_minute_begin_no_new_count() -> None:
    line = Unbroken(message(1000))
    soon = message(1000).at_ms + 60_000
    assert not line.take(message(1, soon))
    assert not line.take(message(2, soon))


def test_what_goes_on_in_between_shows_that_a_stray_message_was_one() -> None:
    line = Unbroken(message(1000))
    late = message(1000).at_ms + 100_000
    assert not line.take(message(1, late))
    assert not line.take(message(1002))
    assert numbers(line.take(message(1001))) == [1001, 1002]
    assert not line.take(message(2, late))
    assert numbers(line.take(message(1003))) == [1003]


def test_what_the_venue_has_got_to_is_missing() -> None:
    line = Unbroken(message(5))
    line.reaches(None)
    line.reaches(message(4))
    line.reaches(message(6 + MOST_AHEAD))
    assert not line.missing
    line.reaches(message(8))
    assert line.missing == range(6, 9)
    assert numbers(line.take_page([message(6), message(7), message(8)])) == [6, 7, 8]
    assert not line.missing
    fresh = Unbroken()
    fresh.reaches(message(8))
    assert not fresh.missing


def test_how_far_behind_a_line_is() -> None:
    assert Unbroken().behind(5) is None
    assert Unbroken(message(5)).behind(5) == 0
    assert Unbroken(message(5)).behind(3) == 0
    assert Unbroken(message(5)).behind(9) == 4


def test_a_number_beyond_all_reason_is_absurd() -> None:
    line = Unbroken(message(5))
    assert not line.is_absurd(message(5 + MOST_AHEAD))
    assert line.is_absurd(message(6 + MOST_AHEAD))
    assert not Unbroken().is_absurd(message(10**15))
