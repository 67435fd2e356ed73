"""The functions that bring the time series up to date and analyse it, woken by the schedule.

Or by a state machine, whose events name one instrument in their detail: then only that is done.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.bootstrap import series as given
from chalicelib.bootstrap.candles import candle_lake
from chalicelib.bootstrap.market import market_settings, trade_flow
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.operation.candle_notices import (
    candles_not_copied,
    candles_not_loaded,
    candles_set_aside,
    not_analysed,
)
from chalicelib.functions.events import left_to_pipeline, time_left
from chalicelib.services.market import analyse_instruments as analysing
from chalicelib.services.market import analyse_markets as comparing
from chalicelib.services.market import load_candles as loading
from chalicelib.services.market.record_run import RunUnderWay, recorded
from chalicelib.services.operation.leave_notices import leave_notices

if TYPE_CHECKING:
    from chalice.app import CloudWatchEvent

    from chalicelib.domain.market.analysis import Analysis
    from chalicelib.domain.operation.notice import Notice
    from chalicelib.market_ports.trades import TradeFlowTable

# Kept of a function's time for the write that is under way, and what is told after it.
_NEEDED: Final = timedelta(seconds=45)
_HOUR: Final = 3600

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Round:
    """One after the other, as far as the time allows; what stops one does not stop the others."""

    now: datetime
    until: datetime
    behind: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def each(self, listed: Sequence[Any], act: Callable[[Any], bool]) -> None:
        """`act` says whether it came to its end. Every hour another one is the first."""
        first = int(self.now.timestamp()) // _HOUR % len(listed) if listed else 0
        for one in (*listed[first:], *listed[:first]):
            try:
                finished = bootstrap.clock().now() < self.until and act(one)
            except StoreUnavailable as error:
                self.trouble.append(f"{_name(one)}: {error}")
                continue
            if not finished:
                self.behind.append(_name(one))


def load_candles(event: "CloudWatchEvent") -> dict[str, Any]:
    """As far as the time allows; the next run goes on from there."""
    if left := left_to_pipeline(event):
        return left
    around = _round(event)
    reports: list[loading.LoadReport] = []
    with _recorded("load_candles", around) as run, closing(given.time_series()) as store:
        work = given.loading(store, around.until)

        def load(series: Any) -> bool:
            found = loading.load_candles(series, work)
            reports.extend(found)
            return all(report.finished for report in found)

        around.each(candle_lake().series(*_named(event)), load)
        run.rows = sum(report.rows for report in reports)
        ends = (report.end for report in reports)
        run.as_of = max((end for end in ends if end is not None), default=None)
    _tell(around, candles_not_loaded)
    folder = loading.REJECTED
    odd = [r for r in reports if r.rejected]
    leave_notices(
        notices(), [candles_set_aside(str(r.series), r.rejected, folder, around.now) for r in odd]
    )
    uncopied = [r for r in reports if r.not_copied]
    leave_notices(
        notices(), [candles_not_copied(str(r.series), r.not_copied, around.now) for r in uncopied]
    )
    return {
        "rows": sum(report.rows for report in reports),
        "rejected": sum(report.rejected for report in odd),
        "behind": around.behind,
        "trouble": len(around.trouble),
    }


def analyse_instruments(event: "CloudWatchEvent") -> dict[str, Any]:
    """All of which there are candles, or the one that the event names."""
    if left := left_to_pipeline(event):
        return left
    around = _round(event)
    made: list[Analysis] = []
    with (
        _recorded("analyse_instruments", around) as run,
        closing(given.time_series()) as store,
        closing(given.analyses()) as kept,
        _flow() as flows,
    ):
        venue = market_settings().venue
        work = analysing.Analysing(store=store, flows=flows, flow_venue=venue, analyses=kept)

        def analyse(instrument: Any) -> bool:
            made.extend(analysing.analyse_instruments([instrument], work))
            return True

        around.each(_instruments(*_named(event)), analyse)
        _note(run, made)
    return _told(around, made)


def analyse_markets(event: "CloudWatchEvent") -> dict[str, Any]:
    """Each venue's instruments against each other."""
    if left := left_to_pipeline(event):
        return left
    around = _round(event)
    made: list[Analysis] = []
    with (
        _recorded("analyse_markets", around) as run,
        closing(given.time_series()) as store,
        closing(given.analyses()) as kept,
    ):
        instruments = _instruments()

        def analyse(venue: Any) -> bool:
            own = [instrument for instrument in instruments if instrument[0] == venue]
            made.extend(comparing.analyse_markets(own, store, kept))
            return True

        around.each(sorted({venue for venue, _ in instruments}), analyse)
        _note(run, made)
    return _told(around, made)


def _round(event: "CloudWatchEvent") -> _Round:
    now = bootstrap.clock().now()
    return _Round(now, now + time_left(event) - _NEEDED)


@contextmanager
def _recorded(stage: str, around: _Round) -> Iterator[RunUnderWay]:
    with recorded(stage, given.stage_runs(), bootstrap.clock()) as run:
        yield run
        run.trouble = tuple(around.trouble)


def _named(event: "CloudWatchEvent") -> tuple[str, str]:
    """The venue and symbol that the event is about; '' for all."""
    return event.detail.get("venue", ""), event.detail.get("symbol", "")


def _instruments(venue: str = "", symbol: str = "") -> list[tuple[str, str]]:
    if venue and symbol:
        return [(venue, symbol)]
    return sorted({(found.venue, found.symbol) for found in candle_lake().series(venue)})


def _name(one: Any) -> str:
    """Of an instrument, a series or a venue."""
    return " ".join(one) if type(one) is tuple else str(one)


@contextmanager
def _flow() -> "Iterator[TradeFlowTable | None]":
    """The table of summaries, where the stage has one: a function's disk keeps nothing."""
    if bootstrap.is_deployed() and not market_settings().trade_flow:
        yield None
        return
    with closing(trade_flow()) as table:
        yield table


def _note(run: RunUnderWay, made: "Iterable[Analysis]") -> None:
    ends = [analysis.at for analysis in made]
    run.rows, run.as_of = len(ends), max(ends, default=None)


def _tell(around: _Round, notice: "Callable[[str, datetime], Notice]") -> None:
    for text in around.trouble:
        _LOG.warning("%s", text)
    leave_notices(notices(), [notice(text, around.now) for text in around.trouble])


def _told(around: _Round, made: "Iterable[Analysis]") -> dict[str, Any]:
    _tell(around, not_analysed)
    return {
        "analysed": [analysis.subject for analysis in made],
        "behind": around.behind,
        "trouble": len(around.trouble),
    }
