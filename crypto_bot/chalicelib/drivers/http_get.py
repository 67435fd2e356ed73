"""One JSON document from an address: no redirect is followed, so that a key goes nowhere else."""

import http.client
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from chalicelib.drivers.trust import trust

_SECONDS: Final = 15.0
_MOST_BYTES: Final = 32 * 1024 * 1024


class HttpAnswer(NamedTuple):
    """`document` is None where the body is no JSON."""

    status: int
    retry_after: str
    document: Any


def get_json(url: str, headers: Mapping[str, str]) -> HttpAnswer:
    """OSError where nothing, or no HTTP, came back. Numbers with a point stay text, exactly."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=trust())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
    given = {"Accept": "application/json", "User-Agent": "crypto-bot", **headers}
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", path, headers=given)
        answer = connection.getresponse()
        body = answer.read(_MOST_BYTES)
        return HttpAnswer(answer.status, answer.getheader("Retry-After") or "", _parsed(body))
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP answer: {type(error).__name__}") from error
    finally:
        connection.close()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=str)
    except (ValueError, RecursionError):
        return None
