"""The same posts over a socket, through waitress and the embedded gateway."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPException, HTTPResponse

import app as application
from chalicelib.local.gateway import Gateway
from chalicelib.local.server import Server
from tests.hostile.desk import HostileDesk
from tests.hostile.posts import Post

LARGEST_READ = 64 * 1024  # the server hangs up on what it will never read
LONGEST_HEAD = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Sends a post as it is: no client library puts anything right."""

    address: tuple[str, int]

    def send(self, desk: HostileDesk, post: Post) -> None:
        request = _request(post)
        with socket.create_connection(self.address, timeout=60) as connection:
            try:
                connection.sendall(request)
                answer = HTTPResponse(connection, method=post.method)
                answer.begin()
                body = answer.read()
            except (OSError, HTTPException) as cut:
                self._excuse(desk, post, cut)
                return
        self._judge(desk, post, answer.status, body, answer.getheaders())

    def _judge(
        self, desk: HostileDesk, post: Post, status: int, body: bytes, headers: object
    ) -> None:
        """The server itself refuses, in plain text, what is no HTTP or too large."""
        if status in {400, 413, 431} and b'"status"' not in body:
            post = replace(post, kind="path")
        desk.judge(post, status, body, headers)

    def _excuse(self, desk: HostileDesk, post: Post, cut: Exception) -> None:
        if len(post.body) <= LARGEST_READ and not _is_broken(post):
            desk.complain(f"{cut!r} to {post}")


def _is_broken(post: Post) -> bool:
    return len(str(dict(post.headers))) + len(post.path) > LONGEST_HEAD


def _request(post: Post) -> bytes:
    headers = {"Host": "localhost", "Content-Length": str(len(post.body)), "Connection": "close"}
    headers |= post.headers
    head = f"{post.method} {post.path} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("latin-1", "replace") + b"\r\n" + post.body


@contextmanager
def embedded() -> Iterator[Wire]:
    """The server of `crypto-bot run` on a free port, over the desk's application."""
    gateway = Gateway(application.app, answered=lambda _method, _status: None)
    server = Server(gateway, "127.0.0.1", 0)
    server.start()
    try:
        yield Wire(address=(server.host, server.port))
    finally:
        server.stop()
