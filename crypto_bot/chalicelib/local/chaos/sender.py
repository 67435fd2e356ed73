"""Alerts as an impatient TradingView sends them: again until they are taken, some of them twice."""

import http.client
import json
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Event, Thread
from typing import Final

from chalicelib.local.demo import Cast, Message, Script, deliver
from chalicelib.ports import Clock

_BETWEEN: Final = 0.4
_AGAIN: Final = 0.25
_TWICE_EVERY: Final = 4
_OK: Final = 200
_SERVER_ERROR: Final = 500


@dataclass(slots=True, kw_only=True)
class Sender:
    """A thread. `taken` are the ids of the signals that were answered with 200."""

    clock: Clock
    address: tuple[str, int]
    tokens: dict[str, str]
    seed: str
    taken: set[str] = field(default_factory=set, init=False)
    alerts: int = field(default=0, init=False)
    deliveries: int = field(default=0, init=False)
    refused: list[str] = field(default_factory=list, init=False)
    _stopping: Event = field(default_factory=Event, init=False)
    _giving_up: Event = field(default_factory=Event, init=False)
    _thread: Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Send the first alert at once."""
        self._thread = Thread(target=self._play, name="chaos sender", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Begin no other alert, and return when the last one is taken."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def abandon(self) -> None:
        """Try no further, whatever was taken."""
        self._stopping.set()
        self._giving_up.set()

    def _play(self) -> None:
        script = Script(clock=self.clock, seed=self.seed)
        for role, message in script.alerts():
            self.alerts += 1
            for _ in range(1 + self._is_sent_twice()):
                self._send(role, message)
            if self._stopping.wait(_BETWEEN):
                return

    def _is_sent_twice(self) -> bool:
        text = f"{self.seed}twice|{self.alerts}"
        return sha256(text.encode()).digest()[0] % _TWICE_EVERY == 0

    def _send(self, role: Cast, message: Message) -> None:
        """Until somebody takes it or says that it is wrong."""
        while not self._giving_up.is_set():
            self.deliveries += 1
            try:
                status, body = deliver(self.address, role, self.tokens[role.name], message)
            except (OSError, http.client.HTTPException):
                self._giving_up.wait(_AGAIN)  # nobody is there, or died over it
                continue
            if status == _OK:
                self.taken.add(json.loads(body)["signal_id"])
                return
            if status < _SERVER_ERROR:
                self.refused.append(f"{status}: {body.decode('utf-8', 'replace')}")
                return
            self._giving_up.wait(_AGAIN)
