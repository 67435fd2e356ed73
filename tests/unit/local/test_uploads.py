"""How much a request may have: an alert's size from anybody, more from who may send it."""

import http.client
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.access import access_tokens, holder_of, may_send_more
from chalicelib.domain.operation.role import AccessToken, Role
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.local.server import Server
from chalicelib.local.uploads import LARGEST

USUAL = 64 * 1024
GOOD = {"Authorization": "Bearer good"}
asked: list[str] = []


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(len(body)).encode()]


def lets_send(authorization: str) -> bool:
    asked.append(authorization)
    return authorization == GOOD["Authorization"]


@pytest.fixture
def port() -> Iterator[int]:
    asked.clear()
    server = Server(application, "127.0.0.1", 0, lets_send)
    server.start()
    yield server.port
    server.stop()


def send(
    port: int, size: int, headers: dict[str, str], *, chunked: bool = False
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    whole = b"x" * size
    body: Any = whole
    if chunked:
        body = (whole[at : at + 10_000] for at in range(0, size, 10_000))
    try:
        connection.request("POST", "/", body=body, headers=headers, encode_chunked=chunked)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_who_may_send_more_is_asked_about_large_requests_alone(port):
    assert send(port, USUAL - 1, {}) == (200, str(USUAL - 1))
    assert asked == []
    assert send(port, 2 * USUAL, GOOD) == (200, str(2 * USUAL))
    assert asked == ["Bearer good"]
    assert send(port, 10, {}) == (200, "10")  # one sender's right is not the next one's


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer bad"}], ids=["none", "bad"])
def test_a_stranger_sends_no_more_than_an_alert(port, headers):
    try:
        status, _ = send(port, 2 * USUAL, headers)
    except (BrokenPipeError, ConnectionResetError):  # it hangs up on what it will never read
        return
    assert status == 413


def test_the_runs_own_token_alone_may_send_more_and_no_store_is_asked():
    """It is decided on the one thread that takes all alerts."""
    strangers = ("", "Bearer ", "Bearer desk-s", "the-run-s-own", "Bearer caf\u00e9")
    table = SqliteTable(":memory:")
    bootstrap.use(Choices(table=table, owner_token="the-run-s-own"))
    access_tokens().change(
        lambda _: (AccessToken(name="desk", role=Role.OWNER, hash=hash_token("desk-s")),)
    )
    desk = holder_of("desk-s")
    assert desk is not None
    assert desk.role is Role.OWNER
    try:
        assert [text for text in strangers if may_send_more(text)] == []
        table.close()
        assert [text for text in strangers if may_send_more(text)] == []
        assert may_send_more("Bearer the-run-s-own")
        bootstrap.use(Choices(owner_token=""))  # as where nobody has made one
        assert not may_send_more("Bearer ")
    finally:
        bootstrap.reset()
        table.close()


def test_nobody_sends_without_end(port):
    try:
        status, _ = send(port, LARGEST + 1, GOOD)
    except (BrokenPipeError, ConnectionResetError):
        return
    assert status == 413


def test_a_body_in_pieces_counts_as_one(port):
    chunked = {"Transfer-Encoding": "chunked"}
    assert send(port, 2 * USUAL, GOOD | chunked, chunked=True) == (200, str(2 * USUAL))
    try:
        status, _ = send(port, 2 * USUAL, chunked, chunked=True)
    except (BrokenPipeError, ConnectionResetError):
        return
    assert status == 413
