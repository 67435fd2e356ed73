"""The functions that rank markets, collect their candles and compact them, woken by the schedule.

Or by a state machine in its place.
"""

import logging
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.bootstrap import candles as given
from chalicelib.bootstrap.market import lake
from chalicelib.bootstrap.operation import notices
from chalicelib.bootstrap.series import stage_runs
from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.operation.candle_notices import (
    candles_not_collected,
    candles_not_compacted,
    candles_refused,
    ranking_kept,
)
from chalicelib.functions.events import left_to_pipeline, time_left
from chalicelib.services.market import collect_round as collecting
from chalicelib.services.market import compact_candles as compacting
from chalicelib.services.market import rank_markets as ranking
from chalicelib.services.market.record_run import recorded
from chalicelib.services.operation.leave_notices import leave_notices

if TYPE_CHECKING:
    from chalice.app import CloudWatchEvent

    from chalicelib.services.market.collect_candles import CandleReport

# Kept of a function's time for the page that is under way, and what is written after it.
_NEEDED: Final = timedelta(seconds=20)

_LOG = logging.getLogger(__name__)


def rank_markets(event: "CloudWatchEvent") -> dict[str, Any]:
    """Write the list; without a new one the last stays, and the owner is told."""
    if left := left_to_pipeline(event):
        return left
    clock = bootstrap.clock()
    with recorded("rank_markets", stage_runs(), clock) as run:
        with closing(given.public_markets(given.candle_settings().venue)) as venue:
            report = ranking.rank_markets(
                given.ranking_sources(), venue, lake(), given.ranking_rules(), clock
            )
        last = report.ranking
        run.rows = len(last.items) if last and report.is_new else 0
        run.as_of = last.as_of if last else None
        run.trouble = () if report.is_new else tuple(report.trouble)
    for trouble in report.trouble:
        _LOG.warning("ranking: %s", trouble)
    if not report.is_new:
        leave_notices(notices(), [ranking_kept(report.trouble, run.as_of, clock.now())])
    return {
        "is_new": report.is_new,
        "source": last.source if last else None,
        "markets": len(last.items) if last else 0,
    }


def collect_candles(event: "CloudWatchEvent") -> dict[str, Any]:
    """As far as the time allows; the next run goes on from there."""
    if left := left_to_pipeline(event):
        return left
    clock = bootstrap.clock()
    now = clock.now()
    with recorded("collect_candles", stage_runs(), clock) as run:
        try:
            with closing(given.public_markets(given.candle_settings().venue)) as source:
                asked = given.candle_round(source, now + time_left(event) - _NEEDED)
                found = collecting.collect_round(asked)
        except ExchangeUnavailable as error:  # nothing is known of its markets: the next run asks
            found = collecting.RoundReport(reports=(), trouble=(str(error),))
        run.rows, run.trouble = sum(report.written for report in found.reports), found.trouble
        run.as_of = found.as_of
    for trouble in found.trouble:
        _LOG.warning("candles: %s", trouble)
    leave_notices(notices(), [candles_not_collected(text, now) for text in found.trouble])
    refused = [report for report in found.reports if report.flaws]
    leave_notices(notices(), [candles_refused(str(r.series), r.flaws, now) for r in refused])
    return {
        "candles": run.rows,
        "missing": sum(report.missing for report in found.reports),
        "behind": [str(report.series) for report in found.reports if not report.finished],
        "trouble": len(found.trouble),
        "instruments": _instruments(found.reports),
    }


def compact_candles(event: "CloudWatchEvent") -> dict[str, Any]:
    """Months and years that are over, as far as the time allows; the next run goes on."""
    clock = bootstrap.clock()
    until = clock.now() + time_left(event) - _NEEDED
    with recorded("compact_candles", stage_runs(), clock) as run:
        report = compacting.compact_candles(given.candle_lake(), clock, until=until)
        run.rows, run.trouble = report.merged, report.trouble
    for trouble in report.trouble:
        _LOG.warning("compact candles: %s", trouble)
    leave_notices(notices(), [candles_not_compacted(t, clock.now()) for t in report.trouble])
    return {
        "merged": report.merged,
        "periods": report.periods,
        "finished": report.finished,
        "trouble": len(report.trouble),
    }


def _instruments(reports: "Iterable[CandleReport]") -> list[dict[str, str]]:
    """Those that were collected, for who goes on with each of them."""
    found = sorted({(report.series.venue, report.series.symbol) for report in reports})
    return [{"venue": venue, "symbol": symbol} for venue, symbol in found]
