"""The embedded run's look after each tick: a thread of its own, so that no tick waits for it."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock, Thread
from typing import Final

from chalicelib.adapters.telemetry.correlation import correlated, correlation
from chalicelib.services.trading.tick import TickReport

_LOG = logging.getLogger(__name__)

_IDLE: Final = "idle"
# Without a tick for so long, it looks why.
_LONGEST_PAUSE: Final = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """How one tick ended, and under which name it logs."""

    report: TickReport | None = None
    failure: BaseException | None = None
    correlation: str = ""

    @property
    def worked(self) -> bool:
        return self.report is not None and self.report.outcome != _IDLE


@dataclass(slots=True, kw_only=True)
class Lookout:
    """Hears of ticks and has them looked after: `look` gets a report or what a tick raised.

    Ticks that follow one another within `pause` seconds are looked after together.
    """

    look: Callable[[TickReport | None, BaseException | None], None]
    pause: float = 2.0
    _heard: list[_Heard] = field(default_factory=list, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)
    _stirred: Event = field(default_factory=Event, init=False)
    _stopping: Event = field(default_factory=Event, init=False)
    _thread: Thread | None = field(default=None, init=False)

    def hear(self, report: TickReport | None, failure: BaseException | None) -> None:
        """A tick ended."""
        with self._lock:
            self._heard.append(_Heard(report=report, failure=failure, correlation=correlation()))
        self._stirred.set()

    def start(self) -> None:
        """Look from now on."""
        self._thread = Thread(target=self._run, name="lookout", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return after a last look at what was heard."""
        self._stopping.set()
        self._stirred.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        # A future keeps what a look raises: the next one starts afresh.
        with ThreadPoolExecutor(1, thread_name_prefix="look") as pool:
            is_last = False
            while not is_last:
                stirred = self._stirred.wait(_LONGEST_PAUSE)
                self._stirred.clear()
                is_last = self._stopping.is_set()
                for heard in self._taken() or ([] if stirred else [_Heard()]):
                    error = pool.submit(partial(self._look, heard)).exception()
                    if error is not None:
                        _LOG.error("the look after a tick failed", exc_info=error)
                self._stopping.wait(self.pause)

    def _taken(self) -> list[_Heard]:
        """Every failure, and the newest good tick that did something, for all the good ones."""
        with self._lock:
            heard, self._heard = self._heard, []
        good = [each for each in heard if each.failure is None]
        stands = next((each for each in reversed(good) if each.worked), good[-1] if good else None)
        return [each for each in heard if each.failure is not None or each is stands]

    def _look(self, heard: _Heard) -> None:
        with correlated(heard.correlation):
            self.look(heard.report, heard.failure)
