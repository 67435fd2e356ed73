"""A bot's parameters: what they may be, and which values a sweep goes through."""

from collections.abc import Callable
from decimal import localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.bots.parameters import Param, chosen, params_of
from chalicelib.domain.bots.refusals import BotRefused


class Plain:
    """A bot but for its methods."""


def bot(**parameters: Param) -> type:
    return type("Mine", (Plain,), dict(parameters))


def averages() -> type:
    return bot(fast=Param(10, 2, 50), factor=Param(1.5, 0.5, 3.0, step=0.5))


def test_a_class_has_parameters_and_its_bots_their_numbers() -> None:
    mine = averages()
    assert isinstance(mine.fast, Param)  # type: ignore[attr-defined]
    made = mine()
    assert (made.fast, made.factor) == (10, 1.5)
    made.fast = 20
    assert made.fast == 20


def test_a_class_has_those_of_its_base_classes_and_may_change_them() -> None:
    base = averages()
    other = Param(5, 2, 9)
    heir = type("Heir", (base,), {"fast": other, "more": Param(1, 1, 2)})
    assert list(params_of(heir)) == ["fast", "factor", "more"]
    assert params_of(heir)["fast"] is other
    assert chosen(heir, {}) == {"fast": 5, "factor": 1.5, "more": 1}


def test_what_is_given_goes_before_the_default() -> None:
    found = chosen(averages(), {"factor": 2, "fast": 50})
    assert found == {"fast": 50, "factor": 2}
    assert chosen(averages(), {"fast": 2, "factor": 0.5}) == {"fast": 2, "factor": 0.5}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"fast": 1}, "fast is 1; it must be a whole number from 2 to 50"),
        ({"fast": 51}, "fast is 51; it must be a whole number from 2 to 50"),
        ({"fast": 10.0}, "fast is 10.0; it must be a whole number from 2 to 50"),
        ({"fast": True}, "fast is True; it must be a whole number from 2 to 50"),
        ({"factor": "2"}, "factor is '2'; it must be a number from 0.5 to 3.0"),
        ({"factor": 3.5}, "factor is 3.5; it must be a number from 0.5 to 3.0"),
        ({"factor": float("nan")}, "factor is nan; it must be a number from 0.5 to 3.0"),
        ({"size": 1, "age": 2}, "Mine has no parameter age; it has: fast, factor"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BotRefused) as refused:
        chosen(averages(), given)
    assert str(refused.value) == sentence


def test_a_bot_may_have_none() -> None:
    with pytest.raises(BotRefused) as refused:
        chosen(bot(), {"size": 1})
    assert str(refused.value) == "Mine has no parameter size; it has: none"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: Param(1, 2, 3),
            "Param(1, 2, 3): the default must lie between low and high",
        ),
        (
            lambda: Param(3.5, 2, 3),
            "Param(3.5, 2, 3): the default must lie between low and high",
        ),
        (
            lambda: Param(1, 0, float("inf")),
            "Param(1, 0, inf): default, low and high are numbers",
        ),
        (
            lambda: Param(True, 0, 2),
            "Param(True, 0, 2): default, low and high are numbers",
        ),
        (
            lambda: Param(2, 2, 3, 0),
            "Param(2, 2, 3): step is 0; it must be a number above 0",
        ),
        (
            lambda: Param(2, 2, 3, step=float("nan")),
            "Param(2, 2, 3): step is nan; it must be a number above 0",
        ),
    ],
)
def test_a_range_that_is_none_is_refused(make: Callable[[], Param], sentence: str) -> None:
    with pytest.raises(BotRefused) as refused:
        make()
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("make", "values"),
    [
        (lambda: Param(2, 2, 4), [2, 3, 4]),
        (lambda: Param(4, 2, 4), [2, 3, 4]),
        (lambda: Param(2, 2, 7, step=2), [2, 4, 6]),
        (lambda: Param(0.5, 0.5, 1.5, step=0.5), [0.5, 1.0, 1.5]),
        (lambda: Param(0.1, 0.1, 0.3, step=0.1), [0.1, 0.2, 0.3]),
        (lambda: Param(0.1, 0.1, 0.7, step=0.1), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        (lambda: Param(0.1, 0.1, 0.39, step=0.1), [0.1, 0.2, 0.3]),
        (lambda: Param(0, -0.3, 0.3, step=0.3), [-0.3, 0, 0.3]),
        (lambda: Param(1e-7, 1e-7, 3e-7, step=1e-7), [1e-7, 2e-7, 3e-7]),
        (lambda: Param(1, 1, 1), [1]),
    ],
)
def test_a_sweep_goes_from_low_to_high_by_steps(
    make: Callable[[], Param], values: list[float]
) -> None:
    assert make().grid() == values


@given(st.integers(-500, 500), st.integers(1, 60), st.integers(0, 60), st.integers(0, 4))
def test_a_bot_may_be_given_whatever_a_sweep_tries(
    first: int, step: int, count: int, digits: int
) -> None:
    """Both ends among it, in the digits that people write."""
    low, high = first / 10**digits, (first + count * step) / 10**digits
    size = Param(low, low, high, step=step / 10**digits)
    found = size.grid()
    assert found == [(first + number * step) / 10**digits for number in range(count + 1)]
    assert [chosen(bot(size=size), {"size": value})["size"] for value in found] == found


def test_steps_do_not_depend_on_the_context_of_the_thread() -> None:
    with localcontext() as rough:  # as ccxt leaves it
        rough.prec = 3
        assert Param(0.0001, 0.0001, 1.0, step=0.5).grid() == [0.0001, 0.5001]


def test_a_whole_parameter_has_no_steps_between_its_numbers() -> None:
    with pytest.raises(BotRefused) as refused:
        params_of(bot(size=Param(2, 2, 4, step=0.5)))["size"].grid()
    assert str(refused.value) == "size is 2.5; it must be a whole number from 2 to 4"


def test_a_range_may_have_a_hundred_thousand_steps() -> None:
    assert len(Param(0, 0, 99_999).grid()) == 100_000
    with pytest.raises(BotRefused) as refused:
        params_of(bot(size=Param(0, 0, 100_000)))["size"].grid()
    assert str(refused.value) == "size has 100001 steps; at most 100000"
    with pytest.raises(BotRefused, match=r"^size has 10{79}1 steps; at most 100000$"):
        params_of(bot(size=Param(0.0, 0.0, 1.0, step=1e-80)))["size"].grid()


def test_without_steps_nothing_can_go_through_it() -> None:
    with pytest.raises(BotRefused) as refused:
        params_of(bot(size=Param(0.5, 0, 1)))["size"].grid()
    assert str(refused.value) == "size has no step: write Param(..., step=0.1) to go through it"
