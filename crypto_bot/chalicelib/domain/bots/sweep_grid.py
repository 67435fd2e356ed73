"""What was said of parameters -> the combinations of their values that a sweep tries."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import product
from math import prod
from typing import Final, NamedTuple

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.dice import dice_for
from chalicelib.domain.bots.parameters import (
    Param,
    as_given,
    by_steps,
    chosen,
    count_of_steps,
    params_of,
)
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.money import parse_amount

MOST_COMBINATIONS: Final = 100_000
_TRIES_EACH: Final = 100
_FIRST_TRIES: Final = 10_000
_SIGNS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_CONDITION: Final = re.compile(r"\s*(\w+)\s*(<=|>=|!=|<|>)\s*(\S+)\s*")

Combination = Mapping[str, float]


class Axis(NamedTuple):
    """A parameter and the values that are tried of it, without repetition."""

    name: str
    values: tuple[float, ...]


class Condition(NamedTuple):
    """What a combination has to meet to be tried: `right` is another parameter or a number."""

    left: str
    sign: str
    right: str | float

    def is_met_by(self, combination: Combination) -> bool:
        """Of all parameters of the bot."""
        right = combination[self.right] if isinstance(self.right, str) else self.right
        return _SIGNS[self.sign](combination[self.left], right)

    def __str__(self) -> str:
        return f"{self.left}{self.sign}{self.right}"


def axis_of(bot: type[Bot], text: str) -> Axis:
    """`fast=5:50:5` from, to, step; `fast=5,8,13` values; `fast=5` one; `fast` all its steps."""
    name, equals, said = text.partition("=")
    param = _param(bot, name.strip())
    if not equals:
        return Axis(param.name, tuple(param.grid()))
    numbers = _range(param, text, said) if ":" in said else _listed(text, said)
    return Axis(param.name, tuple(dict.fromkeys(param.checked(number) for number in numbers)))


def condition_of(bot: type[Bot], text: str) -> Condition:
    """`fast<slow`, `slow>=50`."""
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise BotRefused(
            f"{text!r} is no condition: write a parameter, one of {', '.join(_SIGNS)}, and a"
            " parameter or a number, such as fast<slow"
        )
    left, sign, right = found.groups()
    _param(bot, left)
    if right in params_of(bot):
        return Condition(left, sign, right)
    try:
        return Condition(left, sign, _number(right))
    except ValueError:
        known = ", ".join(params_of(bot))
        raise BotRefused(
            f"{text}: {right!r} is neither a number nor a parameter of {bot.__name__}; it has:"
            f" {known}"
        ) from None


def every_combination(
    bot: type[Bot], axes: Sequence[Axis], conditions: Sequence[Condition]
) -> list[Combination]:
    """Each with a value for every parameter of the bot; the last axis changes fastest."""
    count = _count(bot, axes)
    if count > MOST_COMBINATIONS:
        raise BotRefused(
            f"{_names(axes)} have {count:,} combinations; at most {MOST_COMBINATIONS:,} are tried:"
            " take wider steps or fewer values, or draw some of them, such as --random 1000"
        )
    defaults = chosen(bot, {})
    all_of_them = (
        {**defaults, **dict(zip([axis.name for axis in axes], values, strict=True))}
        for values in product(*(axis.values for axis in axes))
    )
    return _some([each for each in all_of_them if _fits(each, conditions)], axes, conditions)


def drawn_combinations(
    bot: type[Bot],
    axes: Sequence[Axis],
    conditions: Sequence[Condition],
    count: int,
    seed: int,
) -> list[Combination]:
    """`count` different ones, the same for the same seed; fewer where there are not so many."""
    if not 1 <= count <= MOST_COMBINATIONS:
        raise BotRefused(f"{count:,} combinations: from 1 to {MOST_COMBINATIONS:,} can be drawn")
    if _count(bot, axes) <= min(count, MOST_COMBINATIONS):
        return every_combination(bot, axes, conditions)
    defaults, dice = chosen(bot, {}), dice_for(seed, "sweep")
    found: dict[tuple[float, ...], Combination] = {}
    for _ in range(_FIRST_TRIES + _TRIES_EACH * count):
        values = tuple(dice.choice(axis.values) for axis in axes)
        combination = {
            **defaults,
            **dict(zip([axis.name for axis in axes], values, strict=True)),
        }
        if _fits(combination, conditions):
            found[values] = combination
            if len(found) == count:
                break
    return _some([found[values] for values in sorted(found)], axes, conditions)


def _param(bot: type[Bot], name: str) -> Param:
    params = params_of(bot)
    if name not in params:
        known = ", ".join(params) or "none"
        raise BotRefused(f"{bot.__name__} has no parameter {name}; it has: {known}")
    return params[name]


def _range(param: Param, text: str, said: str) -> list[float]:
    parts = said.split(":")
    if len(parts) not in {2, 3}:
        raise BotRefused(f"{text}: a range is from:to:step, such as {param.name}=5:50:5")
    low, high = _decimal(text, parts[0]), _decimal(text, parts[1])
    step = _decimal(text, parts[2]) if len(parts) > 2 else _own_step(param, text)  # noqa: PLR2004
    if step <= 0:
        raise BotRefused(f"{text}: the step is {step}; it must be above zero")
    if low > high:
        raise BotRefused(f"{text}: {low} is above {high}; write the lower one first")
    param.checked(as_given(low))
    param.checked(as_given(high))
    count = count_of_steps(low, high, step)
    if count > MOST_COMBINATIONS:
        raise BotRefused(f"{text} are {count:,} values; at most {MOST_COMBINATIONS:,} are tried")
    return by_steps(low, step, count)


def _own_step(param: Param, text: str) -> Decimal:
    step = param.step or (1 if param.is_whole else None)
    if step is None:
        raise BotRefused(f"{text} has no step: write it behind the range, such as {text}:0.1")
    return Decimal(repr(step))


def _listed(text: str, said: str) -> list[float]:
    return [as_given(_decimal(text, part)) for part in said.split(",")]


def _decimal(text: str, part: str) -> Decimal:
    try:
        return parse_amount(part)
    except ValueError as error:
        raise BotRefused(f"{text}: {error}") from None


def _number(text: str) -> float:
    return as_given(parse_amount(text))


def _fits(combination: Combination, conditions: Sequence[Condition]) -> bool:
    return all(condition.is_met_by(combination) for condition in conditions)


def _some(
    found: list[Combination], axes: Sequence[Axis], conditions: Sequence[Condition]
) -> list[Combination]:
    if not found:
        said = " and ".join(map(str, conditions))
        raise BotRefused(f"no combination of {_names(axes)} meets {said}")
    return found


def _count(bot: type[Bot], axes: Sequence[Axis]) -> int:
    names = [axis.name for axis in axes]
    if not names:
        known = ", ".join(params_of(bot)) or "none"
        raise BotRefused(f"no parameter to go through is named; {bot.__name__} has: {known}")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise BotRefused(f"{twice[0]} is given twice")
    return prod(len(axis.values) for axis in axes)


def _names(axes: Sequence[Axis]) -> str:
    return " x ".join(axis.name for axis in axes)
