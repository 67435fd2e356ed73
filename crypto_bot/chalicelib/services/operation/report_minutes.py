"""What went wrong with minutes of trades -> notices, stored so that the next tick tells them."""

from collections.abc import Iterable

from chalicelib.domain.operation.market_notices import lines_rejected, minute_withheld
from chalicelib.ports import Clock, NoticeStore
from chalicelib.services.market.summarize_trades import REJECTED, MinuteReport
from chalicelib.services.operation.leave_notices import leave_notices


def report_minutes(notices: NoticeStore, clock: Clock, reports: Iterable[MinuteReport]) -> None:
    """Nothing is stored for minutes that are as they should be."""
    now = clock.now()
    for report in reports:
        if report.withheld:
            leave_notices(notices, [minute_withheld(report.minute, report.withheld, now)])
        if report.rejected:
            leave_notices(notices, [lines_rejected(report.minute, report.rejected, REJECTED, now)])
