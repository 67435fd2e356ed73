"""Messages of one partition -> objects, cut by the time of the trades alone.

The watermark is the latest trade so far. A minute is open until the watermark has passed its end by
the grace; then it is one object. What comes for it later makes objects of its own, and so does what
is no trade; those are cut off with the next minute. Where nothing follows, a marker on the bus says
that time has gone on: it has its place in the log, so that a second reading cuts there too.

After a crash a reader goes on from the first message of the oldest open minute. The note that was
committed with that offset says how far the messages had been read and where the watermark was, and
so which of them are in objects already: from there on everything is as it was the first time.
"""

import gzip
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from chalicelib.domain.market.bus_message import Message, Position
from chalicelib.domain.market.minute import MINUTE_MS, OBJECT_END, minute_at, trades_key
from chalicelib.domain.market.trade import (
    MalformedTrade,
    ReadTrade,
    Trade,
    parse_trade,
    read_object,
    time_of,
)

GRACE_MS: Final = 5_000
# How far a trade's time may be ahead of the time of its publishing: this machine's clock may be
# wrong. A trade that was allowed to be in the next year would close every minute until then.
AHEAD_MS: Final = 7_200_000
MOST_SET_ASIDE: Final = 10_000
REJECTED: Final = "quarantine/trades/"
MARKER: Final = "archiveCut"

_MARKER: Final = MARKER.encode()
_NOTHING_YET: Final = 0
_LEVEL: Final = 6  # a fortieth larger than at 9, in a third of the time
_NOTE: Final = re.compile(r"(\d+) (\d+)", re.ASCII)

Name = tuple[str, int]  # symbol and number of the minute


