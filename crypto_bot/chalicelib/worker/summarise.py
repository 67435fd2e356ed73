"""`crypto-bot worker summarise`: minutes of the lake into the table, and an hourly sweep."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap.market import folder_lake, trade_flow
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.market.minute import minute_of
from chalicelib.drivers.trade_codec import read_trade
from chalicelib.market_ports.lake import Lake, LakeChanges
from chalicelib.market_ports.trades import TradeFlowTable
from chalicelib.services.market.summarize_trades import REJECTED, MinuteReport, summarize_trades
from chalicelib.services.market.sweep_summaries import sweep_summaries
from chalicelib.services.operation.report_minutes import report_minutes
from chalicelib.worker.rounds import Round, work_in_rounds

_LOG = logging.getLogger(__name__)
_AT_ONCE: Final = 1_000
_LOOK_AGAIN: Final = 1.0
_SWEEP_EVERY: Final = timedelta(hours=1)
SWEPT: Final = timedelta(hours=3)


@dataclass(slots=True, kw_only=True)
class _Work:
    lake: Lake
    changes: LakeChanges
    table: TradeFlowTable
    now: Callable[[], datetime]
    wait: Callable[[float], object]
    swept_at: datetime | None = None


def summarise(stopping: Event, *, once: bool) -> None:
    """Until stopped; with `once` until every change of the lake has been seen to."""

    @contextmanager
    def opened() -> Iterator[Round]:
        with closing(folder_lake()) as lake, closing(trade_flow()) as table:
            work = _Work(
                lake=lake,
                changes=lake,
                table=table,
                now=bootstrap.clock().now,
                wait=stopping.wait,
            )
            yield lambda: _round(work, once=once)

    work_in_rounds(opened, stopping, stage="worker summarise")


def _round(work: _Work, *, once: bool) -> bool:
    changes = work.changes.changes(_AT_ONCE)
    minutes = {minute_of(change.key) for change in changes}
    for minute in sorted(minute for minute in minutes if minute is not None):
        tell(summarize_trades(minute, work.lake, work.table, read_trade))
    work.changes.seen(changes)
    if once:
        return bool(changes)
    now = work.now()
    if work.swept_at is None or now - work.swept_at >= _SWEEP_EVERY:
        work.swept_at = now
        swept = sweep_summaries(work.lake, work.table, read_trade, start=now - SWEPT, end=now)
        for report in swept.mended:
            tell(report)
    elif not changes:
        work.wait(_LOOK_AGAIN)
    return True


def tell(report: MinuteReport) -> None:
    """What the owner has to look into."""
    if not report.withheld and not report.rejected:
        return
    name = report.minute.prefix
    for key in report.withheld:
        _LOG.error("%s cannot be read: the row of %s waits until it is written anew", key, name)
    if report.rejected:
        _LOG.warning("%d lines of %s are not in its row; see %s", report.rejected, name, REJECTED)
    report_minutes(notices(), bootstrap.clock(), [report])
