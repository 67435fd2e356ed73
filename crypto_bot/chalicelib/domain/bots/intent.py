"""What a bot asks for at a candle's close: a value, checked before it leaves the bot."""

from collections.abc import Collection
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from math import isfinite
from typing import Final, NamedTuple, NoReturn, cast

from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.money import ZERO

# Absurd is refused at the bot: 10**15 of the cheapest coin is more than there is.
_MOST: Final = Decimal("1e15")
_LEAST: Final = Decimal("1e-15")
_MOST_CANDLES: Final = 1_000_000
_NUMBERS: Final = frozenset((int, float, Decimal))


class Action(StrEnum):
    """TARGET moves to a share of the equity; CLOSE gives the position up, whatever it is."""

    BUY = "buy"
    SELL = "sell"
    TARGET = "target"
    CLOSE = "close"
    CANCEL = "cancel"


class Unit(StrEnum):
    """What an amount counts."""

    QUANTITY = "quantity"  # base currency
    VALUE = "value"  # quote currency
    FRACTION = "fraction"  # of the equity when buying, of the position when selling
    ALL = "all"  # the whole position


# In Python 3.11 `Action.BUY` takes twenty times as long as a name: they stand where orders are made
# and filled by the thousand.
BUY: Final = Action.BUY
SELL: Final = Action.SELL
TARGET: Final = Action.TARGET
CLOSE: Final = Action.CLOSE
CANCEL: Final = Action.CANCEL
ALL: Final = Unit.ALL
QUANTITY: Final = Unit.QUANTITY
VALUE: Final = Unit.VALUE
FRACTION: Final = Unit.FRACTION


class Intent(NamedTuple):
    """Prices are in quote. `at` is the start of the candle it was decided on, in ms.

    Without limit, stop and trailing it is a market order. `trailing` is a fraction of the price.
    stop_loss, take_profit and trail_stop protect what it buys. `expires` counts candles.
    """

    id: str
    at: int
    symbol: str
    action: Action
    amount: Decimal = ZERO
    unit: Unit = ALL
    limit: Decimal | None = None
    stop: Decimal | None = None
    trailing: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    trail_stop: Decimal | None = None
    expires: int | None = None
    band: Decimal = ZERO  # TARGET: a distance below this share of the equity is left alone
    cancels: str = ""  # CANCEL: the order's id; empty for all of the symbol

    @property
    def waits(self) -> bool:
        """Whether it waits for a price."""
        return (self.limit, self.stop, self.trailing) != (None, None, None)


def number(name: str, value: object) -> Decimal:
    """Exactly what Python prints for the number, if it is one that an order may have."""
    if type(value) not in _NUMBERS:
        _refuse(name, value, "a number")
    amount = _exact(value)
    if amount is None:
        known = Decimal(str(value)).is_finite()
        _refuse(name, value, f"between {_LEAST:g} and {_MOST:g}" if known else "a finite number")
    return amount


@lru_cache(maxsize=1000, typed=True)
def _exact(value: object) -> Decimal | None:
    """None for what no order may have. Kept, because bots say the same few numbers all the time."""
    amount = Decimal(str(value))
    if not amount.is_finite() or (amount and not _LEAST <= abs(amount) <= _MOST):
        return None
    return amount


def above_zero(name: str, value: object) -> Decimal:
    """A quantity or a price."""
    amount = number(name, value)
    if amount <= 0:
        _refuse(name, value, "above zero")
    return amount


def share(name: str, value: object) -> Decimal:
    """Above 0 and below 1."""
    amount = above_zero(name, value)
    if amount >= 1:
        _refuse(name, value, "a fraction below 1, such as 0.02 for 2 %")
    return amount


def candle_count(name: str, value: object) -> int:
    """A whole number above zero."""
    if type(value) is not int or not 1 <= value <= _MOST_CANDLES:
        _refuse(name, value, f"a whole number of candles from 1 to {_MOST_CANDLES}")
    return value


def one_amount(quantity: object, value: object, fraction: object) -> tuple[Decimal, Unit]:
    """The one of the three that was given; ALL where none was."""
    given = [
        (unit, amount)
        for unit, amount in (
            (QUANTITY, quantity),
            (VALUE, value),
            (FRACTION, fraction),
        )
        if amount is not None
    ]
    if len(given) > 1:
        names = " and ".join(unit.value for unit, _ in given)
        raise BotRefused(f"{names} are both given; one of them says how much")
    if not given:
        return ZERO, ALL
    unit, amount = given[0]
    asked = above_zero(unit.value, amount)
    if unit is FRACTION and asked > 1:
        _refuse("fraction", amount, "at most 1")
    return asked, unit


def numbers_of(values: Collection[object]) -> list[float | None]:
    """What can be drawn; None for all else."""
    if set(map(type, values)) == {float} and isfinite(sum(cast("Collection[float]", values))):
        return list(cast("Collection[float]", values))  # thousands of them, and nothing odd
    return [v if isinstance(v, int | float) and isfinite(v) else None for v in values]


def _refuse(name: str, value: object, wanted: str) -> NoReturn:
    raise BotRefused(f"{name} is {value!r}; it must be {wanted}")
