"""The embedded HTTP server between a socket and a Chalice application."""

import http.client
import json
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest
from chalice.app import AuthResponse, Chalice, Response

from chalicelib.domain.errors import SettingsError
from chalicelib.local.gateway import Gateway
from chalicelib.local.server import Server

BOTH = 2


def current(app) -> Any:
    return app.current_request


@pytest.fixture
def application():
    app = Chalice(app_name="sample", configure_logs=False)
    together = Barrier(BOTH, timeout=60)

    @app.authorizer()
    def refuse(_request):
        return AuthResponse(routes=[], principal_id="nobody")

    @app.route("/together", methods=["POST"], content_types=["text/plain"])
    def meet():
        together.wait()
        return current(app).raw_body.decode()

    @app.route("/told/{name}", methods=["GET"])
    def told(name):
        request = current(app)
        source = request.context["identity"]["sourceIp"]
        return {"name": name, "query": dict(request.query_params or {}), "source": source}

    @app.route("/picture", methods=["GET"])
    def picture():
        return Response(body=b"\x89PNG", headers={"Content-Type": "image/png"})

    @app.route("/closed", methods=["GET"], authorizer=refuse)
    def closed():
        return "open after all"

    return app


@contextmanager
def served(app, host="127.0.0.1", heard=None):
    server = Server(Gateway(app, answered=heard or (lambda _method, _status: None)), host, 0)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def ask(server, method, path, body=b"", **headers):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read()
    finally:
        connection.close()


def test_requests_side_by_side_keep_their_own_bodies(application):
    with served(application) as server, ThreadPoolExecutor(BOTH) as pool:
        bodies = [b"first", b"second"]
        plain = {"Content-Type": "text/plain"}
        answers = pool.map(lambda body: ask(server, "POST", "/together", body, **plain), bodies)
        assert [body for _, _, body in answers] == bodies


def test_the_application_sees_what_was_sent_and_who_sent_it(application):
    headers = {"source_address": "6.6.6.6", "X-Forwarded-For": "6.6.6.6"}
    with served(application) as server:
        status, kind, body = ask(server, "GET", "/told/a%2Fb?x=1&y=", **headers)
    assert (status, kind) == (200, "application/json")
    told = json.loads(body)
    assert told == {"name": "a%2Fb", "query": {"x": "1", "y": ""}, "source": "127.0.0.1"}


def test_bytes_arrive_as_bytes_and_refusals_as_refusals(application):
    heard = []
    with served(application, heard=lambda *answer: heard.append(answer)) as server:
        assert ask(server, "GET", "/picture", Accept="image/png") == (200, "image/png", b"\x89PNG")
        assert ask(server, "GET", "/closed", Authorization="x")[0] == 403
        assert ask(server, "GET", "/closed")[0] == 401
        assert ask(server, "GET", "/nowhere", Authorization="caf\u00e9")[0] == 404
        assert ask(server, "OPTIONS", "/picture")[0] == 200
    assert heard == [("GET", 200), ("GET", 403), ("GET", 401), ("GET", 404), ("OPTIONS", 200)]


def test_it_serves_ipv6_too(application):
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with served(application, host="::1") as server:
        assert ask(server, "GET", "/nowhere")[0] == 404


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [
        ("127.0.0.1", 70000, "port is 70000; it must be from 0"),
        ("nowhere.invalid", 8000, "cannot serve on nowhere.invalid port 8000"),
    ],
)
def test_where_it_cannot_serve_is_a_sentence(application, host, port, sentence):
    with pytest.raises(SettingsError, match=sentence):
        Server(Gateway(application, answered=lambda _method, _status: None), host, port)


def test_a_failing_application_does_not_put_the_path_into_the_log(application, caplog):
    with served(application):
        logging.getLogger("waitress").error("Exception while serving %s", "/hook/btc/TOKEN")
    assert "serving a request" in caplog.text
    assert "TOKEN" not in caplog.text
