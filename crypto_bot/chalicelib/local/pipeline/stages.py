"""What each stage does in one run: its parts of the world opened, and what came of it noted."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event
from types import MappingProxyType
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap import candles as given
from chalicelib.bootstrap.market import lake, market_settings, trade_flow
from chalicelib.bootstrap.operation import notices
from chalicelib.bootstrap.series import analyses, loading, time_series
from chalicelib.domain.errors import SettingsError, StoreUnavailable
from chalicelib.domain.market.analysis import Analysis
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.operation.candle_notices import (
    candles_not_collected,
    candles_not_compacted,
    candles_refused,
    ranking_kept,
)
from chalicelib.drivers.trade_codec import read_trade
from chalicelib.market_ports.trades import TradeFlowTable
from chalicelib.services.market import analyse_instruments as instruments
from chalicelib.services.market import rank_markets as ranking
from chalicelib.services.market.analyse_markets import analyse_markets as compare
from chalicelib.services.market.backfill_candles import forget_before_first, mark_past
from chalicelib.services.market.collect_round import CandleRound, collect_round
from chalicelib.services.market.compact_candles import compact_candles as compact
from chalicelib.services.market.load_candles import load_candles as load
from chalicelib.services.market.record_run import RunUnderWay
from chalicelib.services.market.sweep_summaries import sweep_summaries as sweep
from chalicelib.services.operation.leave_notices import leave_notices
from chalicelib.worker.summarise import SWEPT, tell

_LOG = logging.getLogger(__name__)


class StageStopped(Exception):
    """Somebody wants the process to end; what is done is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWork:
    """`since` is set where the past is to be made complete. `told` hears how many of all."""

    run: RunUnderWay
    stopping: Event
    since: datetime | None
    told: Callable[[int, int], None]

    def step(self, done: int, total: int) -> None:
        """Between two pieces of work; StageStopped where there is to be no other."""
        self.told(done, total)
        self.check()

    def check(self) -> None:
        """StageStopped where the process is to end."""
        if self.stopping.is_set():
            raise StageStopped


def rank_markets(work: StageWork) -> None:
    """The list of the day; without a good one the last stays."""
    clock = bootstrap.clock()
    with closing(given.public_markets(given.candle_settings().venue)) as venue:
        report = ranking.rank_markets(
            given.ranking_sources(), venue, lake(), given.ranking_rules(), clock
        )
    if report.ranking is not None:
        work.run.as_of = report.ranking.as_of
    if report.is_new and report.ranking is not None:
        work.run.rows = len(report.ranking.items)
        for trouble in report.trouble:  # of publishers whose place another one took
            _LOG.warning("ranking: %s", trouble)
    else:
        work.run.trouble = report.trouble
        leave_notices(notices(), [ranking_kept(report.trouble, work.run.as_of, clock.now())])


def collect_candles(work: StageWork) -> None:
    """Of all configured or ranked series, up to the last closed candle."""
    now = bootstrap.clock().now()
    with closing(given.public_markets(given.candle_settings().venue)) as source:
        asked = given.candle_round(source)
        collecting = replace(asked.collecting, on_page=lambda _at: work.check())
        if work.since is not None:
            collecting = replace(collecting, since=work.since)
            for series in _series_of(asked):
                mark_past(series, collecting.lake, work.since)
        found = collect_round(replace(asked, collecting=collecting), work.step)
    work.run.rows = sum(report.written for report in found.reports)
    work.run.trouble = found.trouble
    work.run.as_of = found.as_of
    if work.since is not None:
        for report in found.reports:
            forget_before_first(report.series, collecting.lake)
    leave_notices(notices(), [candles_not_collected(text, now) for text in found.trouble])
    refused = [report for report in found.reports if report.flaws]
    leave_notices(notices(), [candles_refused(str(r.series), r.flaws, now) for r in refused])


