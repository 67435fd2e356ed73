"""The embedded stand-in for the cloud's schedule: a thread that ticks and reports."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread
from typing import Final

from chalicelib.local.tally import Tally
from chalicelib.ports import AnalyticsStore, TradingPorts
from chalicelib.services.trading.next_due import next_due
from chalicelib.services.trading.report_performance import report_performance
from chalicelib.services.trading.tick import tick

_LOG = logging.getLogger(__name__)

# Work that stays due although a tick has just looked at it is looked at again after this.
_SHORTEST_PAUSE: Final = 1.0
_TICK_BUDGET: Final = timedelta(seconds=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Seconds between two ticks at most, and between two reports at least."""

    tick: float = 60.0
    report: float = 3600.0


@dataclass(slots=True, kw_only=True)
class Schedule:
    """Ticks every `rhythm.tick` seconds, and when something falls due."""

    ports: TradingPorts
    analytics: AnalyticsStore
    tally: Tally
    owner: str
    rhythm: Rhythm = field(default_factory=Rhythm)
    _stirred: Event = field(default_factory=Event, init=False)
    _stopping: Event = field(default_factory=Event, init=False)
    _thread: Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Tick once at once, then in rhythm."""
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
                self._attempt(pool, self._tick)
                if time.monotonic() - reported >= self.rhythm.report:
                    reported = time.monotonic()
                    self._attempt(pool, self._report)
                self._rest(pool)

    def _rest(self, pool: ThreadPoolExecutor) -> None:
        """Until something is due, or the rhythm has come round."""
        end = time.monotonic() + self.rhythm.tick
        least = 0.0 if self._stirred.is_set() else _SHORTEST_PAUSE
        while not self._stopping.is_set():
            self._stirred.clear()
            pause = min(end - time.monotonic(), max(self._seconds_until_due(pool), least))
            if pause <= 0 or not self._stirred.wait(pause):
                return
            least = 0.0

    def _attempt(self, pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
        error = pool.submit(work).exception()
        if error is not None:
            _LOG.error("%s failed", work.__name__.strip("_"), exc_info=error)
            self.tally.failed(error)

    def _tick(self) -> None:
        deadline = self.ports.clock.now() + _TICK_BUDGET
        self.tally.ticked(tick(self.ports, owner=self.owner, deadline=deadline))

    def _report(self) -> None:
        report_performance(self.ports, self.analytics)

    def _seconds_until_due(self, pool: ThreadPoolExecutor) -> float:
        look = pool.submit(next_due, self.ports)
        if look.exception() is not None or (due := look.result()) is None:
            return self.rhythm.tick
        return (due - self.ports.clock.now()).total_seconds()
