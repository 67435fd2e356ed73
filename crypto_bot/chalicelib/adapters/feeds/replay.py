"""Recorded frames of Binance's combined streams, as if they came now.

A line is the local time in ns, a space and the frame. What a recording leaves out stays out: there
is nobody to ask. Numbers decide what is a copy, so that files may overlap and a replay may be
killed and begun anew.
"""

import gzip
import time
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

from chalicelib.adapters.feeds.batching import Gathered
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.stream_gap import Unbroken
from chalicelib.domain.market.stream_message import News, Told, read_frame, subject_named
from chalicelib.domain.market.stream_plan import Subject
from chalicelib.drivers.trade_codec import read_trade
from chalicelib.market_ports.feeds import FeedBatch, FeedBeginning

_GZIP: Final = b"\x1f\x8b"
_NANOSECONDS: Final = 1e9
_LINES_AT_ONCE: Final = 20_000  # a recording may have no trade for long
_LONGEST_LINE: Final = 1 << 22
_PORTION: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class _Stream:
    """`key` is that of the subject, made once."""

    key: bytes
    published: Unbroken


class ReplayFeed:
    """`Feed`. Without `symbols` everything that the files have; `paced`: as slowly as it came."""

    def __init__(
        self,
        files: Sequence[Path],
        begin: FeedBeginning,
        *,
        symbols: frozenset[str] = frozenset(),
        paced: bool = False,
    ) -> None:
        self._begin, self._symbols, self._paced = begin, symbols, paced
        self._lines = _lines(files)
        self._ahead: bytes | None = None  # a line that is not due
        self._damage: SettingsError | None = None
        self._subjects: dict[bytes, Subject | None] = {}
        self._streams: dict[Subject, _Stream] = {}
        self._recorded_ago: float | None = None  # from the recording's time to ours, in seconds

    def poll(self, *, limit: int, wait: float) -> FeedBatch:
        """See `Feed.poll`. SettingsError for a file that is damaged, after all that it has."""
        gathered = Gathered()
        deadline = time.monotonic() + wait
        room = limit  # copies count too
        for _ in range(_LINES_AT_ONCE):
            line = self._next()
            if line is None:
                if self._damage is not None and not gathered:
                    raise self._damage
                return gathered.batch(ended=self._damage is None)
            local, _, frame = line.partition(b" ")
            if self._paced and not self._is_due(local, deadline, is_urgent=bool(gathered)):
                self._ahead = line
                break
            if not local.isdigit():
                gathered.add_malformed(line)
            elif not self._take(frame, gathered):
                continue
            room -= 1
            if not room:
                break
        return gathered.batch()

    def close(self) -> None:
        """See `Feed.close`."""
        self._lines.close()

    def _next(self) -> bytes | None:
        if self._ahead is not None:
            line, self._ahead = self._ahead, None
            return line
        try:
            return next(self._lines, None)
        except SettingsError as damage:
            self._damage = damage
            return None

    def _is_due(self, local: bytes, deadline: float, *, is_urgent: bool) -> bool:
        """Waits for it, unless something is to be handed over first."""
        if not local.isdigit():
            return True
        now = time.monotonic()
        recorded_at = int(local) / _NANOSECONDS
        if self._recorded_ago is None:
            self._recorded_ago = now - recorded_at
        due_at = recorded_at + self._recorded_ago
        if due_at > now and not is_urgent:
            time.sleep(max(0.0, min(due_at, deadline) - now))
            now = time.monotonic()
        return due_at <= now

    def _take(self, frame: bytes, gathered: Gathered) -> bool:
        """Whether there was anything in it."""
        told = read_frame(frame, self._subject, read_trade)
        if told is News.NOTHING:
            return False
        if isinstance(told, Told):
            subject, message = told
            stream = self._streams.get(subject)
            if stream is None:
                stream = self._streams[subject] = _Stream(subject.key, self._begin(subject))
            if stream.published.skip_to(message):
                record = Record(stream.key, message.text)
                gathered.add_record(record, is_candle=subject.interval is not None)
        else:
            gathered.add_malformed(frame)
        return True

    def _subject(self, name: bytes) -> Subject | None:
        if name not in self._subjects:
            subject = subject_named(name)
            is_wanted = subject and (not self._symbols or subject.symbol in self._symbols)
            self._subjects[name] = subject if is_wanted else None
        return self._subjects[name]


def _lines(files: Sequence[Path]) -> Generator[bytes, None, None]:
    for path in files:
        number = 0
        try:
            with path.open("rb") as plain, closing(_opened(plain)) as opened:
                for line in _split(opened):
                    number += 1
                    yield line
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise SettingsError(
                f"{path} cannot be read after line {number}: {error}; what it has up to there is"
                " published"
            ) from error


def _opened(plain: BufferedReader) -> gzip.GzipFile | BufferedReader:
    is_packed = plain.read(len(_GZIP)) == _GZIP
    plain.seek(0)
    return gzip.GzipFile(fileobj=plain) if is_packed else plain


def _split(opened: gzip.GzipFile | BufferedReader) -> Iterator[bytes]:
    """Everything up to where a damaged file breaks; readline would drop what it has read ahead."""
    rest = b""
    while portion := opened.read1(_PORTION):
        *lines, rest = (rest + portion).split(b"\n")
        yield from lines
        if len(rest) > _LONGEST_LINE:
            raise ValueError(f"a line has more than {_LONGEST_LINE} bytes")
    if rest:
        yield rest
