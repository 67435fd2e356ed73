"""Counts and troubles of one run, kept by the threads of the server and of the schedule."""

import logging
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from chalicelib.local.logs import without_paths
from chalicelib.local.view import Trouble
from chalicelib.services.trading.tick import AccountReport, TickReport

_LOG = logging.getLogger(__name__)
_IDLE: Final = "idle"
_WORKED: Final = "worked"
_BUSY: Final = "busy"  # somebody else works there: neither trouble nor the end of it


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
    _troubles: dict[str, Trouble] = field(default_factory=dict)
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
            for account in report.accounts:
                self._judge(account)
        if report.outcome != _IDLE:
            _LOG.info("tick: %s", without_paths(report.summary()))

    def troubles(self) -> tuple[Trouble, ...]:
        """Accounts that could not be worked on when a tick last tried, by name."""
        with self._lock:
            return tuple(self._troubles[name] for name in sorted(self._troubles))

    def _judge(self, report: AccountReport) -> None:
        """Whatever changes is logged once."""
        before = self._troubles.get(report.account)
        if report.status == _WORKED and before is not None:
            del self._troubles[report.account]
            _LOG.warning("account %s works again", report.account)
        if report.status in {_WORKED, _BUSY}:
            return
        now = Trouble(account=report.account, status=report.status, detail=report.detail)
        if now != before:
            self._troubles[report.account] = now
            _LOG.warning("%s", without_paths(now.sentence()))

    def failed(self, error: BaseException) -> None:
        """Count a tick that raised."""
        with self._lock:
            self.failures += 1
            self.last_tick = f"failed: {error}"
