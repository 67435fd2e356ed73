"""The embedded stand-in for the cloud's schedule: a thread that ticks and reports."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread
from typing import Final

from chalicelib.adapters.telemetry.correlation import correlated
from chalicelib.local.tally import Tally
from chalicelib.local.waiting import Waiting, what_waits
from chalicelib.ports import AnalyticsStore, TradingPorts
from chalicelib.services.trading.next_due import next_due
from chalicelib.services.trading.report_performance import report_performance
from chalicelib.services.trading.tick import TickReport, tick

_LOG = logging.getLogger(__name__)

_LONGEST_PAUSE: Final = 60.0
_TICK_BUDGET: Final = timedelta(seconds=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Seconds between two ticks at most, and between two reports at least.

    `look` is how often it looks for work that another process has left; while nothing stirs it,
    it is also the least between two ticks.
    """

    tick: float = 60.0
    report: float = 3600.0
    look: float = 1.0


def _unheard(_report: TickReport | None, _failure: BaseException | None) -> None:
    return None


@dataclass(slots=True, kw_only=True)
class Schedule:
    """Ticks every `rhythm.tick` seconds, and when something falls due; `ended` hears of each.

    Work that a tick could not move is tried again after 2, 4, 8 ... seconds: a venue that is down
    need not be told so every second.
    """

    ports: TradingPorts
    analytics: AnalyticsStore
    tally: Tally
    owner: str
    ended: Callable[[TickReport | None, BaseException | None], None] = _unheard
    rhythm: Rhythm = field(default_factory=Rhythm)
    _pause: float = field(default=0.0, init=False)
    _seen: Waiting = field(default=frozenset(), init=False)
    _stirred: Event = field(default_factory=Event, init=False)
    _stopping: Event = field(default_factory=Event, init=False)
    _thread: Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Tick once at once, then in rhythm."""
        self._pause = self.rhythm.look
        self._thread = Thread(target=self._run, name="schedule", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return when the running tick has ended; there will be no other."""
        self._stopping.set()
        self._stirred.set()
        if self._thread is not None:
            self._thread.join()

    def hear(self, method: str, status: int) -> None:
        """A request was answered: what is due next may have changed."""
        self.tally.answered(method, status)
        if method == "POST":
            self._stirred.set()

    def _run(self) -> None:
        reported = time.monotonic() - self.rhythm.report
        # A future keeps what a tick raises: as in the cloud, the next one starts afresh.
        with ThreadPoolExecutor(1, thread_name_prefix="tick") as pool:
            while not self._stopping.is_set():
                self._stirred.clear()
                moved = self._attempt(pool, self._tick)
                self._pause = self.rhythm.look if moved else min(2 * self._pause, _LONGEST_PAUSE)
                if time.monotonic() - reported >= self.rhythm.report:
                    began = time.monotonic()
                    # Before anything is booked there are no figures: the first come soon after.
                    if self._attempt(pool, self._report):
                        reported = began
                self._rest(pool)

    def _rest(self, pool: ThreadPoolExecutor) -> None:
        """Until there is new work, or time to try the old again, or the rhythm has come round."""
        began = time.monotonic()
        left, look = self.rhythm.tick, self.rhythm.look
        while not self._stopping.is_set() and left > 0:
            self._stirred.wait(min(look, left))
            self._stirred.clear()
            rested = time.monotonic() - began
            left = self.rhythm.tick - rested
            seen = pool.submit(self._seconds_until_due)
            due = None if seen.exception() else seen.result()
            look = min(self._pause - rested if due is None else due, self.rhythm.look)
            if look <= 0:
                return

    def _seconds_until_due(self) -> float | None:
        """0 for work that no tick has seen yet, None for what the last one could not move."""
        due = next_due(self.ports)  # two reads, and mostly there is nothing
        if due is None:
            return self.rhythm.tick
        seconds = (due - self.ports.clock.now()).total_seconds()
        if seconds > 0:
            return seconds
        if what_waits(self.ports) <= self._seen:
            return None
        self._pause = self.rhythm.look
        return 0

    def _attempt(self, pool: ThreadPoolExecutor, work: Callable[[], bool]) -> bool:
        """Whether it got on."""
        future = pool.submit(work)
        error = future.exception()
        if error is None:
            return future.result()
        _LOG.error("%s failed", work.__name__.strip("_"), exc_info=error)
        self.tally.failed(error)
        return False

    def _tick(self) -> bool:
        self._seen = what_waits(self.ports)
        now = self.ports.clock.now()
        with correlated(f"{self.owner}-{now:%Y%m%dT%H%M%S}"):
            try:
                report = tick(self.ports, owner=self.owner, deadline=now + _TICK_BUDGET)
            except Exception as failure:
                self.ended(None, failure)
                raise
            self.tally.ticked(report)
            self.ended(report, None)
        done = (a.plans or a.orders_sent or a.fills_booked for a in report.accounts)
        return not report.accounts or any(done)

    def _report(self) -> bool:
        return bool(report_performance(self.ports, self.analytics))
