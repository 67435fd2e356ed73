"""How long a candle is, and when one begins. Days begin at midnight UTC, weeks on Monday."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

_FIRST_MONDAY: Final = datetime(1970, 1, 5, tzinfo=UTC)


class Interval(StrEnum):
    """The lengths that exchanges offer and we keep, by the names that they have there."""

    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H2 = "2h"
    H4 = "4h"
    H6 = "6h"
    H8 = "8h"
    H12 = "12h"
    D1 = "1d"
    W1 = "1w"

    @property
    def length(self) -> timedelta:
        """From one candle's start to the next one's."""
        return timedelta(**{_UNITS[self[-1]]: int(self[:-1])})

    def start_of(self, at: datetime) -> datetime:
        """When the candle began that `at` (aware) lies in."""
        return at - (at - _FIRST_MONDAY) % self.length


_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
