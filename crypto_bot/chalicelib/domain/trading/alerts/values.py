"""One field of a message -> one typed value, or the sentence that names what would be right.

What TradingView leaves behind where it has no value counts as absent: an empty text, null, NaN, na,
N/A, and a placeholder that was never filled in.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeVar
from unicodedata import normalize

from chalicelib.domain.money import parse_amount, plain
from chalicelib.domain.trading.alerts.body import (
    MAXIMUM_DIGITS,
    Fields,
    malformed,
    meaningless,
    quoted,
)

Meaning = TypeVar("Meaning")

MISSING: Final = frozenset({"", "nan", "na", "n/a", "null"})
SMALLEST: Final = Decimal("1e-18")
LARGEST: Final = Decimal("1e12")
SHORT_TEXT: Final = 64
LONG_TEXT: Final = 256

NUMBER_PATTERN: Final = r"[+-]?[0-9]{1,60}(\.[0-9]{0,60})?([eE][+-]?[0-9]{1,3})?"
TIME_PATTERN: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})"
)
EPOCH_PATTERN: Final = r"[0-9]{10}([0-9]{3})?"
UNRENDERED_PATTERN: Final = r"\{\{[^{}]*\}\}"

_NUMBER = re.compile(NUMBER_PATTERN)
_ENDLESS = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_TIME = re.compile(TIME_PATTERN)
_EPOCH = re.compile(EPOCH_PATTERN)
_UNRENDERED = re.compile(UNRENDERED_PATTERN)

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_TIME_EXAMPLE = "a UTC time such as 2024-08-10T02:30:02Z ({{timenow}} in TradingView)"


def is_missing(value: object) -> bool:
    """Whether the value is one of the ways in which a sender says nothing."""
    if not isinstance(value, str):
        return value is None
    text = value.strip()
    return text.lower() in MISSING or _UNRENDERED.fullmatch(text) is not None


def text_of(fields: Fields, name: str, limit: int = SHORT_TEXT) -> str:
    """The field as NFC text without outer blanks; '' if absent."""
    value = fields.get(name)
    if is_missing(value):
        return ""
    if isinstance(value, Decimal):
        value = plain(value) if abs(value.adjusted()) <= limit else str(value)
    if not isinstance(value, str):
        raise malformed(f"{name} is {_kind(value)}; it must be text", name)
    text = normalize("NFC", value.strip())
    if len(text) > limit:
        raise malformed(f"{name} has {len(text)} characters; at most {limit} are taken", name)
    if not text.isprintable():
        raise malformed(f"{name} is {quoted(text)}; it must be printable text", name)
    return text


def number_of(fields: Fields, name: str, *, zero: bool = False) -> Decimal | None:
    """The field as a number above zero (or zero, where that means something); None if absent."""
    value = signed_number_of(fields, name)
    if value is None or value > 0 or (zero and value == 0):
        return value
    right = "zero or more" if zero else "above zero"
    raise meaningless(f"{name} is {quoted(fields[name])}; it must be {right}", name)


def signed_number_of(fields: Fields, name: str) -> Decimal | None:
    """The field as an exact number of either sign within the bounds; None if absent."""
    value = fields.get(name)
    if is_missing(value):
        return None
    number = value if isinstance(value, Decimal) else _number_in(value, name)
    if number == 0:
        return Decimal(0)
    if not SMALLEST <= abs(number) <= LARGEST:
        right = f"between {SMALLEST:e} and {LARGEST:e}"
        raise meaningless(f"{name} is {quoted(value)}; it must be {right}", name)
    if len(number.as_tuple().digits) > MAXIMUM_DIGITS:
        right = f"at most {MAXIMUM_DIGITS} digits"
        raise meaningless(f"{name} is {quoted(value)}; it may have {right}", name)
    return number


def _number_in(value: object, name: str) -> Decimal:
    if not isinstance(value, str):
        raise malformed(f"{name} is {_kind(value)}; it must be a number such as 67656.77", name)
    text = value.strip()
    if _ENDLESS.fullmatch(text):
        raise meaningless(f"{name} is {quoted(text)}; it must be a finite number", name)
    if not _NUMBER.fullmatch(text):
        right = "a number such as 67656.77, without separators or units"
        raise malformed(f"{name} is {quoted(text)}; it must be {right}", name)
    return parse_amount(text)


def word_of(fields: Fields, name: str, meanings: Mapping[str, Meaning]) -> Meaning | None:
    """What the field's word stands for, upper or lower case alike; None if absent."""
    text = text_of(fields, name)
    if not text:
        return None
    if text.lower() not in meanings:
        right = ", ".join(meanings)
        raise malformed(f"{name} is {quoted(text)}; it must be one of {right}", name)
    return meanings[text.lower()]


def flag_of(fields: Fields, name: str) -> bool:
    """The field as yes or no; no if absent."""
    value = fields.get(name)
    if isinstance(value, bool):
        return value
    return word_of(fields, name, {"true": True, "false": False}) or False


def instant_of(fields: Fields, name: str) -> datetime | None:
    """The field as UTC: ISO 8601 with a zone, or epoch seconds or milliseconds. None if absent."""
    text = text_of(fields, name)
    if not text:
        return None
    instant = _instant(text)
    if instant is None:
        raise malformed(f"{name} is {quoted(text)}; it must be {_TIME_EXAMPLE}", name)
    if instant < _EARLIEST:
        right = "when the alert fired"
        raise meaningless(f"{name} is {quoted(text)}; it must be {right}, not before 2000", name)
    return instant


def _instant(text: str) -> datetime | None:
    if _EPOCH.fullmatch(text):
        seconds, thousandths = int(text[:10]), int(text[10:] or 0)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=thousandths * 1000)
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # a 13th month; the year 1 east of Greenwich
        return None


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else "no text"
