"""The dice throw what the published generator does: a run can be told again on any machine."""

import pytest

from chalicelib.domain.bots.dice import Dice, dice_for

# SplitMix64 begun at 1234567, as its authors' own program in C prints it.
PUBLISHED = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]


def test_numbers_are_the_upper_53_bits_of_the_published_ones() -> None:
    dice = Dice(1234567)
    assert [int(dice.random() * 2**53) for _ in PUBLISHED] == [n // 2**11 for n in PUBLISHED]


def test_numbers_lie_in_the_range_that_is_asked_for() -> None:
    # 0.350, 0.174, 0.532, 0.249, 0.890
    first, second, third = Dice(1234567), Dice(1234567), Dice(1234567)
    assert [round(first.uniform(10, 20), 2) for _ in PUBLISHED] == [13.5, 11.74, 15.32, 12.49, 18.9]
    assert [second.integer(-1, 8) for _ in PUBLISHED] == [2, 0, 4, 1, 7]
    assert [third.choice("abc") for _ in PUBLISHED] == ["b", "a", "b", "a", "c"]
    assert first.integer(4, 4) == 4


def test_a_range_is_given_from_low_to_high() -> None:
    with pytest.raises(ValueError, match=r"^integer\(3, 2\): the first must not be above the seco"):
        Dice(1).integer(3, 2)


@pytest.mark.parametrize(
    ("words", "position"),
    [
        # The published values of FNV-1a with 64 bits.
        ("", 0xCBF29CE484222325),
        ("a", 0xAF63DC4C8601EC8C),
        ("foobar", 0x85944171F73967E8),
    ],
)
def test_words_choose_where_dice_begin(words: str, position: int) -> None:
    assert dice_for(0, words).position == position


def test_seeds_choose_too_however_large() -> None:
    assert dice_for(5, "").position == 0xCBF29CE484222325 ^ 5
    assert dice_for(2**64 + 5, "").position == dice_for(5, "").position
    assert dice_for(-1, "").position == 0x340D631B7BDDDCDA
