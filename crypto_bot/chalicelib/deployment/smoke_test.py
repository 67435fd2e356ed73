"""Is what was deployed alive? A test alert goes all its way, and the API answers to the world."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from typing import Any, Final, TypeVar

from chalicelib.deployment.refusal import DeploymentError
from chalicelib.domain.trading.signal import TESTED, Signal, SignalStatus

STRATEGY: Final = "smoke-test"
TICKER: Final = "BTCUSDT"
SYMBOL: Final = "BTC/USDT"

_EVENT: Final = "gateway_event.json"
_STORED: Final = 200
_UNAUTHORIZED: Final = 401
_THEIR_FAULT: Final = 500
# An API, a role and a token each take some seconds until all of AWS knows them.
_TRIES: Final = 15
_PAUSE: Final = 3.0
_PATIENCE: Final = 10.0

T = TypeVar("T")

Invoke = Callable[[str, object], Any]
Sleep = Callable[[float], None]


def recorded_event(*, token: str, source: str, at: str) -> dict[str, Any]:
    """What API Gateway has once handed over for an alert, with another alert in it."""
    text = files("chalicelib.deployment").joinpath(_EVENT).read_text(encoding="utf-8")
    event: dict[str, Any] = json.loads(text)
    alert = {
        "time": at,
        "ticker": TICKER,
        "market_position": "long",
        "order_id": "smoke test",
        "test": True,
    }
    event["pathParameters"] = {"strategy": STRATEGY, "token": token}
    event["path"] = f"/hook/{STRATEGY}/{token}"
    event["requestContext"]["path"] = f"/{event['requestContext']['stage']}{event['path']}"
    event["requestContext"]["identity"]["sourceIp"] = source
    return event | {"body": json.dumps(alert)}


def send_alert(invoke: Invoke, function: str, event: dict[str, Any], sleep: Sleep) -> str:
    """The id of the signal that it became."""
    answer = _patiently(lambda: invoke(function, event), _is_settled, sleep)
    body = json.loads(answer.get("body") or "{}")
    if answer["statusCode"] != _STORED:
        raise DeploymentError(
            f"{function} answered {answer['statusCode']} to a test alert: {body.get('error', body)}"
        )
    identity: str = body["signal_id"]
    return identity


def await_skipped(
    read: Callable[[str], Signal | None], signal_id: str, tick: Callable[[], object], sleep: Sleep
) -> str:
    """Let the tick look at the signal, until it has ended; the words with which it did."""

    def look() -> Signal | None:
        tick()
        return read(signal_id)

    signal = _patiently(look, lambda found: found is not None and found.status.is_final, sleep)
    if signal is None or not _was_skipped(signal):
        became = "is nowhere" if signal is None else f"is {signal.status}: {signal.reason}"
        raise DeploymentError(
            f"the test alert became signal {signal_id}, which should have ended skipped: test, "
            f"and {became}"
        )
    return f"{signal.status.value.lower()}: {signal.reason}"


def _is_settled(answer: Any) -> bool:
    """Not for a token that is younger than what the function remembers, nor for a passing fault."""
    status: int = answer["statusCode"]
    return status != _UNAUTHORIZED and status < _THEIR_FAULT


def _was_skipped(signal: Signal) -> bool:
    return signal.status is SignalStatus.SKIPPED and signal.reason == TESTED


def _patiently(ask: Callable[[], T], is_enough: Callable[[T], bool], sleep: Sleep) -> T:
    """What was answered last; a function that failed is asked again, as AWS would."""
    for _ in range(_TRIES):
        with suppress(DeploymentError):
            answer = ask()
            if is_enough(answer):
                return answer
        sleep(_PAUSE)
    return ask()


def ask_health(url: str, sleep: Sleep) -> str:
    """The version that answers under the API's own address."""
    address = f"{url}/health"
    trouble = ""
    for _ in range(_TRIES):
        try:
            with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310 - ours
                return str(json.load(answer)["version"])
        except (urllib.error.URLError, TimeoutError, ValueError, KeyError) as error:
            trouble = str(error)
            if isinstance(error, urllib.error.HTTPError):
                error.close()
        sleep(_PAUSE)
    raise DeploymentError(f"GET {address} is not answered: {trouble}")
