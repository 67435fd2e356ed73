"""Expressions of EventBridge that say when a function runs: checked here, as AWS would.

AWS refuses a wrong one in the middle of a deploy, with a word for all that can be wrong.
"""

import re
from datetime import timedelta
from typing import Final

from chalicelib.domain.errors import SettingsError

_RATE: Final = re.compile(r"rate\((?P<value>[1-9]\d{0,4}) (?P<unit>minute|hour|day)(?P<many>s?)\)")
_CRON: Final = re.compile(r"cron\((\S+ \S+ \S+ \S+ \S+ \S+)\)")
_STEP: Final = re.compile(r"(\*|\w+|\w+-\w+)(?:/([1-9]\d{0,2}))?")
_MONTHS: Final = (
    *("JAN", "FEB", "MAR", "APR", "MAY", "JUN"),
    *("JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
)
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: Final = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 1, 7, _DAYS),
    ("year", 1970, 2199, ()),
)
_MONTH_DAY, _WEEK_DAY = 2, 4
# The last day, the working day nearest to one; the last of its kind, the third of its kind.
_SPECIAL: Final = {
    _MONTH_DAY: re.compile(r"L|LW|([1-9]|[12]\d|3[01])W"),
    _WEEK_DAY: re.compile(r"([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)?L|[1-7]#[1-5]", re.IGNORECASE),
}
_ANY: Final = "?"


def checked_schedule(name: str, text: str) -> str:
    """The expression itself; SettingsError under this name says what AWS would not take."""
    if not text.startswith("cron("):
        rate = _RATE.fullmatch(text)
        if rate is None:
            raise SettingsError(
                f"{name} is {text!r}; it must be a rate such as rate(1 minute) "
                "or a cron of six fields such as cron(1 0,8,16 * * ? *)"
            )
        if (rate["value"] == "1") == bool(rate["many"]):
            right = f"rate({rate['value']} {rate['unit']}{'' if rate['value'] == '1' else 's'})"
            raise SettingsError(f"{name} is {text!r}; it must be {right}")
        return text
    wrong = _trouble_of(text)
    if wrong:
        raise SettingsError(f"{name} is {text!r}; {wrong}")
    return text


def interval_of(schedule: str) -> timedelta | None:
    """Time between two runs of a rate; None for a cron, whose gaps are not even."""
    rate = _RATE.fullmatch(schedule)
    return timedelta(**{rate["unit"] + "s": int(rate["value"])}) if rate else None


def _trouble_of(cron: str) -> str:
    inside = _CRON.fullmatch(cron)
    if inside is None:
        return "a cron has six fields, such as cron(1 0,8,16 * * ? *)"
    fields = inside[1].split(" ")
    if (fields[_MONTH_DAY] == _ANY) == (fields[_WEEK_DAY] == _ANY):
        return "one of day of the month and day of the week, its third and fifth field, must be ?"
    for number, text in enumerate(fields):
        if not all(_is_right(number, part) for part in text.split(",")):
            name, least, most, words = _FIELDS[number]
            also = f", or {words[0]} to {words[-1]}" if words else ""
            return f"its field for {name} is {text!r}; it must be from {least} to {most}{also}"
    return ""


def _is_right(number: int, part: str) -> bool:
    special = _SPECIAL.get(number)
    if special is not None and (part == _ANY or special.fullmatch(part)):
        return True
    found = _STEP.fullmatch(part)
    if found is None:
        return False
    ends = [] if found[1] == "*" else found[1].split("-")
    return all(_is_within(number, end) for end in ends)


def _is_within(number: int, word: str) -> bool:
    _, least, most, words = _FIELDS[number]
    if word.upper() in words:
        return True
    return word.isascii() and word.isdecimal() and least <= int(word) <= most
