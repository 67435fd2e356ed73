"""The versions of a bot's source: each has a number, and none of them changes once it was run."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.errors import ActionRefused, StoreConflict
from chalicelib.domain.market.interval import Interval

LONGEST_SOURCE: Final = 200_000  # bytes: with its key it fits into one row of any table
MOST_VERSIONS: Final = 1_000
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_NUMBER: Final = re.compile(r"(\d{1,6})\.(\d{1,6})")


class VersionNumber(NamedTuple):
    """Printed as 1.0. Whoever saves says when a change is a major one."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


FIRST: Final = VersionNumber(1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionNote:
    """`digest` is that of the source. From `used_at` on, when it was first run, it stays."""

    number: VersionNumber
    digest: str
    saved_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBot:
    """All of a bot but its sources; `versions` oldest first. `version` counts its writes."""

    name: str
    versions: tuple[VersionNote, ...] = ()
    version: int = 0

    @property
    def newest(self) -> VersionNote:
        """Saved last."""
        return self.versions[-1]

    def note(self, number: VersionNumber | None) -> VersionNote:
        """The newest where none is named; ActionRefused where there is none of that number."""
        if number is None:
            return self.newest
        for note in self.versions:
            if note.number == number:
                return note
        raise ActionRefused(
            f"{self.name} has no version {number}; it has"
            f" {', '.join(str(note.number) for note in self.versions)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestNote:
    """A backtest of one version, in short; `report` is where all of it lies in the lake.

    `first` and `last` are when the first and the last candle started.
    """

    bot: str
    number: VersionNumber
    at: datetime
    venue: str
    interval: Interval
    instruments: tuple[str, ...]
    parameters: dict[str, Any]
    first: datetime
    last: datetime
    candles: int
    terms: dict[str, Any]
    summary: dict[str, Any]
    report: str


def check_name(name: str) -> None:
    """BotRefused for what cannot be the name of a bot or of a deployment."""
    if not _NAME.fullmatch(name):
        raise BotRefused(
            f"the name {name!r} is not possible; it must have up to 40 letters, digits and . _ -"
        )


def number_named(text: str) -> VersionNumber:
    """What somebody typed; BotRefused for what is no number."""
    parts = _NUMBER.fullmatch(text)
    if parts is None:
        raise BotRefused(f"the version is {text!r}; it must be such as 1.0")
    return VersionNumber(int(parts[1]), int(parts[2]))


def check_based_on(bot: StoredBot, digest: str) -> None:
    """StoreConflict where somebody saved the bot since its newest source had this digest.

    '' is what nothing was saved of yet.
    """
    known = bot.newest.digest if bot.versions else ""
    if digest == known:
        return
    if not known:
        raise StoreConflict(f"there is no bot {bot.name} any more: save it as a new one")
    if not digest:
        raise StoreConflict(
            f"there is a bot {bot.name} already, saved {bot.newest.saved_at:%Y-%m-%d %H:%M} UTC:"
            " open it, or take another name"
        )
    raise StoreConflict(
        f"{bot.name} was saved as {bot.newest.number} at {bot.newest.saved_at:%Y-%m-%d %H:%M} UTC,"
        " after you had opened it: open that version, and bring what you wrote into it"
    )


def with_source(bot: StoredBot, source: str, at: datetime, *, is_major: bool = False) -> StoredBot:
    """The bot after saving: its newest version has this source.

    What was never run is replaced, what was run is followed by the next minor version. The same
    source once more changes nothing.
    """
    check_name(bot.name)
    size = len(source.encode())
    if size > LONGEST_SOURCE:
        raise BotRefused(
            f"{bot.name} has {size} bytes of source; at most {LONGEST_SOURCE} are kept"
        )
    digest = sha256(source.encode()).hexdigest()
    if bot.versions and not is_major and bot.newest.digest == digest:
        return bot
    note = VersionNote(number=_next(bot, is_major=is_major), digest=digest, saved_at=at)
    kept = tuple(each for each in bot.versions if each.number != note.number)
    if len(kept) >= MOST_VERSIONS:
        raise BotRefused(
            f"{bot.name} has {len(kept)} versions, and no more are kept: save it under a new name"
        )
    return replace(bot, versions=(*kept, note))


def _next(bot: StoredBot, *, is_major: bool) -> VersionNumber:
    if not bot.versions:
        return FIRST
    major, minor = bot.newest.number
    if is_major:
        return VersionNumber(major + 1, 0)
    return bot.newest.number if bot.newest.used_at is None else VersionNumber(major, minor + 1)


def with_use(bot: StoredBot, number: VersionNumber, at: datetime) -> StoredBot:
    """The bot after the version was run: from its first use on it cannot be replaced."""
    note = bot.note(number)
    if note.used_at is not None:
        return bot
    used = replace(note, used_at=at)
    return replace(bot, versions=tuple(used if n is note else n for n in bot.versions))
