"""A table of options read field by field: each of a known kind, and none left unread."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.money import MOST_DIGITS, ONE, ZERO, is_plain_amount, parse_amount

# What is larger is a slip, and would fail later: as a span of time, or as memory.
_LONGEST_SPAN: Final = 31 * 86_400
_LARGEST_WHOLE: Final = 1_000_000


class Reader:
    """Reads one table; `name` is the path to it that error sentences begin with."""

    def __init__(self, name: str, values: object) -> None:
        if not isinstance(values, Mapping):
            raise SettingsError(f"{name} is {values!r}; it must be a table of names and values")
        self.name = name
        self._values = values
        self._read: set[str] = set()

    def names(self) -> list[str]:
        """What the table holds, in its order."""
        return [str(name) for name in self._values]

    def symbols(self) -> list[str]:
        """Its names, which must be symbols such as BTC/USDT."""
        for name in self.names():
            base, _, quote = name.partition("/")
            if not base or not quote:
                raise SettingsError(f"{self.name}.{name} must be named like BTC/USDT")
        return self.names()

    def table(self, name: str) -> "Reader":
        """A table inside this one, empty where there is none."""
        return Reader(f"{self.name}.{name}", self._take(name, {}))

    def refuse_unknown(self, advice: str = "") -> None:
        """To be called last: a name that nobody read is a slip of the pen, not a wish."""
        unknown = [name for name in self.names() if name not in self._read]
        if unknown:
            known = advice or f"known are {', '.join(sorted(self._read))}"
            raise SettingsError(f"{self.name} has no option {unknown[0]!r}; {known}")

    def amount(self, name: str, default: Decimal = ZERO) -> Decimal:
        """Zero or more."""
        value = self._number(name, default)
        if value < 0:
            raise self._odd(name, "zero or more")
        return value

    def positive(self, name: str, default: Decimal = ONE) -> Decimal:
        """Above zero."""
        value = self._number(name, default)
        if value <= 0:
            raise self._odd(name, "above zero")
        return value

    def fraction(self, name: str, default: Decimal = ZERO) -> Decimal:
        """From 0 to 1."""
        value = self._number(name, default)
        if not 0 <= value <= 1:
            raise self._odd(name, 'a fraction from "0" to "1"')
        return value

    def optional_amount(self, name: str) -> Decimal | None:
        """Zero or more, None where it is not given."""
        return self.amount(name) if name in self._marked(name) else None

    def optional_positive(self, name: str) -> Decimal | None:
        """Above zero, None where it is not given."""
        return self.positive(name) if name in self._marked(name) else None

    def optional_fraction(self, name: str) -> Decimal | None:
        """From 0 to 1, None where it is not given."""
        return self.fraction(name) if name in self._marked(name) else None

    def optional_digits(self, name: str) -> int | None:
        """A number of digits behind the point, None where it is not given."""
        if name not in self._marked(name):
            return None
        digits = self.whole(name, 0)
        if digits > MOST_DIGITS:
            raise self._odd(name, f"at most {MOST_DIGITS} digits")
        return digits

    def whole(self, name: str, default: int, minimum: int = 0) -> int:
        """A whole number, `minimum` or more, and not beyond all reason."""
        value = self._take(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
            raise self._odd(name, f"a whole number, {minimum} or more")
        if value > _LARGEST_WHOLE:
            raise self._odd(name, f"at most {_LARGEST_WHOLE}")
        return value

    def seconds(self, name: str, default: Decimal) -> timedelta:
        """A span given in seconds, down to the millisecond."""
        span = self.amount(name, default)
        if span > _LONGEST_SPAN:
            raise self._odd(name, f"at most {_LONGEST_SPAN} seconds")
        return timedelta(milliseconds=int(span * 1000))

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false, and nothing that resembles them."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise self._odd(name, "true or false")
        return value

    def text(self, name: str, default: str) -> str:
        """A word or path."""
        value = self._take(name, default)
        if not isinstance(value, str):
            raise self._odd(name, "text")
        return value

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """One of a few words."""
        value = self._take(name, default)
        if value not in choices:
            raise self._odd(name, f"one of {', '.join(choices)}")
        return str(value)

    def words(self, name: str, choices: Sequence[str]) -> list[str]:
        """A list of such words."""
        values = self._take(name, [])
        if not isinstance(values, list | tuple) or any(value not in choices for value in values):
            raise self._odd(name, f"a list of words out of {', '.join(choices)}")
        return [str(value) for value in values]

    def _marked(self, name: str) -> Mapping[str, object]:
        self._read.add(name)
        return self._values

    def _take(self, name: str, default: object) -> object:
        return self._marked(name).get(name, default)

    def _number(self, name: str, default: Decimal) -> Decimal:
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self._odd(name, 'a decimal number written as text, such as "0.001"')
        try:
            number = parse_amount(str(value))
        except ValueError:
            raise self._odd(name, 'a decimal number, such as "0.001"') from None
        if not is_plain_amount(number):
            raise self._odd(name, "a number with at most 18 digits before and 18 behind the point")
        return number

    def _odd(self, name: str, right: str) -> SettingsError:
        return SettingsError(f"{self.name}.{name} is {self._values[name]!r}; it must be {right}")