@dataclass(frozen=True, slots=True)
class MarketObject:
    """To be put into the lake as it is."""

    key: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Objects to write, and then the position to commit."""

    objects: tuple[MarketObject, ...]
    position: Position
    rejected: int


@dataclass(slots=True)
class _Open:
    first_offset: int
    lines: list[bytes] = field(default_factory=list)


def cut_marker(now_ms: int) -> bytes:
    """The message that lets time go on where no trade does."""
    return json.dumps({"e": MARKER, "T": now_ms}, separators=(",", ":")).encode()


class Cutter:
    """One partition, from the position that its group committed last.

    `source` is its number, or a word that no partition's objects begin with.
    """

    def __init__(
        self,
        source: int | str,
        position: Position,
        *,
        grace_ms: int = GRACE_MS,
        read_trade: ReadTrade = parse_trade,
    ) -> None:
        self._read_trade = read_trade
        self._source = source if isinstance(source, str) else f"p{source}"
        self._grace_ms = grace_ms
        self._next = position.offset
        self._resumed, self._watermark = _read_note(position)
        self._open: dict[Name, _Open] = {}
        self._late: dict[Name, _Open] = {}
        self._rejected = _Open(0)
        self._set_aside = 0

    def take(self, message: Message) -> Cut | None:
        """Objects that this message completes. One that was taken before changes nothing."""
        if message.offset < self._next:
            return None
        self._next = message.offset + 1
        try:
            taken = _read(message, self._read_trade)
        except MalformedTrade as reason:
            if message.offset >= self._resumed:
                self._reject(message, str(reason))
            return self._cut() if self._set_aside >= MOST_SET_ASIDE else None
        if message.offset < self._resumed:  # into an object that was open, or it is written
            self._take_again(message, taken)
            return None
        return self._take_new(message, taken)

    def let_time_go_on(self, now_ms: int) -> Cut | None:
        """As a marker does that has no place in the log: where the log is not ours to write."""
        self._watermark = max(self._watermark, now_ms)
        return self._cut()

    def waits_for_time(self, now_ms: int) -> bool:
        """Whether something could be written if only time went on to now."""
        first_open = self._first_open(now_ms)
        return bool(self._set_aside) or any(number < first_open for _, number in self._open)

    def _take_again(self, message: Message, taken: Trade | int) -> None:
        if isinstance(taken, Trade):
            name = _name(taken)
            if name[1] >= self._first_open(self._watermark):
                _append(self._open, name, message)

    def _take_new(self, message: Message, taken: Trade | int) -> Cut | None:
        before = self._first_open(self._watermark)
        if isinstance(taken, Trade):
            name = _name(taken)
            if name[1] < before:
                _append(self._late, name, message)
                self._set_aside += 1
            else:
                _append(self._open, name, message)
            self._watermark = max(self._watermark, taken.at_ms)
        else:
            self._watermark = max(self._watermark, taken)
        ends_minute = self._first_open(self._watermark) > before
        if ends_minute or not isinstance(taken, Trade) or self._set_aside >= MOST_SET_ASIDE:
            return self._cut()
        return None

    def _reject(self, message: Message, reason: str) -> None:
        if not self._rejected.lines:
            self._rejected.first_offset = message.offset
        self._rejected.lines.append(_rejected_line(message, reason))
        self._set_aside += 1

    def _first_open(self, watermark: int) -> int:
        """The number of the earliest minute whose end has not been passed by the grace."""
        return (watermark - self._grace_ms) // MINUTE_MS

    def _cut(self) -> Cut | None:
        first_open = self._first_open(self._watermark)
        ended = {name: held for name, held in self._open.items() if name[1] < first_open}
        for name in ended:
            del self._open[name]
        objects = [*self._objects(ended), *self._objects(self._late)]
        rejected = len(self._rejected.lines)
        if rejected:
            key = f"{REJECTED}{self._source}-{self._rejected.first_offset:020}{OBJECT_END}"
            objects.append(_object(key, self._rejected.lines))
        if not objects:
            return None
        self._late, self._rejected, self._set_aside = {}, _Open(0), 0
        oldest = min((held.first_offset for held in self._open.values()), default=self._next)
        return Cut(
            objects=tuple(objects),
            position=Position(oldest, f"{self._next} {self._watermark}"),
            rejected=rejected,
        )

    def _objects(self, held: dict[Name, _Open]) -> Iterable[MarketObject]:
        for (symbol, number), part in held.items():
            key = trades_key(minute_at(symbol, number), self._source, part.first_offset)
            yield _object(key, part.lines)


def _read_note(position: Position) -> tuple[int, int]:
    """How far the messages had been read, and the watermark; an offset set by hand has no note."""
    noted = _NOTE.fullmatch(position.note)
    return (int(noted[1]), int(noted[2])) if noted else (position.offset, _NOTHING_YET)


def _read(message: Message, read_trade: ReadTrade) -> Trade | int:
    """A trade, or the time of a marker."""
    marked = _marked_time(message.value)
    taken = read_trade(message.value) if marked is None else marked
    at_ms = taken.at_ms if isinstance(taken, Trade) else taken
    if at_ms > message.at_ms + AHEAD_MS:
        raise MalformedTrade(
            f"T is {at_ms}, {(at_ms - message.at_ms) // 1000} s after the message was published;"
            f" it must not be more than {AHEAD_MS // 1000} s ahead"
        )
    return taken


def _marked_time(value: bytes) -> int | None:
    if _MARKER not in value:
        return None
    fields = read_object(value)
    return time_of(fields) if fields.get("e") == MARKER else None


def _name(trade: Trade) -> Name:
    return trade.symbol, trade.at_ms // MINUTE_MS


def _append(held: dict[Name, _Open], name: Name, message: Message) -> None:
    part = held.get(name)
    if part is None:
        part = held[name] = _Open(message.offset)
    # Line ends can stand between the fields of JSON only, and one message is one line.
    part.lines.append(message.value.replace(b"\n", b" ").replace(b"\r", b" "))


def _rejected_line(message: Message, reason: str) -> bytes:
    document = {
        "offset": message.offset,
        "at": message.at_ms,
        "reason": reason,
        "value": message.value.decode(errors="backslashreplace"),
    }
    return json.dumps(document).encode()


def _object(key: str, lines: list[bytes]) -> MarketObject:
    """Equal lines make equal bytes: the header of gzip has no time in it."""
    content = gzip.compress(b"".join(line + b"\n" for line in lines), _LEVEL, mtime=0)
    return MarketObject(key, content)