def load_candles(work: StageWork) -> None:
    """Of all series in the lake into the time series, with what is derived from them."""
    ends: list[datetime] = []
    with closing(time_series()) as store:
        loads = replace(loading(store), is_over=work.stopping.is_set)
        all_series = loads.candles.series()
        for number, series in enumerate(all_series):
            try:
                reports = load(series, loads, since=work.since)
            except StoreUnavailable as error:  # the others may be well
                work.run.trouble += (f"{series}: {error}",)
                reports = []
            work.run.rows += sum(report.rows for report in reports)
            ends += [report.end for report in reports if report.end is not None]
            work.run.as_of = max(ends, default=None)
            work.run.trouble += tuple(
                f"{report.series}: {report.not_copied}" for report in reports if report.not_copied
            )
            work.step(number + 1, len(all_series))


def analyse_instruments(work: StageWork) -> None:
    """Of all instruments that are loaded."""
    with closing(time_series()) as store, _flows() as flows, closing(analyses()) as to:
        analysing = instruments.Analysing(
            store=store, flows=flows, flow_venue=market_settings().venue, analyses=to
        )
        wanted = _instruments()
        for number, instrument in enumerate(wanted):
            _note(work, instruments.analyse_instruments([instrument], analysing))
            work.step(number + 1, len(wanted))


def analyse_markets(work: StageWork) -> None:
    """Of all venues."""
    with closing(time_series()) as store, closing(analyses()) as to:
        _note(work, compare(_instruments(), store, to))


def sweep_summaries(work: StageWork) -> None:
    """The minutes of the last hours of which no event told."""
    end = bootstrap.clock().now()
    with _flows() as table:
        if table is None:
            raise SettingsError("TRADE_FLOW_URL is not set, and names the table of the summaries")
        report = sweep(lake(), table, read_trade, start=work.since or end - SWEPT, end=end)
    for minute in report.mended:
        tell(minute)
    work.run.rows = len(report.mended)
    work.run.as_of = end
    withheld = [key for minute in report.mended for key in minute.withheld]
    work.run.trouble = tuple(f"{key} cannot be read" for key in withheld)


def compact_candles(work: StageWork) -> None:
    """Files of months and years that are over become one each."""
    report = compact(given.candle_lake(), bootstrap.clock(), on_series=work.step)
    work.run.rows = report.merged
    work.run.trouble = report.trouble
    now = bootstrap.clock().now()
    leave_notices(notices(), [candles_not_compacted(text, now) for text in report.trouble])


Stage = Callable[[StageWork], None]

# In the order in which one needs what another makes.
STAGES: Final[Mapping[str, Stage]] = MappingProxyType(
    {
        stage.__name__: stage
        for stage in (
            rank_markets,
            collect_candles,
            load_candles,
            analyse_instruments,
            analyse_markets,
            sweep_summaries,
            compact_candles,
        )
    }
)
# Those that can be told to make the past complete.
BACKFILLED: Final = ("collect_candles", "load_candles", "sweep_summaries")


def stage_named(name: str) -> str:
    """As it is in STAGES; SettingsError for one that there is not."""
    known = name.replace("-", "_")
    if known not in STAGES:
        raise SettingsError(f"there is no stage {name}; there are {', '.join(STAGES)}")
    return known


@contextmanager
def _flows() -> Iterator[TradeFlowTable | None]:
    """None for a deployment without such a table: a file of this machine is about other trades."""
    if bootstrap.is_deployed() and not market_settings().trade_flow:
        yield None
        return
    with closing(trade_flow()) as table:
        yield table


def _series_of(asked: CandleRound) -> list[CandleSeries]:
    return [
        CandleSeries(asked.venue, symbol, interval)
        for interval in asked.intervals
        for symbol in asked.symbols
    ]


def _instruments() -> list[tuple[str, str]]:
    return sorted({(series.venue, series.symbol) for series in given.candle_lake().series()})


def _note(work: StageWork, made: Sequence[Analysis]) -> None:
    work.run.rows += len(made)
    known = [] if work.run.as_of is None else [work.run.as_of]
    work.run.as_of = max([*known, *(analysis.at for analysis in made)], default=None)
