"""What may be typed of parameters, and which combinations come of it."""

from itertools import product

import pytest

from chalicelib.domain.bots import Bot, Param
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.sweep_grid import (
    Axis,
    Condition,
    axis_of,
    condition_of,
    drawn_combinations,
    every_combination,
)


class Bare(Bot):
    """Nothing can be tried of it."""


class Wide(Bot):
    number = Param(1, 1, 200_000)


class Cross(Bot):
    fast = Param(10, 2, 50)
    slow = Param(30, 10, 200)
    share = Param(0.5, 0.1, 1.0)
    band = Param(0.1, 0.0, 0.3, step=0.1)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("fast=5:50:15", (5, 20, 35, 50)),
        ("fast=5:18:5", (5, 10, 15)),
        ("fast=5:7", (5, 6, 7)),
        ("fast=5:5:1", (5,)),
        ("fast=8,5,8", (8, 5)),
        ("fast=7", (7,)),
        (" fast = 7 ", (7,)),
        ("share=0.1:0.4:0.1", (0.1, 0.2, 0.3, 0.4)),
        ("share=0.5:1:0.5", (0.5, 1)),
        ("share=0.1:1:0.30000000000000000000000000000001", (0.1, 0.4, 0.7)),  # 1 is just missed
        ("band", (0.0, 0.1, 0.2, 0.3)),
        ("band=0.1:0.3", (0.1, 0.2, 0.3)),
        ("fast", tuple(range(2, 51))),
    ],
)
def test_values(text: str, values: tuple[float, ...]) -> None:
    axis = axis_of(Cross, text)
    assert axis.name == text.partition("=")[0].strip()
    assert axis.values == pytest.approx(values)
    assert [type(value) for value in axis.values if axis.name == "fast"] == [int] * (
        len(values) if axis.name == "fast" else 0
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("quick=5", "Cross has no parameter quick; it has: fast, slow, share, band"),
        ("fast=1:50:5", "fast is 1; it must be a whole number from 2 to 50"),
        ("fast=5:51:5", "fast is 51; it must be a whole number from 2 to 50"),
        ("fast=5,60", "fast is 60; it must be a whole number from 2 to 50"),
        ("fast=5.5", "fast is 5.5; it must be a whole number from 2 to 50"),
        ("fast=5:6:0.5", "fast is 5.5; it must be a whole number from 2 to 50"),
        ("fast=50:5:5", "fast=50:5:5: 50 is above 5; write the lower one first"),
        ("fast=5:50:0", "fast=5:50:0: the step is 0; it must be above zero"),
        ("fast=5:50:-1", "fast=5:50:-1: the step is -1; it must be above zero"),
        ("fast=5:6:7:8", "fast=5:6:7:8: a range is from:to:step, such as fast=5:50:5"),
        ("fast=", "fast=: '' is not a decimal number"),
        ("fast=a:b:c", "fast=a:b:c: 'a' is not a decimal number"),
        ("fast=5:b:c", "fast=5:b:c: 'b' is not a decimal number"),
        ("fast=5:6:c", "fast=5:6:c: 'c' is not a decimal number"),
        ("share", "share has no step: write Param(..., step=0.1) to go through it"),
        (
            "share=0.1:0.4",
            "share=0.1:0.4 has no step: write it behind the range, such as share=0.1:0.4:0.1",
        ),
        (
            "share=0.1:1:0.000001",
            "share=0.1:1:0.000001 are 900,001 values; at most 100,000 are tried",
        ),
        (
            "share=0.1:1:9e-31",
            "share=0.1:1:9e-31 are 1,000,000,000,000,000,000,000,000,000,001 values; at most"
            " 100,000 are tried",
        ),
    ],
)
def test_what_is_no_axis(text: str, told: str) -> None:
    with pytest.raises(BotRefused) as caught:
        axis_of(Cross, text)
    assert str(caught.value) == told


def test_all_steps_are_those_of_the_range_that_is_written_out() -> None:
    """To the last digit: a condition such as share<=0.3 is met by 0.3, not by what is above it."""
    fine = type("Fine", (Cross,), {"share": Param(0.5, 0.1, 0.7, step=0.1)})
    every = axis_of(fine, "share")
    assert every == axis_of(fine, "share=0.1:0.7:0.1") == axis_of(fine, "share=0.1:0.7")
    assert every.values == (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    tried = every_combination(fine, [every], [condition_of(fine, "share<=0.3")])
    assert [each["share"] for each in tried] == [0.1, 0.2, 0.3]


def test_an_axis_has_at_most_a_hundred_thousand_values() -> None:
    assert axis_of(Wide, "number=1:100000").values == tuple(range(1, 100_001))
    with pytest.raises(BotRefused, match=r"^number=1:100001 are 100,001 values; at most 100,000"):
        axis_of(Wide, "number=1:100001")


def test_a_bot_without_parameters_has_no_axis() -> None:
    with pytest.raises(BotRefused, match=r"^Bare has no parameter fast; it has: none$"):
        axis_of(Bare, "fast=5")
    for found in (
        lambda: every_combination(Bare, [], []),
        lambda: drawn_combinations(Bare, [], [], 5, 0),
    ):
        with pytest.raises(
            BotRefused, match=r"^no parameter to go through is named; Bare has: none$"
        ):
            found()


@pytest.mark.parametrize(
    ("text", "left", "right", "expected"),
    [
        ("fast<slow", 10, 30, True),
        ("fast<slow", 30, 30, False),
        ("fast <= slow", 30, 30, True),
        ("fast>slow", 30, 30, False),
        ("fast>=slow", 30, 30, True),
        ("fast!=slow", 30, 30, False),
        ("fast!=slow", 30, 31, True),
        ("fast>=20", 20, 0, True),
        ("fast<20", 20, 0, False),
        ("fast<10000000", 20, 0, True),
        ("fast<0.123456789", 20, 0, False),
    ],
)
def test_conditions(text: str, left: float, right: float, *, expected: bool) -> None:
    condition = condition_of(Cross, text)
    assert condition.is_met_by({"fast": left, "slow": right}) is expected
    assert str(condition) == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "fast=slow",
            "'fast=slow' is no condition: write a parameter, one of <=, >=, !=, <, >, and a"
            " parameter or a number, such as fast<slow",
        ),
        ("quick<slow", "Cross has no parameter quick; it has: fast, slow, share, band"),
        (
            "fast<slwo",
            "fast<slwo: 'slwo' is neither a number nor a parameter of Cross; it has: fast, slow,"
            " share, band",
        ),
    ],
)
def test_what_is_no_condition(text: str, told: str) -> None:
    with pytest.raises(BotRefused) as caught:
        condition_of(Cross, text)
    assert str(caught.value) == told


