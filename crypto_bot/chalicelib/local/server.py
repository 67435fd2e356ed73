"""waitress on a thread of its own, reading requests side by side: a slow sender delays nobody."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Final

from waitress import wasyncore
from waitress.server import create_server

from chalicelib.domain.errors import SettingsError
from chalicelib.local.uploads import channel_for

_THREADS: Final = 8
_MAXIMUM_HEADER: Final = 16 * 1024
_MAXIMUM_BODY: Final = 64 * 1024  # the webhook itself refuses more than 16 KB, with a sentence
_IDLE_SECONDS: Final = 15
_CONNECTIONS: Final = 2000
_CONNECTIONS_ON_WINDOWS: Final = 400
_LAST_PORT: Final = 65535
_POLL_SECONDS: Final = 0.25
_GRACE_SECONDS: Final = 5


class Server:
    """Bound when made, serving once started; port 0 takes any free one.

    `lets_send` says of the header Authorization whether its sender may send more than an alert has.
    """

    def __init__(
        self,
        application: Any,
        host: str,
        port: int,
        lets_send: Callable[[str], bool] = lambda _: False,
    ) -> None:
        if not 0 <= port <= _LAST_PORT:
            raise SettingsError(f"port is {port}; it must be from 0 (any free one) to {_LAST_PORT}")
        _silence_paths()
        self._sockets: dict[int, Any] = {}
        self._stopping = Event()
        try:
            self._waitress = create_server(
                application,
                map=self._sockets,
                host=host,
                port=port,
                threads=_THREADS,
                connection_limit=_connection_limit(),
                channel_timeout=_IDLE_SECONDS,
                cleanup_interval=5,
                max_request_header_size=_MAXIMUM_HEADER,
                max_request_body_size=_MAXIMUM_BODY,
                asyncore_use_poll=True,
                log_socket_errors=False,
                ident=None,
            )
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"cannot serve on {host} port {port}: {error}; "
                "choose another one with --host and --port"
            ) from error
        self._waitress.channel_class = channel_for(lets_send)
        self.host = host
        self.port = int(self._waitress.effective_port)
        self._thread = Thread(target=self._serve, name="http", daemon=True)

    @property
    def address(self) -> str:
        """Where this machine reaches it, also when it listens on every address."""
        anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked for, not bound
        return anywhere.get(self.host, self.host)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests, finish those that are being worked on, close everything."""
        self._stopping.set()
        self._waitress.pull_trigger()
        self._thread.join()
        wasyncore.close_all(self._sockets)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._poll(_POLL_SECONDS)
        self._waitress.accepting = False
        self._waitress.task_dispatcher.shutdown(cancel_pending=False, timeout=_GRACE_SECONDS)
        self._poll(0)  # what the last requests were answered still has to leave

    def _poll(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._sockets, count=1)


def _without_path(record: logging.LogRecord) -> bool:
    """A request's path may hold a token, and waitress names it when an application fails."""
    if "serving" in str(record.msg):
        record.args = ("a request",)
    return True


def _silence_paths() -> None:
    for name in ("waitress", "waitress.queue"):
        log = logging.getLogger(name)
        log.setLevel(logging.ERROR)
        log.addFilter(_without_path)  # adding it again changes nothing


def _connection_limit() -> int:
    """As many as this process may have files open, less what everything else needs."""
    try:
        import resource
    except ImportError:  # Windows, where it is select that takes no more than 512
        return _CONNECTIONS_ON_WINDOWS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS + 200
    if soft < wanted:
        reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, reachable), hard))
        soft = max(soft, reachable)
    return max(100, min(_CONNECTIONS, soft - 200))
