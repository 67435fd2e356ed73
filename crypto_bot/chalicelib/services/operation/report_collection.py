"""What went wrong with collecting trades -> notices, stored so that the next tick tells them."""

from collections.abc import Iterable

from chalicelib.domain.market.cutting import REJECTED
from chalicelib.domain.operation.market_notices import messages_rejected, stage_failing
from chalicelib.ports import Clock, NoticeStore
from chalicelib.services.market.collect_trades import CollectReport
from chalicelib.services.operation.leave_notices import leave_notices


def report_collection(notices: NoticeStore, clock: Clock, reports: Iterable[CollectReport]) -> None:
    """Nothing is stored for symbols that are as they should be, or not for long."""
    now = clock.now()
    for report in reports:
        if report.rejected:
            leave_notices(notices, [messages_rejected(report.rejected, REJECTED, now)])
        since = report.progress.failing_since
        if since is not None:
            stage = f"collecting trades of {report.symbol}"
            leave_notices(notices, [stage_failing(stage, since, report.trouble, now)])