def test_every_combination_has_all_parameters_and_meets_all_conditions() -> None:
    axes = [Axis("fast", (10, 20)), Axis("slow", (15, 30))]
    rest = {"share": 0.5, "band": 0.1}
    every = every_combination(Cross, axes, [])
    assert every == [
        {"fast": 10, "slow": 15, **rest},
        {"fast": 10, "slow": 30, **rest},
        {"fast": 20, "slow": 15, **rest},
        {"fast": 20, "slow": 30, **rest},
    ]
    conditions = [Condition("fast", "<", "slow"), Condition("slow", ">=", 20)]
    assert every_combination(Cross, axes, conditions) == [every[1], every[3]]


def test_so_many_combinations_are_too_many() -> None:
    axes = [Axis("fast", tuple(range(2, 51))), Axis("slow", tuple(range(10, 201)))]
    many = [*axes, Axis("share", tuple(number / 100 for number in range(10, 21)))]
    with pytest.raises(BotRefused) as caught:
        every_combination(Cross, many, [])
    assert str(caught.value) == (
        "fast x slow x share have 102,949 combinations; at most 100,000 are tried: take wider steps"
        " or fewer values, or draw some of them, such as --random 1000"
    )
    just = [Axis("fast", tuple(range(100_000)))]
    assert len(every_combination(Cross, just, [])) == 100_000


def test_an_empty_grid() -> None:
    with pytest.raises(
        BotRefused, match="no parameter to go through is named; Cross has: fast, slow, share, band"
    ):
        every_combination(Cross, [], [])
    never = [Condition("fast", ">", "slow"), Condition("fast", "<", 5)]
    axes = [Axis("fast", (10,)), Axis("slow", (15, 30))]
    for found in (
        lambda: every_combination(Cross, axes, never),
        lambda: drawn_combinations(
            Cross, [axes[0], Axis("slow", tuple(range(10, 99)))], never, 2, 0
        ),
    ):
        with pytest.raises(
            BotRefused, match="no combination of fast x slow meets fast>slow and fast<5"
        ):
            found()
    for twice in ([axes[0]] * 2, [axes[1], axes[0], axes[0]], [*axes, *axes[::-1]]):
        with pytest.raises(BotRefused, match=r"^fast is given twice$"):
            every_combination(Cross, twice, [])


def test_a_draw_is_repeated_by_its_seed_and_has_nothing_twice() -> None:
    axes = [axis_of(Cross, "fast"), axis_of(Cross, "slow")]
    conditions = [Condition("fast", "<", "slow")]
    drawn = drawn_combinations(Cross, axes, conditions, 200, 1)
    assert drawn == drawn_combinations(Cross, axes, conditions, 200, 1)
    assert drawn != drawn_combinations(Cross, axes, conditions, 200, 2)
    pairs = [(each["fast"], each["slow"]) for each in drawn]
    assert len(set(pairs)) == 200
    assert pairs == sorted(pairs)  # neighbours share their indicators
    assert all(fast < slow for fast, slow in pairs)
    assert {fast // 10 for fast, _ in pairs} == {0, 1, 2, 3, 4, 5}
    assert {slow // 50 for _, slow in pairs} >= {0, 1, 2, 3}


def test_a_draw_stays_what_it_was() -> None:
    """A sweep that is gone on with after an update draws the same once more."""
    axes = [axis_of(Cross, "fast"), axis_of(Cross, "slow")]
    drawn = drawn_combinations(Cross, axes, [], 3, 1)
    assert [(each["fast"], each["slow"]) for each in drawn] == [(4, 86), (8, 170), (31, 165)]


def test_a_draw_from_few_takes_them_all() -> None:
    axes = [Axis("fast", (3, 2)), Axis("slow", (10, 20, 30))]
    drawn = drawn_combinations(Cross, axes, [], 6, 7)
    assert [(each["fast"], each["slow"]) for each in drawn] == list(product((3, 2), (10, 20, 30)))
    assert drawn_combinations(Cross, axes, [], 100_000, 7) == drawn
    (one,) = drawn_combinations(Cross, axes, [], 1, 7)
    assert one in drawn
    assert len(drawn_combinations(Cross, axes, [], 5, 7)) == 5
    only = [Condition("slow", "<", 20)]
    assert len(drawn_combinations(Cross, axes, only, 5, 7)) == 2


@pytest.mark.parametrize("count", [0, -1, 100_001])
def test_so_many_cannot_be_drawn(count: int) -> None:
    with pytest.raises(BotRefused) as caught:
        drawn_combinations(Cross, [Axis("fast", (2, 3))], [], count, 0)
    assert str(caught.value) == f"{count:,} combinations: from 1 to 100,000 can be drawn"
