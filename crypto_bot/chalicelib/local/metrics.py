"""GET /metrics of the embedded run, for a Prometheus on this machine that has the owner's token."""

from collections.abc import Callable, Iterable
from hmac import compare_digest
from ipaddress import ip_address
from typing import Any, Final

from chalicelib.local.tally import Tally

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_PATH: Final = "/metrics"
_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
_SCHEME: Final = "Bearer "
_COUNTERS: Final = {
    "alerts": "alerts answered 200",
    "refused": "alerts answered with an error",
    "ticks": "ticks since the start",
    "plans": "plans written",
    "orders": "orders sent",
    "fills": "fills booked",
    "failures": "ticks and reports that failed",
}


class Metrics:
    """A WSGI application in front of another: it answers /metrics and hands on the rest.

    A tunnel calls from this machine, too, so the address alone opens nothing.
    """

    def __init__(
        self, application: Application, figures: Callable[[], str], tally: Tally, token: str
    ) -> None:
        self._application = application
        self._figures = figures
        self._tally = tally
        self._token = token.encode()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != _PATH:
            return self._application(environ, start_response)
        status, body = self._answer(environ)
        answer = body.encode()
        start_response(status, [("Content-Type", _TEXT), ("Content-Length", str(len(answer)))])
        return [answer]

    def _answer(self, environ: dict[str, Any]) -> tuple[str, str]:
        if environ["REQUEST_METHOD"] != "GET":
            return "405 Method Not Allowed", "send the request with GET\n"
        if not (self._token and _is_local(environ) and self._is_owner(environ)):
            right = "send the header Authorization: Bearer TOKEN from this machine\n"
            return "401 Unauthorized", right
        return "200 OK", self._figures() + self._counters()

    def _is_owner(self, environ: dict[str, Any]) -> bool:
        offered = str(environ.get("HTTP_AUTHORIZATION", ""))
        token = offered.removeprefix(_SCHEME).encode("utf-8", "surrogateescape")
        return offered.startswith(_SCHEME) and compare_digest(token, self._token)

    def _counters(self) -> str:
        return "".join(
            f"# HELP crypto_bot_{name}_total {meaning}\n# TYPE crypto_bot_{name}_total counter\n"
            f"crypto_bot_{name}_total {getattr(self._tally, name)}\n"
            for name, meaning in _COUNTERS.items()
        )


def _is_local(environ: dict[str, Any]) -> bool:
    try:
        return ip_address(str(environ.get("REMOTE_ADDR", ""))).is_loopback
    except ValueError:
        return False
