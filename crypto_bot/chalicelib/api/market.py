"""The functions of market data, woken by S3 and by the schedule.

What they open is kept for the next event of the same function.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.bootstrap.market import lake, trade_flow
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.minute import minute_of
from chalicelib.services.market import summarize_trades as summarizing
from chalicelib.services.market import sweep_summaries as sweeping

if TYPE_CHECKING:
    from chalice.app import S3Event

    from chalicelib.market_ports import Lake, TradeFlowTable
    from chalicelib.services.market.summarize_trades import MinuteReport

_SWEPT: Final = timedelta(hours=3)


@bootstrap.made_once
def _lake() -> "Lake":
    return lake()


@bootstrap.made_once
def _table() -> "TradeFlowTable":
    return trade_flow()


def summarize_trades(event: "S3Event") -> dict[str, Any]:
    """One event names one object; StoreUnavailable, so that it counts as failed, if damaged."""
    minute = minute_of(event.key)
    if minute is None:
        return {"minute": None, "trades": 0}
    report = summarizing.summarize_trades(minute, _lake(), _table())
    _refuse_damaged([report])
    return {"minute": minute.prefix, "trades": report.trades, "rejected": report.rejected}


def sweep_summaries() -> dict[str, Any]:
    """The last hours."""
    now = bootstrap.clock().now()
    report = sweeping.sweep_summaries(_lake(), _table(), start=now - _SWEPT, end=now)
    _refuse_damaged(report.mended)
    return {"checked": report.checked, "mended": len(report.mended)}


def _refuse_damaged(reports: "list[MinuteReport] | tuple[MinuteReport, ...]") -> None:
    damaged = [key for report in reports for key in report.withheld]
    if damaged:
        raise StoreUnavailable(
            f"{', '.join(damaged)} cannot be read: the rows of these minutes wait until they are"
            " written anew"
        )
