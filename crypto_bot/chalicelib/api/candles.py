"""The functions that rank markets and collect their candles, woken by the schedule."""

import logging
from contextlib import closing
from datetime import timedelta
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.bootstrap import candles as given
from chalicelib.bootstrap.market import lake
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.operation.candle_notices import (
    candles_not_collected,
    candles_refused,
    ranking_kept,
)
from chalicelib.services.market import collect_round as collecting
from chalicelib.services.market import rank_markets as ranking
from chalicelib.services.operation.leave_notices import leave_notices

# Kept of a function's time for the page that is under way, and what is written after it.
_NEEDED: Final = timedelta(seconds=20)

_LOG = logging.getLogger(__name__)


def rank_markets() -> dict[str, Any]:
    """Write the list; without a new one the last stays, and the owner is told."""
    clock = bootstrap.clock()
    with closing(given.public_markets(given.candle_settings().venue)) as venue:
        report = ranking.rank_markets(
            given.ranking_sources(), venue, lake(), given.ranking_rules(), clock
        )
    for trouble in report.trouble:
        _LOG.warning("ranking: %s", trouble)
    last = report.ranking
    if not report.is_new:
        as_of = last.as_of if last else None
        leave_notices(notices(), [ranking_kept(report.trouble, as_of, clock.now())])
    return {
        "is_new": report.is_new,
        "source": last.source if last else None,
        "markets": len(last.items) if last else 0,
    }


def collect_candles(context: Any) -> dict[str, Any]:
    """As far as the time allows; the next run goes on from there."""
    clock = bootstrap.clock()
    now = clock.now()
    until = now + timedelta(milliseconds=context.get_remaining_time_in_millis()) - _NEEDED
    try:
        with closing(given.public_markets(given.candle_settings().venue)) as source:
            found = collecting.collect_round(given.candle_round(source, until))
    except ExchangeUnavailable as error:  # nothing is known of its markets: the next run asks
        found = collecting.RoundReport(reports=(), trouble=(str(error),))
    for trouble in found.trouble:
        _LOG.warning("candles: %s", trouble)
    leave_notices(notices(), [candles_not_collected(text, now) for text in found.trouble])
    refused = [report for report in found.reports if report.flaws]
    leave_notices(notices(), [candles_refused(str(r.series), r.flaws, now) for r in refused])
    return {
        "candles": sum(report.written for report in found.reports),
        "missing": sum(report.missing for report in found.reports),
        "behind": [str(report.series) for report in found.reports if not report.finished],
        "trouble": len(found.trouble),
    }
