"""Binance and Binance US: trades, aggregated trades and closed candles, without a gap.

The streams tell what happens now; what they left out is asked for over REST, a page per poll, so
that reading goes on meanwhile.
"""

import logging
import time
from dataclasses import dataclass
from typing import Final

from chalicelib.adapters.feeds.batching import Gathered
from chalicelib.adapters.feeds.binance_past import BinancePast
from chalicelib.adapters.feeds.binance_sockets import BinanceSockets
from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.market.stream_connection import MOST_EMPTY_ANSWERS, MOST_FETCHED, Timing
from chalicelib.domain.market.stream_gap import Numbered, Unbroken
from chalicelib.domain.market.stream_message import News, Told, read_frame
from chalicelib.domain.market.stream_plan import StreamPlan, Subject, binance_name
from chalicelib.drivers.trade_codec import read_trade
from chalicelib.market_ports.feeds import FeedBatch, FeedBeginning
from chalicelib.ports import Clock

_LOG = logging.getLogger(__name__)
_SHOWN: Final = 200


@dataclass(slots=True)
class _Line:
    """`ask_at`: when to ask for what is missing; None while nothing is.

    `asks_newest`: the venue may have said something while nobody listened, and may be silent now.
    """

    unbroken: Unbroken
    ask_at: float | None = None
    asks_newest: bool = False
    empty_answers: int = 0
    failures: int = 0


class BinanceFeed:
    """`Feed`. Addresses are such as wss://stream.binance.com:9443 and https://api.binance.com."""

    def __init__(
        self,
        plan: StreamPlan,
        begin: FeedBeginning,
        *,
        stream_address: str,
        rest_address: str,
        clock: Clock,
        timing: Timing | None = None,
    ) -> None:
        self._timing = timing or Timing()
        names = {subject: binance_name(subject) for subject in plan.subjects}
        self._wanted = {name.encode(): subject for subject, name in names.items()}
        self._begin = begin
        self._past = BinancePast(rest_address, clock)
        self._sockets = BinanceSockets(stream_address, tuple(names.values()), self._timing)
        self._lines: dict[Subject, _Line] = {}
        self._ask_again_at = 0.0
        self._breaks = 0

    def poll(self, *, limit: int, wait: float) -> FeedBatch:
        """See `Feed.poll`."""
        if not self._lines:
            self._lines = {s: _Line(self._beginning_of(s)) for s in self._wanted.values()}
        gathered = Gathered()
        is_filling = self._fetch_missing(gathered)
        waited = min(wait, self._timing.between_pages) if is_filling else wait
        for frame in self._sockets.receive(limit, 0.0 if gathered else waited):
            self._take(frame, gathered)
        if self._sockets.breaks > self._breaks:
            self._breaks = self._sockets.breaks
            self._doubt()
        return gathered.batch()

    def close(self) -> None:
        """See `Feed.close`."""
        self._sockets.close()
        self._past.close()

    def _beginning_of(self, subject: Subject) -> Unbroken:
        """After what is published already; without any, after what is newest now."""
        unbroken = self._begin(subject)
        if subject.interval:
            return unbroken
        newest = self._past.newest(subject)
        if newest is None:
            return unbroken
        behind = unbroken.behind(newest.number)
        if behind is not None and behind <= MOST_FETCHED:
            return unbroken
        if behind is None:
            _LOG.info("%s begins anew, after %d", binance_name(subject), newest.number)
        else:
            _LOG.error(
                "%s: %d messages came since the last one on the bus; %d are fetched at most, so"
                " that they are left out",
                binance_name(subject),
                behind,
                MOST_FETCHED,
            )
        return Unbroken(newest)

    def _take(self, frame: bytes, gathered: Gathered) -> None:
        told = read_frame(frame, self._wanted.get, read_trade)
        if isinstance(told, Told):
            line = self._lines[told.subject]
            if line.unbroken.is_absurd(told.message):
                _LOG.error("its number cannot be true: %s", frame[:_SHOWN].decode(errors="replace"))
                return
            gathered.add(told.subject, line.unbroken.take(told.message))
            if line.ask_at is None and line.unbroken.missing:
                line.ask_at = time.monotonic() + self._timing.gap_patience
        elif told is News.MALFORMED:
            _LOG.warning("malformed: %s", frame[:_SHOWN].decode(errors="replace"))
            gathered.add_malformed(frame)

    def _doubt(self) -> None:
        """Candles are left out: the next one comes by itself, and shows what is missing."""
        for subject, line in self._lines.items():
            if not subject.interval:
                line.asks_newest = True
                line.ask_at = line.ask_at or time.monotonic()

    def _fetch_missing(self, gathered: Gathered) -> bool:
        """A page for the line that waits longest; whether anything is missing."""
        waiting: list[tuple[float, Subject]] = []
        for subject, line in self._lines.items():
            if line.ask_at is None:
                continue
            if line.unbroken.missing or line.asks_newest:
                waiting.append((line.ask_at, subject))
            else:  # it came by itself
                line.ask_at = None
        if not waiting:
            return False
        due_at, subject = min(waiting)
        if time.monotonic() >= max(due_at, self._ask_again_at):
            self._ask_for(subject, self._lines[subject], gathered)
        return True

    def _ask_for(self, subject: Subject, line: _Line, gathered: Gathered) -> None:
        name = binance_name(subject)
        try:
            if line.asks_newest:
                line.unbroken.reaches(self._past.newest(subject))
                line.asks_newest = False
            missing = line.unbroken.missing
            if not missing:
                return
            page = self._past.page(subject, missing)
        except ExchangeUnavailable as error:
            line.failures += 1
            pause = self._timing.pause_before(line.failures)
            _LOG.warning(
                "%s waits for %d missing messages: %s; asking again in %.0f s",
                name,
                len(line.unbroken.missing),
                error,
                pause,
            )
            line.ask_at = time.monotonic() + pause
            return
        line.failures = 0
        for text in page.malformed:
            gathered.add_malformed(text)
        taken = line.unbroken.take_page(page.messages)
        now = time.monotonic()
        self._ask_again_at = now + self._timing.between_pages
        if taken:
            _LOG.info("%s: %d messages after a gap", name, len(taken))
            line.empty_answers = 0
            line.ask_at = now
        else:
            taken = self._had_none(name, line, now)
        gathered.add(subject, taken)

    def _had_none(self, name: str, line: _Line, now: float) -> list[Numbered]:
        """The venue's list may be some seconds behind its stream."""
        line.empty_answers += 1
        line.ask_at = now + self._timing.pause_before(line.empty_answers)
        if line.empty_answers < MOST_EMPTY_ANSWERS:
            return []
        line.empty_answers = 0
        missing = line.unbroken.missing
        _LOG.error("%s: the venue has no messages %d to %d", name, missing[0], missing[-1])
        return line.unbroken.give_up()
