"""Hostile HTTP: it delays no good alert by more than a second, and no token reaches a log."""

import socket
import time
from contextlib import ExitStack

import pytest

from tests.functional.running import PATIENCE, TOKEN, configure, running

HEAD = f"POST /hook/btc/{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
SLOW_CLIENTS = 200


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    configure(home)
    with running(home) as program:
        yield program
        assert program.interrupt() == 0
        assert TOKEN not in "\n".join(program.lines)
        assert TOKEN not in (home / "crypto-bot.log").read_text(encoding="utf-8")


def first_line(program, request: bytes, patience: float = PATIENCE) -> bytes:
    """What it answers; b"" if it hangs up, b"..." if it waits for more."""
    with socket.create_connection(("127.0.0.1", program.port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        connection.settimeout(patience)
        try:
            return connection.recv(4096).split(b"\r\n")[0]
        except TimeoutError:
            return b"..."
        except ConnectionResetError:
            return b""


def is_taken_within_a_second(program) -> bool:
    """At the third try at the latest: a disk is slow now and then, a busy program each time."""
    for _ in range(3):
        began = time.monotonic()
        assert program.alert("long") == 200
        if time.monotonic() - began < 1:
            return True
    return False


@pytest.mark.parametrize(
    ("request_bytes", "answer"),
    [
        (HEAD + b"\r\n", b"HTTP/1.1 400 Bad Request"),
        (HEAD + b"Content-Length: -1\r\n\r\n{}", b"HTTP/1.1 400 Bad Request"),
        (HEAD + b"Content-Length: two\r\n\r\n{}", b"HTTP/1.1 400 Bad Request"),
        (HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}", b""),
        (HEAD + b"Content-Length: 100\r\n\r\n{}", b"..."),
        (HEAD + b"Content-Length: 999999999\r\n\r\n{}", b"HTTP/1.1 413 Request Entity Too Large"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 400 Bad Request"),
        (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", b"HTTP/1.1 501 Not Implemented"),
        (
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            b"HTTP/1.1 400 Bad Request",
        ),
        (b"\x00\xff\x16\x03\x01\r\n\r\n", b"HTTP/1.0 400 Bad Request"),
        (b"GET //[ HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404 Not Found"),
        (b"GET /hook/btc/x HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 405 Method Not Allowed"),
        (
            HEAD + b"X: " + b"x" * 40_000 + b"\r\n\r\n",
            b"HTTP/1.0 431 Request Header Fields Too Large",
        ),
    ],
)
def test_broken_requests_are_answered_or_dropped(program, request_bytes, answer):
    patience = 0.5 if answer == b"..." else PATIENCE
    assert first_line(program, request_bytes, patience) == answer
    assert is_taken_within_a_second(program)


def test_a_chunked_alert_is_an_alert(program):
    body = b'{"ticker": "BTCUSDT", "market_position": "flat"}'
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    request = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
    assert first_line(program, request) == b"HTTP/1.1 200 OK"


def test_too_long_a_body_is_413_whoever_refuses_it(program):
    for length in (20_000, 1_000_000):
        try:
            assert program.post(b" " * length) == 413
        except (BrokenPipeError, ConnectionResetError):
            assert length > 64 * 1024  # it hangs up on what it will never read


def test_two_hundred_slow_clients_delay_nobody(program):
    with ExitStack() as stack:
        for number in range(SLOW_CLIENTS):
            connection = socket.create_connection(("127.0.0.1", program.port), timeout=PATIENCE)
            stack.enter_context(connection)
            started = HEAD + b"Content-Length: 5000\r\n\r\n" + b"{" * number
            connection.sendall(started[: len(HEAD) - 7] if number % 2 else started)
        assert is_taken_within_a_second(program)
        assert is_taken_within_a_second(program)
