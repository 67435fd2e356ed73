"""[venue] -> whole minutes of aggregated trades in the [lake], from the last collected one on.

Objects first, then the note of how far they go: a crash in between writes the same objects again.
A minute is written when it is over, so that a run that comes a minute later adds the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.errors import ExchangeUnavailable, SettingsError
from chalicelib.domain.market.bus_message import Position
from chalicelib.domain.market.collecting import (
    Progress,
    decoded,
    encoded,
    numbered,
    progress_key,
    source_of,
)
from chalicelib.domain.market.cutting import Cut, Cutter
from chalicelib.domain.market.minute import milliseconds
from chalicelib.market_ports.lake import Lake
from chalicelib.market_ports.trades import TradeHistory
from chalicelib.ports import Clock

_PAGE: Final = 1_000
_HOUR: Final = timedelta(hours=1)
# How late a trade may show up in the answers.
_SETTLED: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collecting:
    """The trades of one venue into one lake."""

    venue: str
    history: TradeHistory
    lake: Lake
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectReport:
    """What became of one symbol; the next run goes on from `progress`.

    `trouble`: why not everything could be asked for. Without any, a symbol that is not up to date
    had no time left.
    """

    symbol: str
    progress: Progress
    objects: int = 0
    rejected: int = 0
    is_up_to_date: bool = False
    trouble: str = ""


def collect_trades(
    work: Collecting,
    symbols: Sequence[str],
    *,
    deadline: datetime | None = None,
    since: datetime | None = None,
) -> list[CollectReport]:
    """Bring every symbol up to the last whole minute; nothing is asked for after the deadline.

    Collection begins with the current minute, or anew with that of `since`. Where the venue wants
    to be left alone, all symbols leave it alone.
    """
    noted = [_progress(work, symbol, since) for symbol in symbols]
    reports: list[CollectReport] = []
    for symbol, progress in zip(symbols, noted, strict=True):
        now = work.clock.now()
        resting = [p for p in (*noted, *(r.progress for r in reports)) if not p.may_ask(now)]
        if resting:
            until = max(p.retry_at for p in resting if p.retry_at is not None)
            trouble = f"{work.venue} wants to be left alone until {until:%Y-%m-%d %H:%M:%S} UTC"
            reports.append(CollectReport(symbol=symbol, progress=progress, trouble=trouble))
        else:
            reports.append(_Collection(work, symbol, progress).run(deadline))
    return reports


class _Collection:
    """One symbol's run."""

    def __init__(self, work: Collecting, symbol: str, progress: Progress) -> None:
        self._work, self._symbol, self._progress = work, symbol, progress
        self._noted: Progress | None = None
        self._answers = self._objects = self._rejected = 0

    def run(self, deadline: datetime | None) -> CollectReport:
        """What the venue has, as far as it and the time allow."""
        trouble, is_up_to_date = "", False
        self._progress = replace(self._progress, retry_at=None)
        try:
            is_up_to_date = self._ask_on(deadline)
        except (ExchangeUnavailable, SettingsError) as error:
            trouble = str(error)
            retry_at = error.retry_at if isinstance(error, ExchangeUnavailable) else None
            self._progress = self._progress.failed(self._work.clock.now(), retry_at)
        if self._answers:
            self._progress = replace(self._progress, failing_since=None)
        self._note()
        return CollectReport(
            symbol=self._symbol,
            progress=self._progress,
            objects=self._objects,
            rejected=self._rejected,
            is_up_to_date=is_up_to_date,
            trouble=trouble,
        )

    def _ask_on(self, deadline: datetime | None) -> bool:
        """Page by page; False where the deadline came before the last one."""
        cutter: Cutter | None = None
        next_id = -1
        while True:
            now = self._work.clock.now()
            if deadline is not None and now >= deadline:
                return False
            if self._progress.position is None:
                if not self._find_first(now):
                    return True
                continue
            if cutter is None:
                cutter = Cutter(source_of(self._symbol), self._progress.position)
                next_id = self._progress.position.offset
            page = self._work.history.from_id(self._symbol, next_id)
            self._answers += 1
            for message in numbered(page, milliseconds(now)):
                self._write(cutter.take(message))
                next_id = max(next_id, message.offset + 1)
            if len(page) < _PAGE:
                self._write(cutter.let_time_go_on(milliseconds(now)))
                return True

    def _find_first(self, now: datetime) -> bool:
        """Note the first trade since the beginning, an hour at a time; False where none is yet."""
        start = self._progress.since
        page = self._work.history.since(self._symbol, milliseconds(start))
        self._answers += 1
        first = next(numbered(page, 0), None)
        if first is not None:
            self._progress = replace(self._progress, position=Position(first.offset))
            return True
        if start + _HOUR + _SETTLED > now:
            return False
        self._progress = replace(self._progress, since=start + _HOUR)
        return True

    def _write(self, cut: Cut | None) -> None:
        if cut is None:
            return
        for made in cut.objects:
            self._work.lake.put(made.key, made.content)
        self._objects += len(cut.objects)
        self._rejected += cut.rejected
        self._progress = replace(self._progress, position=cut.position)
        self._note()

    def _note(self) -> None:
        if self._progress != self._noted:
            self._work.lake.put(progress_key(self._symbol), encoded(self._progress))
            self._noted = self._progress


def _progress(work: Collecting, symbol: str, since: datetime | None) -> Progress:
    """As it was noted, or from the beginning. `since` begins anew, also where nothing is read."""
    key = progress_key(symbol)
    content = work.lake.get(key)
    start = (work.clock.now() if since is None else since).replace(second=0, microsecond=0)
    if content is None:
        return Progress(venue=work.venue, since=start)
    try:
        progress = decoded(content, key)
    except SettingsError:
        if since is None:
            raise
        return Progress(venue=work.venue, since=start)
    if progress.venue != work.venue:
        raise SettingsError(
            f"the lake has trades of {symbol} from {progress.venue}, and {work.venue} counts its"
            " trades differently; give each venue a lake of its own"
        )
    return progress if since is None else replace(progress, since=start, position=None)
