"""Exact numbers: Decimal from edge to edge, rounded in one stated direction, never a float."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from operator import attrgetter
from typing import Final

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
# Before the point, and behind it.
MOST_DIGITS: Final = 18

# Asked of all amounts of a record at once; whatever else one is, is looked at by itself.
_USUAL: Final = frozenset({Decimal, type(None)})

# 38 significant digits is what DynamoDB keeps. ccxt changes the calling thread's decimal context,
# so decisions never rely on the ambient one.
_EXACT = Context(
    prec=38, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow]
)


def exact_arithmetic() -> AbstractContextManager[Context]:
    """A block in which every Decimal operation keeps 38 digits, whatever the thread's context."""
    return localcontext(_EXACT)


class Exact:
    """Base of records with amounts: a float among them is a programming error, not a value."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        kinds = cls.__annotations__.items()
        amounts = tuple(name for name, kind in kinds if "Decimal" in str(kind))
        cls.__post_init__ = _refusal_of_floats(amounts)  # type: ignore[assignment, method-assign]

    def __post_init__(self) -> None:
        """Every subclass has one of its own, which knows the names of its amounts."""


def _refusal_of_floats(amounts: tuple[str, ...]) -> Callable[[Exact], None]:
    # Made once per class: records are made by the thousand for every decision.
    if not amounts:
        return lambda record: None  # noqa: ARG005 - there is nothing to look at
    values_of = attrgetter(*amounts) if len(amounts) > 1 else _one_value_of(amounts[0])

    def refuse_floats(record: Exact) -> None:
        values = values_of(record)
        if _USUAL.issuperset(map(type, values)):
            return
        for value in values:
            if isinstance(value, float):
                name = next(n for n in amounts if getattr(record, n) is value)
                raise TypeError(
                    f"{type(record).__name__}.{name} is the float {value!r}; "
                    "amounts are Decimal, made from text"
                )

    return refuse_floats


def _one_value_of(name: str) -> Callable[[object], tuple[object, ...]]:
    return lambda record: (getattr(record, name),)


def parse_amount(text: str) -> Decimal:
    """Decimal of a plain decimal number; ValueError for all else, NaN and Infinity included."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a decimal number") from None
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    return value


def is_plain_amount(value: Decimal) -> bool:
    """Whether it has at most 18 digits before and 18 behind the point, as money and coins have.

    What has more can be read and compared, and then overflows or fills the memory somewhere later.
    """
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        return False  # NaN or Infinity
    return exponent >= -MOST_DIGITS and (not value or value.adjusted() < MOST_DIGITS)


def round_down(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is not above `value`."""
    return _to_multiple(value, step, ROUND_FLOOR)


def round_up(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of `step` that is not below `value`."""
    return _to_multiple(value, step, ROUND_CEILING)


def _to_multiple(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    if step <= 0:
        raise ValueError(f"step {step} must be above zero")
    steps = _EXACT.divide(value, step).to_integral_value(rounding=rounding, context=_EXACT)
    return _EXACT.multiply(steps, step)


def split_pro_rata(total: Decimal, weights: Sequence[Decimal], step: Decimal) -> list[Decimal]:
    """`total` in parts proportional to `weights`, whole steps each; the largest takes the rest.

    The parts add up to `total` exactly. Weights are not negative and not all zero.
    """
    with exact_arithmetic():
        whole = sum(weights, ZERO)
        parts = [round_down(total * weight / whole, step) for weight in weights]
        largest = max(range(len(weights)), key=lambda index: (weights[index], -index))
        parts[largest] += total - sum(parts, ZERO)
        return parts


def plain(value: Decimal) -> str:
    """The number without exponent and without trailing zeros, for people and for keys."""
    if not value:
        return "0"
    return format(value.normalize(_EXACT), "f")
