"""The connection to Binance's streams: kept open, and replaced before it ends.

`websockets` reads in a thread of its own, answers the server's pings and holds a bounded number of
frames. Who reads late makes it stop reading, and so the server wait; in the end the server cuts.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from chalicelib.domain.market.stream_connection import Timing
from chalicelib.domain.market.stream_message import announces_end
from chalicelib.drivers.trust import trust

_LOG = logging.getLogger(__name__)
_OPEN_TIMEOUT: Final = 10.0
_CLOSE_TIMEOUT: Final = 1.0
_PING_EVERY: Final = 20.0
_PONG_WITHIN: Final = 60.0
_MOST_FRAMES: Final = 4_096
_LARGEST_FRAME: Final = 1 << 18


@dataclass(slots=True, kw_only=True)
class _Connection:
    socket: ClientConnection
    closing: ExitStack
    opened_at: float
    end_is_announced: bool = False
    close_at: float | None = None


class BinanceSockets:
    """One connection to all the streams, and two while it is being replaced."""

    def __init__(self, address: str, names: Sequence[str], timing: Timing) -> None:
        self._url = f"{address.rstrip('/')}/stream?streams={'/'.join(names)}"
        self._tls = trust() if address.startswith("wss:") else None
        self._timing = timing
        self._open: list[_Connection] = []  # the one that is to be closed first
        self._failures = 0
        self._connect_at = 0.0
        self._connections = 0
        self.breaks = 0  # how often there was none, so that what the server said is not known

    def receive(self, limit: int, wait: float) -> list[bytes]:
        """At most `limit` frames after at most `wait` seconds, and the time to connect."""
        now = time.monotonic()
        if self._needs_another(now) and now >= self._connect_at:
            self._connect()
        frames: list[bytes] = []
        for connection in tuple(self._open):
            is_last = connection is self._open[-1]
            frames += self._read(
                connection, limit - len(frames), wait if is_last and not frames else 0.0
            )
            if connection.close_at is not None and time.monotonic() >= connection.close_at:
                self._drop(connection)
        if not self._open:
            time.sleep(max(0.0, min(wait, self._connect_at - time.monotonic())))
        return frames

    def close(self) -> None:
        """End all connections."""
        for connection in tuple(self._open):
            self._drop(connection)

    def _needs_another(self, now: float) -> bool:
        if not self._open:
            return True
        newest = self._open[-1]
        return self._timing.is_to_be_replaced(
            now - newest.opened_at, end_is_announced=newest.end_is_announced
        )

    def _connect(self) -> None:
        with ExitStack() as opening:
            try:
                socket = opening.enter_context(
                    connect(
                        self._url,
                        ssl=self._tls,
                        proxy=None,
                        compression=None,
                        open_timeout=_OPEN_TIMEOUT,
                        close_timeout=_CLOSE_TIMEOUT,
                        ping_interval=_PING_EVERY,
                        ping_timeout=_PONG_WITHIN,
                        max_size=_LARGEST_FRAME,
                        max_queue=_MOST_FRAMES,
                    )
                )
            except (OSError, InvalidHandshake, ConnectionClosed) as error:
                self._failed(_reason(error), asked_to_wait=_wait_asked_for(error))
                return
            made = _Connection(socket=socket, closing=opening.pop_all(), opened_at=time.monotonic())
        for replaced in self._open:
            replaced.close_at = made.opened_at + self._timing.overlap
            self._judge(replaced)
        if self._connections and not self._open:
            self.breaks += 1
        self._connections += 1
        self._open.append(made)

    def _read(self, connection: _Connection, limit: int, wait: float) -> list[bytes]:
        frames: list[bytes] = []
        try:
            while len(frames) < limit:
                frame = connection.socket.recv(timeout=0 if frames else wait, decode=False)
                if announces_end(frame):
                    _LOG.info("the server is about to end the connection; connecting anew")
                    connection.end_is_announced = True
                else:
                    frames.append(frame)
        except TimeoutError:
            pass
        except ConnectionClosed as error:
            is_replaced = connection.close_at is not None
            self._drop(connection)
            if not is_replaced:
                self._judge(connection)
                _LOG.warning("the connection ended (%s); connecting anew", error)
        return frames

    def _judge(self, connection: _Connection) -> None:
        """One that did not live is followed by the next one after a pause."""
        now = time.monotonic()
        settled = now - connection.opened_at >= min(self._timing.settled, self._timing.lifetime)
        self._failures = 0 if settled else self._failures + 1
        self._connect_at = now + self._timing.pause_before(self._failures)

    def _failed(self, reason: str, *, asked_to_wait: float) -> None:
        self._failures += 1
        pause = max(self._timing.pause_before(self._failures), asked_to_wait)
        self._connect_at = time.monotonic() + pause
        _LOG.warning("connecting failed (%s); trying again in %.0f s", reason, pause)

    def _drop(self, connection: _Connection) -> None:
        self._open.remove(connection)
        connection.closing.close()


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _wait_asked_for(error: Exception) -> float:
    """Too many connections: the server says for how long none may be opened."""
    if not isinstance(error, InvalidStatus):
        return 0.0
    text = error.response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0
