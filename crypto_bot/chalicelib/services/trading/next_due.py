"""When the next tick has something to do; for schedulers that need not run every minute."""

from datetime import datetime

from chalicelib.ports import TradingPorts


def next_due(ports: TradingPorts) -> datetime | None:
    """The earliest due time of any signal or account; None while nothing waits."""
    times = [t for t in (ports.signals.next_due(), ports.plans.next_due()) if t is not None]
    return min(times, default=None)
