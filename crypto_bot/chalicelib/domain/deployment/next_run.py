"""When an expression of EventBridge runs next, for what keeps to it without EventBridge."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from chalicelib.domain.deployment.schedule import interval_of

_MONTHS: Final = (
    *("JAN", "FEB", "MAR", "APR", "MAY", "JUN"),
    *("JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
)
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_BOUNDS: Final = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day": (1, 31),
    "month": (1, 12),
    "weekday": (1, 7),
    "year": (1970, 2199),
}
_DAY: Final = timedelta(days=1)
# A 29th of February that is a Monday comes every 28 years, or every 40 at a century.
_LONGEST: Final = 41 * 366
_SATURDAY: Final = 6  # of isoweekday


def next_run(schedule: str, after: datetime) -> datetime | None:
    """The first time later than `after`; None where there is none. The expression was checked."""
    interval = interval_of(schedule)
    if interval is not None:
        return after + interval
    minutes, hours, days, months, weekdays, years = schedule[len("cron(") : -1].split(" ")
    times = [
        time(hour, minute)
        for hour in sorted(_values("hour", hours))
        for minute in sorted(_values("minute", minutes))
    ]
    in_months, in_years = _values("month", months, _MONTHS), _values("year", years)
    at = after.astimezone(UTC)
    day = at.date()
    for _ in range(_LONGEST):
        if (
            day.year in in_years
            and day.month in in_months
            and any(_is_day(part, day) for part in days.split(","))
            and any(_is_weekday(part, day) for part in weekdays.split(","))
        ):
            for each in times:
                found = datetime.combine(day, each, UTC)
                if found > at:
                    return found
        day += _DAY
    return None


def _values(name: str, text: str, words: Sequence[str] = ()) -> set[int]:
    """Of a field without specials: numbers, words, ranges, steps, lists of them."""
    least, most = _BOUNDS[name]
    found: set[int] = set()
    for part in text.split(","):
        ends, _, step = part.partition("/")
        first, _, last = ends.partition("-")
        low = least if first == "*" else _number(first, words, least)
        high = _number(last, words, least) if last else most if step or first == "*" else low
        span = high - low if high >= low else high - low + most - least + 1
        found |= {
            (low + over - least) % (most - least + 1) + least
            for over in range(0, span + 1, int(step or 1))
        }
    return found


def _number(word: str, words: Sequence[str], least: int) -> int:
    return words.index(word.upper()) + least if word.upper() in words else int(word)


def _is_day(part: str, day: date) -> bool:
    last = monthrange(day.year, day.month)[1]
    if part == "?":
        return True
    if part == "L":
        return day.day == last
    if part == "LW":
        return day.day == _workday(day, last)
    if part.endswith("W"):
        return day.day == _workday(day, min(int(part[:-1]), last))
    return day.day in _values("day", part)


def _workday(month: date, number: int) -> int:
    """The working day nearest to this day of the month, in the same month."""
    weekday = month.replace(day=number).isoweekday()
    if weekday < _SATURDAY:
        return number
    if weekday == _SATURDAY:
        return number - 1 if number > 1 else number + 2
    is_last = number == monthrange(month.year, month.month)[1]
    return number - 2 if is_last else number + 1


def _is_weekday(part: str, day: date) -> bool:
    weekday = day.isoweekday() % 7 + 1  # from Sunday on
    if part == "?":
        return True
    if part.upper() == "L":
        return weekday == len(_DAYS)
    if part.upper().endswith("L"):
        is_last = (day + 7 * _DAY).month != day.month
        return is_last and weekday == _number(part[:-1], _DAYS, 1)
    if "#" in part:
        wanted, _, nth = part.partition("#")
        return weekday == int(wanted) and (day.day - 1) // 7 + 1 == int(nth)
    return weekday in _values("weekday", part, _DAYS)
