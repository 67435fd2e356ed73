"""What the scheduled functions of app.py do: the event's time and the time left -> one service."""

import logging
from datetime import datetime, timedelta
from typing import Any

from chalicelib import bootstrap
from chalicelib.services.trading import report_performance as reporting
from chalicelib.services.trading import tick as ticking

_LOG = logging.getLogger(__name__)


def tick(scheduled_at: str, context: Any) -> dict[str, Any]:
    """One tick, or none if the event waited in a queue until its successor was due."""
    ports = bootstrap.trading()
    now = ports.clock.now()
    interval = bootstrap.settings().tick_interval
    if interval is not None and now - datetime.fromisoformat(scheduled_at) > interval:
        return {"outcome": "stale", "accounts": 0}
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    report = ticking.tick(ports, owner=context.aws_request_id, deadline=now + left)
    _LOG.info("tick %s", report.summary())
    return {"outcome": report.outcome, "accounts": len(report.accounts)}


def report_performance() -> dict[str, Any]:
    """One point per account and strategy."""
    points = reporting.report_performance(bootstrap.trading(), bootstrap.analytics())
    return {"points": len(points)}
