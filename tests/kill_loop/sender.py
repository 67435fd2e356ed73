"""TradingView: alerts fire on their own, are sent again until they are answered, and come twice."""

import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from threading import Event, Lock, Thread
from typing import Any

from tests.functional.running import JSON, TOKEN
from tests.kill_loop.dice import Dice, Wish

_TIMEOUT = 3.0  # after which TradingView gives up
_RESEND_AFTER = 0.6  # TradingView takes 5 s, which is longer than a life here
_AT_ONCE = 8


@dataclass(kw_only=True)
class Alert:
    """One alert and its fate; `signal_ids` has one element when all answers agree."""

    wish: Wish
    state: str
    body: bytes
    deliveries: int = 0
    answers: list[int] = field(default_factory=list)
    signal_ids: set[str] = field(default_factory=set)

    @property
    def is_answered(self) -> bool:
        return 200 in self.answers

    def told(self) -> str:
        return (
            f"alert {self.wish.number}: {self.body.decode()} -> {self.answers} "
            f"in {self.deliveries} deliveries, signal {sorted(self.signal_ids)}"
        )


@dataclass(kw_only=True)
class Sender:
    """`address` is where the program listens, when it does."""

    dice: Dice
    address: str
    ticker: Callable[[str], str]
    alerts: list[Alert] = field(default_factory=list)
    _states: dict[str, str] = field(default_factory=dict)
    _due: list[tuple[float, int, Alert]] = field(default_factory=list)
    _queued: int = 0
    _sending: int = 0
    _lock: Lock = field(default_factory=Lock)
    _quiet: Event = field(default_factory=Event)  # no new alerts
    _ended: Event = field(default_factory=Event)
    _thread: Thread | None = None

    @property
    def answered(self) -> int:
        return sum(alert.is_answered for alert in self.alerts)

    @property
    def acknowledged(self) -> list[Alert]:
        return [alert for alert in self.alerts if alert.is_answered]

    def start(self) -> None:
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def fall_silent(self) -> None:
        """No new alerts; those that wait for an answer are still sent."""
        self._quiet.set()

    def is_done(self) -> bool:
        with self._lock:
            return self._quiet.is_set() and not self._due and not self._sending

    def close(self) -> None:
        self._quiet.set()
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def fire(self, wish: Wish, state: str) -> Alert:
        """A strategy's new wish, as its alert says it; it is on its way."""
        before = self._states.get(wish.strategy, "flat")
        self._states[wish.strategy] = state
        fired = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - TradingView's own clock
        message = {
            "time": fired.isoformat(),
            "strategy": wish.strategy,
            "ticker": self.ticker(wish.strategy),
            "market_position": state,
            "prev_market_position": before,
            "order_id": f"k{wish.number}",
        }
        alert = Alert(wish=wish, state=state, body=json.dumps(message).encode())
        self.alerts.append(alert)
        for _ in range(wish.copies):
            self._queue(alert, 0.0)
        return alert

    def _run(self) -> None:
        next_at, number = time.monotonic(), 0
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            while not self._ended.wait(0.005):
                if time.monotonic() >= next_at and not self._quiet.is_set():
                    wish = self.dice.wish(number)
                    self.fire(wish, self._next_state(wish))
                    next_at, number = time.monotonic() + wish.pause, number + 1
                while (alert := self._next_due()) is not None:
                    pool.submit(self._deliver, alert)

    def _next_state(self, wish: Wish) -> str:
        now = self._states.get(wish.strategy, "flat")
        return now if not wish.turns else "flat" if now == "long" else "long"

    def _queue(self, alert: Alert, after: float) -> None:
        with self._lock:
            self._queued += 1
            heappush(self._due, (time.monotonic() + after, self._queued, alert))

    def _next_due(self) -> Alert | None:
        with self._lock:
            if not self._due or self._due[0][0] > time.monotonic():
                return None
            self._sending += 1
            return heappop(self._due)[2]

    def _deliver(self, alert: Alert) -> None:
        status, body = self._post(alert)
        with self._lock:
            alert.deliveries += 1
            first = status == 200 and not alert.is_answered
            alert.answers.append(status)
            alert.signal_ids |= {body["signal_id"]} if status == 200 else set()
        repeats_after = alert.wish.repeats_after
        if first and repeats_after is not None:
            self._queue(alert, repeats_after)
        elif (status == 0 or status >= 500) and not alert.wish.gives_up:
            self._queue(alert, _RESEND_AFTER)
        with self._lock:
            self._sending -= 1

    def _post(self, alert: Alert) -> tuple[int, Any]:
        """Status and body; status 0 where nobody answered."""
        connection = http.client.HTTPConnection(self.address, timeout=_TIMEOUT)
        path = f"/hook/{alert.wish.strategy}/{TOKEN}"
        try:
            connection.request("POST", path, alert.body, JSON)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}
        finally:
            connection.close()
