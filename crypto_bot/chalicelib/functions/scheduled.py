"""What the scheduled functions of app.py do: the event's time and the time left -> one service."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import sleep
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.adapters.stores.signals import signal_id
from chalicelib.adapters.telemetry.correlation import correlated
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.functions.events import TickEvent
from chalicelib.functions.watching import after_tick
from chalicelib.ports import TradingPorts
from chalicelib.services.trading import report_performance as reporting
from chalicelib.services.trading import tick as ticking

# An urgent signal finds the scheduled tick at work, or an index that does not list it yet: it is
# tried again after so many seconds, while the function has the time, and not only a minute later.
PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
_NEEDED: Final = timedelta(seconds=20)
_BUSY: Final = "busy"

_LOG = logging.getLogger(__name__)


def tick(event: TickEvent, pauses: Sequence[float] = PAUSES) -> dict[str, Any]:
    """One tick, or none if the event waited in a queue until its successor was due."""
    if event.asks:
        from chalicelib.functions.probing import probe

        return probe(event.asks)
    ports = bootstrap.trading()
    interval = bootstrap.settings().tick_interval
    if event.scheduled_at and bootstrap.settings().ticks_on_host:
        return {"outcome": "left to the host", "accounts": 0}
    if event.scheduled_at and interval is not None:
        age = ports.clock.now() - datetime.fromisoformat(event.scheduled_at)
        if age > interval:
            return {"outcome": "stale", "accounts": 0}
    urgent = [signal_id(record["dynamodb"]["Keys"]["pk"]["S"]) for record in event.records]
    with correlated(event.context.aws_request_id):
        report = _logged_tick(ports, event.context)
        for pause in pauses:
            if not _was_missed(ports, urgent, report) or _left(event.context) < _NEEDED:
                break
            sleep(pause)
            report = _logged_tick(ports, event.context)
    return {"outcome": report.outcome, "accounts": len(report.accounts)}


def _was_missed(ports: TradingPorts, urgent: Sequence[str], report: ticking.TickReport) -> bool:
    """Whether the tick could not look at one of these, rather than have decided against it."""
    if report.accounts and all(account.status != _BUSY for account in report.accounts):
        return False
    found = [ports.signals.get(name) for name in urgent]
    return any(s is not None and s.status is SignalStatus.RECEIVED for s in found)


def _logged_tick(ports: TradingPorts, context: Any) -> ticking.TickReport:
    report = _watched_tick(ports, context)
    _LOG.info("tick %s", report.summary())
    return report


def _watched_tick(ports: TradingPorts, context: Any) -> ticking.TickReport:
    owner = _owner(context)
    deadline = ports.clock.now() + _left(context)
    try:
        report = ticking.tick(ports, owner=owner, deadline=deadline)
    except Exception as failure:
        after_tick(None, failure, owner=owner, left=_left(context))
        raise
    after_tick(report, owner=owner, left=_left(context))
    return report


def _owner(context: Any) -> str:
    """Nobody else's at this moment: an event that AWS delivers twice has one request id."""
    return f"{context.aws_request_id} {context.log_stream_name}"


def _left(context: Any) -> timedelta:
    return timedelta(milliseconds=context.get_remaining_time_in_millis())


def report_performance() -> dict[str, Any]:
    """One point per account and strategy."""
    points = reporting.report_performance(bootstrap.trading(), bootstrap.analytics())
    return {"points": len(points)}
