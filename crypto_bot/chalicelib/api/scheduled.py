"""What the scheduled functions of app.py do: the event's time and the time left -> one service."""

import logging
from datetime import datetime, timedelta
from typing import Any

from chalicelib import bootstrap
from chalicelib.adapters.telemetry.correlation import correlated
from chalicelib.api.watching import after_tick
from chalicelib.ports import TradingPorts
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
    left = _left(context)
    with correlated(context.aws_request_id):
        report = _watched_tick(ports, now + left, context)
        _LOG.info("tick %s", report.summary())
    return {"outcome": report.outcome, "accounts": len(report.accounts)}


def _watched_tick(ports: TradingPorts, deadline: datetime, context: Any) -> ticking.TickReport:
    owner = context.aws_request_id
    try:
        report = ticking.tick(ports, owner=owner, deadline=deadline)
    except Exception as failure:
        after_tick(None, failure, owner=owner, left=_left(context))
        raise
    after_tick(report, owner=owner, left=_left(context))
    return report


def _left(context: Any) -> timedelta:
    return timedelta(milliseconds=context.get_remaining_time_in_millis())


def report_performance() -> dict[str, Any]:
    """One point per account and strategy."""
    points = reporting.report_performance(bootstrap.trading(), bootstrap.analytics())
    return {"points": len(points)}
