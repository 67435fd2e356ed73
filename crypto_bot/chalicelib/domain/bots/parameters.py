"""A number of a bot that its user may change, and the range in which it makes sense."""

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, Final, overload

from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.money import exact_arithmetic

_MOST_STEPS: Final = 100_000


class Param:
    """`fast = Param(10, 2, 50)` in a bot's class; in its methods `self.fast` is the number.

    Whole where default, low and high are whole. `step` is the distance that sweeps go by.
    """

    def __init__(self, default: float, low: float, high: float, step: float | None = None) -> None:
        self.name = ""
        self.default = default
        self.low = low
        self.high = high
        self.step = step
        self.is_whole = all(type(n) is int for n in (default, low, high))
        said = f"Param({default!r}, {low!r}, {high!r})"
        if not all(_is_number(n) for n in (default, low, high)):
            raise BotRefused(f"{said}: default, low and high are numbers")
        if not low <= default <= high:
            raise BotRefused(f"{said}: the default must lie between low and high")
        if step is not None and not (_is_number(step) and step > 0):
            raise BotRefused(f"{said}: step is {step!r}; it must be a number above 0")

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, bot: None, owner: type) -> "Param": ...

    @overload
    def __get__(self, bot: object, owner: type) -> Any: ...

    def __get__(self, bot: object | None, owner: type) -> Any:
        # The instance's own attribute goes first once it is set: this costs a run nothing.
        return self if bot is None else self.default

    def checked(self, value: object) -> float:
        """The value, if the parameter may have it."""
        whole = "a whole number" if self.is_whole else "a number"
        fits = type(value) is int or (not self.is_whole and _is_number(value))
        if not fits or not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise BotRefused(
                f"{self.name} is {value!r}; it must be {whole} from {self.low} to {self.high}"
            )
        return value

    def grid(self) -> list[float]:
        """All values by steps, from low to high."""
        step = self.step or (1 if self.is_whole else None)
        if step is None:
            raise BotRefused(
                f"{self.name} has no step: write Param(..., step=0.1) to go through it"
            )
        # As they are written: in floats 0.1 + 2 * 0.1 is above 0.3, the highest value perhaps.
        low, high, by = (Decimal(repr(number)) for number in (self.low, self.high, step))
        count = count_of_steps(low, high, by)
        if count > _MOST_STEPS:
            raise BotRefused(f"{self.name} has {count} steps; at most {_MOST_STEPS}")
        return [self.checked(value) for value in by_steps(low, by, count)]


def count_of_steps(low: Decimal, high: Decimal, step: Decimal) -> int:
    """How many values there are by steps from low, up to high."""
    with exact_arithmetic():
        return int((high - low) / step) + 1


def by_steps(low: Decimal, step: Decimal, count: int) -> list[float]:
    """So many values from low, as a bot is given them."""
    with exact_arithmetic():
        values = [low + number * step for number in range(count)]
    return [as_given(value) for value in values]


def as_given(number: Decimal) -> float:
    """As a bot is given it: whole where it is."""
    whole = int(number)
    return whole if whole == number else float(number)


def params_of(bot: type) -> dict[str, Param]:
    """By name, those of its base classes too."""
    found: dict[str, Param] = {}
    for kind in reversed(bot.__mro__):
        found.update({n: v for n, v in vars(kind).items() if isinstance(v, Param)})
    return found


def chosen(bot: type, given: Mapping[str, object]) -> dict[str, float]:
    """Every parameter's value: the given one, else its default."""
    params = params_of(bot)
    unknown = sorted(set(given) - set(params))
    if unknown:
        known = ", ".join(params) or "none"
        raise BotRefused(f"{bot.__name__} has no parameter {unknown[0]}; it has: {known}")
    return {
        name: param.checked(given[name]) if name in given else param.default
        for name, param in params.items()
    }


def _is_number(value: object) -> bool:
    return type(value) in {int, float} and isfinite(value)  # type: ignore[arg-type]
