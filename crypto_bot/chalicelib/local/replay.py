"""A replay's time: the newest alert's fire time, with every tick that was due on the way there.

Requests come in one at a time, and nothing here looks at the machine's clock to decide what a tick
sees, so that the same alerts give the same books to the last byte.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import Final

from chalicelib.adapters.clock import ReplayClock
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Configuration, Halt, HaltLevel, Mode
from chalicelib.local.tally import Tally
from chalicelib.ports import AnalyticsStore, ControlStore, Heartbeat, Lease, TradingPorts
from chalicelib.services.replay.minute_ticks import MinuteTicks
from chalicelib.services.trading.report_performance import report_performance

# What is still due this long after the last alert is not about the alerts any more.
_AFTERMATH: Final = timedelta(days=1)
_IDLE_SECONDS: Final = 5.0
_OWNER: Final = "replay"
_MARK: Final = "replay: "


def refuse_real_accounts(configuration: Configuration) -> None:
    """SettingsError for the first account that is not virtual: a replay must not reach a venue."""
    for account in configuration.accounts.values():
        if account.mode is not Mode.VIRTUAL:
            raise SettingsError(
                f"account {account.name} has mode {account.mode}; a replay trades virtual accounts "
                "only: use a home folder in which every account has mode virtual"
            )


class _ReplayedControl:
    """`ControlStore` whose beats say that they are a replay's.

    Each in the one write that it takes anyway: a kill never leaves a beat of unknown kind.
    """

    def __init__(self, store: ControlStore) -> None:
        self._store = store

    def halt_level(self) -> HaltLevel:
        """See `ControlStore.halt_level`."""
        return self._store.halt_level()

    def last_halt(self) -> Halt | None:
        """See `ControlStore.last_halt`."""
        return self._store.last_halt()

    def set_halt(self, level: HaltLevel, reason: str, at: datetime) -> HaltLevel:
        """See `ControlStore.set_halt`."""
        return self._store.set_halt(level, reason, at)

    def acquire(self, account: str, owner: str, now: datetime, duration: timedelta) -> Lease | None:
        """See `ControlStore.acquire`."""
        return self._store.acquire(account, owner, now, duration)

    def release(self, lease: Lease) -> None:
        """See `ControlStore.release`."""
        self._store.release(lease)

    def beat(self, heartbeat: Heartbeat) -> None:
        """See `ControlStore.beat`."""
        self._store.beat(replace(heartbeat, outcome=_MARK + heartbeat.outcome))

    def last_beat(self) -> Heartbeat | None:
        """See `ControlStore.last_beat`."""
        return self._store.last_beat()


@dataclass(slots=True, kw_only=True)
class Replay:
    """Moves `clock` to each authentic alert's time, and ticks on the way.

    `turn` is the gateway's, `on_fire_time` the inbox's; the ports are asked for when first needed,
    because the inbox comes before them.
    """

    ports: Callable[[], TradingPorts]
    analytics: Callable[[], AnalyticsStore]
    tally: Tally
    clock: ReplayClock
    _lock: Lock = field(default_factory=Lock, init=False)
    _stopping: Event = field(default_factory=Event, init=False)
    _busy_until: float = field(default=0.0, init=False)
    _unfinished: bool = field(default=False, init=False)
    _ticks: MinuteTicks | None = field(default=None, init=False)
    _thread: Thread | None = field(default=None, init=False)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One request at a time."""
        with self._lock:
            yield
            self._busy_until = time.monotonic() + _IDLE_SECONDS

    def hear(self, method: str, status: int) -> None:
        """A request was answered."""
        self.tally.answered(method, status)

    def on_fire_time(self, fired_at: datetime) -> None:
        """Tick at every minute up to then in which something is due; it is then then."""
        self._ticking().until(fired_at)
        self.clock.advance_to(fired_at)
        self._unfinished = True

    def start(self) -> None:
        """Go on where an earlier replay ended; finish what is due whenever alerts stay away.

        SettingsError where the newest tick was none of a replay's: it would be that time from the
        start, and every recorded alert would be too old.
        """
        beat = self.ports().control.last_beat()
        if beat is not None:
            if not beat.outcome.startswith(_MARK):
                raise SettingsError(
                    f"ordinary ticks have run in this home, the last at {beat.at:%Y-%m-%d %H:%M} "
                    "UTC, and a replay cannot go back before them; choose another folder with "
                    "--home"
                )
            self.clock.advance_to(beat.at)
            self._ticking().last = beat.at
        self._thread = Thread(target=self._finish_when_idle, name="replay", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is due."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._finish()

    def _finish_when_idle(self) -> None:
        while not self._stopping.wait(1):
            if self._unfinished and time.monotonic() > self._busy_until:
                self._finish()

    def _finish(self) -> None:
        with self._lock:
            if self._unfinished:
                self._ticking().until(self.clock.now() + _AFTERMATH)
                self._unfinished = False
                report_performance(self.ports(), self.analytics())

    def _ticking(self) -> MinuteTicks:
        if self._ticks is None:
            ports = self.ports()
            self._ticks = MinuteTicks(
                ports=replace(ports, control=_ReplayedControl(ports.control)),
                owner=_OWNER,
                move=self.clock.advance_to,
                told=self.tally.ticked,
            )
        return self._ticks
