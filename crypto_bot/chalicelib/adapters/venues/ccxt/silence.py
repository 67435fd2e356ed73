"""Bans: a venue that has asked for silence gets it, whichever of our requests it was that it heard.

Nothing leaves before its time, so that a ban is not made longer, and not even by ccxt itself.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from chalicelib.ports import Clock

_BANNED: Final = 418
_TOO_MANY: Final = 429
_BAN: Final = timedelta(minutes=2)  # the shortest that Binance imposes
_LOCKOUT: Final = timedelta(minutes=15)
_BANNED_UNTIL: Final = re.compile(r"banned until (\d{13})\b")
_LOCKED_OUT: Final = re.compile(r"temporary lockout", re.I)


class Silenced(RuntimeError):
    """Raised in place of a request."""


class Silence:
    """What one client has been told. A ban is kept here; a rate limit is the caller's to heed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked_for: datetime | None = None
        self._banned_until: datetime | None = None

    @property
    def asked_for(self) -> datetime | None:
        """Until when the venue wants to hear nothing; None when it may be asked."""
        known = [until for until in (self._asked_for, self._banned_until) if until is not None]
        latest = max(known, default=None)
        return latest if latest is not None and self._clock.now() < latest else None

    def keep(self) -> None:
        """Silenced while we are banned."""
        until = self._banned_until
        if until is not None and self._clock.now() < until:
            raise Silenced(f"banned by the venue until {until:%Y-%m-%d %H:%M:%S} UTC")

    def hear(self, status: int, headers: object, body: object) -> None:
        """Take in one answer."""
        now = self._clock.now()
        if status == _TOO_MANY:
            self._asked_for = retry_at(_retry_after(headers), now)
        ban = _ban(status, headers, str(body or ""), now)
        if ban is not None:
            self._banned_until = max(ban, self._banned_until or ban)


def _ban(status: int, headers: object, body: str, now: datetime) -> datetime | None:
    said = _BANNED_UNTIL.search(body)
    if said is not None:
        return datetime.fromtimestamp(int(said[1]) / 1000, UTC)
    if _LOCKED_OUT.search(body):
        return now + _LOCKOUT
    if status != _BANNED:
        return None
    return retry_at(_retry_after(headers), now) or now + _BAN


def _retry_after(headers: object) -> str:
    if not isinstance(headers, Mapping):
        return ""
    return next((str(v) for k, v in headers.items() if str(k).lower() == "retry-after"), "")


def retry_at(retry_after: str, now: datetime) -> datetime | None:
    """Retry-After is a number of seconds or a date; None where the venue gave none."""
    given = retry_after.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", given):
        return now + timedelta(seconds=int(given.partition(".")[0]) + ("." in given))
    try:
        when = parsedate_to_datetime(given)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
