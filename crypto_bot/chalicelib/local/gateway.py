"""HTTP request -> the event that API Gateway would make of it -> Chalice -> HTTP answer."""

import base64
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import (
    LambdaEventConverter,
    LocalChalice,
    LocalGateway,
    LocalGatewayException,
    RouteMatcher,
)
from typing_extensions import override

Turn = Callable[[], AbstractContextManager[None]]
Answered = Callable[[str, int], None]
Headers = dict[str, str]
Answer = tuple[int, Headers, bytes]

# A header that no client can send: waitress drops names with an underscore.
_SOURCE: Final = "source_address"
_NOWHERE: Final = b'{"status":"refused","error":"no page, route or webhook has this address"}'


class _Converter(LambdaEventConverter):
    """Chalice's own, with the sender's address in place of its constant 127.0.0.1."""

    @override
    def create_lambda_event(
        self, method: str, path: str, headers: Headers, body: bytes | None = None
    ) -> dict[str, Any]:
        source = headers.pop(_SOURCE)
        event = super().create_lambda_event(method, path, headers, body)
        event["requestContext"]["identity"]["sourceIp"] = source
        return event


class Gateway:
    """A WSGI application: `turn` is entered around a request, `answered` hears how it ended."""

    def __init__(self, app: Chalice, *, turn: Turn = nullcontext, answered: Answered) -> None:
        # Plain Chalice keeps the current request on the app; this class keeps it per thread.
        app.__class__ = LocalChalice
        self._routes = RouteMatcher(list(app.routes))
        self._gateway = LocalGateway(app, Config.create())
        self._gateway.event_converter = _Converter(self._routes, app.api.binary_types)
        self._turn = turn
        self._answered = answered

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], Any]
    ) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        with self._turn():
            status, headers, answer = self._answer(environ, body)
        self._answered(environ["REQUEST_METHOD"], status)
        headers.setdefault("Content-Type", "application/json")
        headers["Content-Length"] = str(len(answer))
        start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
        return [answer]

    def _answer(self, environ: dict[str, Any], body: bytes) -> Answer:
        path = _path(environ)
        if path is None or not self._is_known(path):
            return 404, {}, _NOWHERE
        headers = _headers(environ) | {_SOURCE: environ.get("REMOTE_ADDR", "")}
        method = environ["REQUEST_METHOD"]
        try:
            response = self._gateway.handle_request(method, path, headers, body)
        except LocalGatewayException as refusal:
            return refusal.CODE, dict(refusal.headers), refusal.body or b""
        return response["statusCode"], _single(response), _content(response)

    def _is_known(self, path: str) -> bool:
        try:
            self._routes.match_route(path)
        except ValueError:
            return False
        return True


def _path(environ: dict[str, Any]) -> str | None:
    """Path and query as they were sent, still escaped; None if they cannot be told apart."""
    try:
        parts = urlsplit(environ["REQUEST_URI"])
    except ValueError:
        return None
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _headers(environ: dict[str, Any]) -> Headers:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return headers


def _single(response: dict[str, Any]) -> Headers:
    return {
        **{name: str(value) for name, value in response["headers"].items()},
        **{name: ", ".join(values) for name, values in response["multiValueHeaders"].items()},
    }


def _content(response: dict[str, Any]) -> bytes:
    body = response["body"] or ""
    if response.get("isBase64Encoded"):
        return base64.b64decode(body)
    return body if isinstance(body, bytes) else str(body).encode()
