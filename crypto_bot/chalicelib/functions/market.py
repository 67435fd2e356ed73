"""The functions of market data, woken by S3 and by the schedule.

What they open is kept for the next event of the same function.
"""

import logging
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.bootstrap.market import lake, market_settings, trade_flow, trade_history
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.collecting import in_turn
from chalicelib.domain.market.minute import minute_of
from chalicelib.domain.operation.market_notices import table_unreachable
from chalicelib.drivers.trade_codec import read_trade
from chalicelib.services.market import summarize_trades as summarizing
from chalicelib.services.market import sweep_summaries as sweeping
from chalicelib.services.market.collect_trades import Collecting
from chalicelib.services.market.collect_trades import collect_trades as collecting
from chalicelib.services.operation.leave_notices import leave_notices
from chalicelib.services.operation.report_collection import report_collection
from chalicelib.services.operation.report_minutes import report_minutes

if TYPE_CHECKING:
    from chalice.app import CloudWatchEvent, S3Event

    from chalicelib.market_ports.lake import Lake
    from chalicelib.market_ports.trades import TradeFlowTable
    from chalicelib.services.market.summarize_trades import MinuteReport

_SWEPT: Final = timedelta(hours=3)
# Kept of a function's time for the answer that is under way, and what is written after it.
_NEEDED: Final = timedelta(seconds=20)
# AWS sends an event that failed once more after a minute, and after two more for the last time.
_TRIED_AGAIN: Final = timedelta(minutes=2)

_LOG = logging.getLogger(__name__)


@bootstrap.made_once
def _lake() -> "Lake":
    return lake()


@bootstrap.made_once
def _table() -> "TradeFlowTable":
    return trade_flow()


def collect_trades(context: Any) -> dict[str, Any]:
    """As far as the time and the venue allow; a venue that does not answer fails nothing here."""
    clock, market = bootstrap.clock(), market_settings()
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    now = clock.now()
    with closing(trade_history()) as history:
        work = Collecting(venue=market.venue, history=history, lake=_lake(), clock=clock)
        turn = in_turn(market.markets, now)
        reports = collecting(work, turn, deadline=now + left - _NEEDED)
    for report in reports:
        if report.trouble:
            _LOG.warning("trades of %s: %s", report.symbol, report.trouble)
    report_collection(notices(), clock, reports)
    return {
        "objects": sum(report.objects for report in reports),
        "behind": [report.symbol for report in reports if not report.is_up_to_date],
    }


def summarize_trades(event: "S3Event") -> dict[str, Any]:
    """One event names one object; StoreUnavailable, so that it counts as failed, if damaged."""
    minute = minute_of(event.key)
    if minute is None:
        return {"minute": None, "trades": 0}
    report = summarizing.summarize_trades(minute, _lake(), _table(), read_trade)
    _tell([report])
    return {"minute": minute.prefix, "trades": report.trades, "rejected": report.rejected}


def sweep_summaries(event: "CloudWatchEvent") -> dict[str, Any]:
    """The last hours. Where it fails again when AWS has tried it again, the owner is told."""
    now = bootstrap.clock().now()
    try:
        report = sweeping.sweep_summaries(
            _lake(), _table(), read_trade, start=now - _SWEPT, end=now
        )
    except StoreUnavailable as error:
        if now - datetime.fromisoformat(event.time) >= _TRIED_AGAIN:
            leave_notices(notices(), [table_unreachable(str(error), now)])
        raise
    _tell(report.mended)
    return {"checked": report.checked, "mended": len(report.mended)}


def _tell(reports: "Sequence[MinuteReport]") -> None:
    """The owner, and by an error whoever counts what failed."""
    report_minutes(notices(), bootstrap.clock(), reports)
    damaged = [key for report in reports for key in report.withheld]
    if damaged:
        raise StoreUnavailable(
            f"{', '.join(damaged)} cannot be read: the rows of these minutes wait until they are"
            " written anew"
        )
