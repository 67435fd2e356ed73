"""Counts of one run, kept by the threads of the server and of the schedule."""

from dataclasses import dataclass, field
from threading import Lock

from chalicelib.services.trading.tick import TickReport


@dataclass(slots=True)
class Tally:
    """What has happened since the start. `last_tick` is the newest tick's own summary."""

    alerts: int = 0
    refused: int = 0
    ticks: int = 0
    plans: int = 0
    orders: int = 0
    fills: int = 0
    failures: int = 0
    last_tick: str = ""
    _lock: Lock = field(default_factory=Lock)

    def answered(self, method: str, status: int) -> None:
        """Count an answer to somebody who sent something."""
        if method != "POST":
            return
        with self._lock:
            if status < 300:  # noqa: PLR2004 - HTTP's border between done and not done
                self.alerts += 1
            else:
                self.refused += 1

    def ticked(self, report: TickReport) -> None:
        """Count what a tick did."""
        with self._lock:
            self.ticks += 1
            self.plans += sum(account.plans for account in report.accounts)
            self.orders += sum(account.orders_sent for account in report.accounts)
            self.fills += sum(account.fills_booked for account in report.accounts)
            self.last_tick = report.summary()

    def failed(self, error: BaseException) -> None:
        """Count a tick that raised."""
        with self._lock:
            self.failures += 1
            self.last_tick = f"failed: {error}"
