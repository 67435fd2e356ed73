"""Bytes on a loopback socket <-> Request and Answer, or a socket that closes without a word."""

import json
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: str = ""

    @property
    def params(self) -> dict[str, str]:
        """Query and form together; Gemini's arguments are in a header instead."""
        form = "application/x-www-form-urlencoded" in self.headers.get("content-type", "")
        text = f"{self.query}&{self.body}" if form else self.query
        return dict(parse_qsl(text, keep_blank_values=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int = 200
    body: str = "{}"
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(
    value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    body = json.dumps(value, separators=(",", ":"))
    return Answer(status=status, body=body, headers=headers or {})


# None: close the socket without an answer.
Serve = Callable[[Request], Answer | None]


class Httpd(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], serve: Serve) -> None:
        super().__init__(address, _Handler)
        self.serve = serve
        self.connections: set[socket.socket] = set()

    def drop_connections(self) -> None:
        # Handler threads block on the next request of a kept-alive socket: this frees them.
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that gave up is what the faults are for; anything else is our own mistake.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def serving(serve: Serve) -> Iterator[str]:
    """The address under which it answers; when this ends, so has every thread of it."""
    server = Httpd(("127.0.0.1", 0), serve)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.drop_connections()
        server.server_close()
        thread.join(timeout=20)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet
    server: Httpd

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with suppress(ConnectionError):
            super().finish()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        request = Request(
            method=self.command,
            path=url.path,
            query=url.query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length).decode("utf-8"),
        )
        answer = self.server.serve(request)
        if answer is None:
            self.close_connection = True
            return
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass
