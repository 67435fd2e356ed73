"""The look after a deploy: patient with what passes, and plain about what does not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.deployment.refusal import DeploymentError
from chalicelib.deployment.smoke_test import (
    STRATEGY,
    SYMBOL,
    TICKER,
    ask_health,
    await_skipped,
    recorded_event,
    send_alert,
)
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.signal import TESTED, DesiredState, Signal, SignalStatus
from chalicelib.domain.trading.strategy import Strategy
from tests.venues.loopback import Answer, Request, serving

NOON = datetime(2024, 8, 10, 12, tzinfo=UTC)
STORED = {"statusCode": 200, "body": json.dumps({"status": "stored", "signal_id": "s1"})}
UNKNOWN = {"statusCode": 401, "body": json.dumps({"error": "the token is not known"})}
BROKEN = {"statusCode": 503, "body": "{}"}


class Naps:
    """Nobody sleeps here; how often somebody would is counted."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _: float) -> None:
        self.count += 1


class Function:
    """Gives one answer after the other, and the last for ever; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self, *_: object) -> Any:
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def signal(status: SignalStatus, reason: str = TESTED) -> Signal:
    return Signal(
        id="s1",
        strategy=STRATEGY,
        ticker=TICKER,
        symbol=SYMBOL,
        state=DesiredState.LONG,
        fired_at=NOON,
        received_at=NOON,
        due_at=NOON,
        body_digest="",
        status=status,
        reason=reason,
        test=True,
    )


@pytest.mark.parametrize(
    "answers",
    [
        [STORED],
        [UNKNOWN, UNKNOWN, STORED],
        [BROKEN, STORED],
        [DeploymentError("the function failed"), STORED],
    ],
)
def test_a_test_alert_is_sent_until_it_is_stored(answers: list[Any]) -> None:
    naps, function = Naps(), Function(*answers)
    assert send_alert(function, "crypto_bot-dev", {}, naps) == "s1"
    assert naps.count == len(answers) - 1 == function.asked - 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (UNKNOWN, "crypto_bot-dev answered 401 to a test alert: the token is not known"),
        (BROKEN, "crypto_bot-dev answered 503 to a test alert"),
        (DeploymentError("it failed"), "it failed"),
    ],
)
def test_what_stays_wrong_is_told(answer: Any, said: str) -> None:
    naps = Naps()
    with pytest.raises(DeploymentError, match=said):
        send_alert(Function(answer), "crypto_bot-dev", {}, naps)
    assert naps.count > 10


def test_a_refusal_is_told_at_once() -> None:
    naps = Naps()
    refused = {"statusCode": 400, "body": json.dumps({"error": "time is missing"})}
    with pytest.raises(DeploymentError, match="answered 400 to a test alert: time is missing"):
        send_alert(Function(refused), "crypto_bot-dev", {}, naps)
    assert naps.count == 0


def test_the_tick_is_run_until_the_signal_has_ended() -> None:
    stored = Function(None, signal(SignalStatus.RECEIVED, ""), signal(SignalStatus.SKIPPED))
    tick = Function(DeploymentError("it failed"), {}, {}, {})
    assert await_skipped(stored, "s1", tick, Naps()) == f"skipped: {TESTED}"
    assert (tick.asked, stored.asked) == (4, 3)


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (None, "and is nowhere"),
        (signal(SignalStatus.RECEIVED, ""), "and is RECEIVED"),
        (signal(SignalStatus.SKIPPED, "already flat"), "and is SKIPPED: already flat"),
        (signal(SignalStatus.EXECUTED, "bought"), "and is EXECUTED: bought"),
    ],
)
def test_a_signal_that_ended_otherwise_is_told(stored: Signal | None, said: str) -> None:
    with pytest.raises(DeploymentError, match=f"signal s1, which should have ended.*{said}"):
        await_skipped(Function(stored), "s1", Function({}), Naps())


# --- the recorded event ------------------------------------------------------------------------


def test_the_recorded_event_is_understood_and_ends_as_a_test(tmp_path: Any) -> None:
    """By the application itself, over a home folder."""
    import app as application
    from chalicelib import bootstrap
    from chalicelib.bootstrap import Choices
    from chalicelib.settings import Settings

    bootstrap.use(Choices(settings=Settings(webhook_sources=("52.89.214.238",)), home=tmp_path))
    strategy = Strategy(
        name=STRATEGY,
        instruments={TICKER: SYMBOL},
        sibling_wait=0,
        token_hashes=(hash_token("a-token"),),
    )
    bootstrap.strategies().apply(expected_version=0, strategies=[strategy])
    at = bootstrap.clock().now().isoformat(timespec="seconds")
    event = recorded_event(token="a-token", source="52.89.214.238", at=at)
    answer = application.app(event, None)
    assert answer["statusCode"] == 200, answer
    stranger = recorded_event(token="a-token", source="8.8.8.8", at=at)
    assert application.app(stranger, None)["statusCode"] == 401
    from chalicelib.services.trading.tick import tick

    signal_id = json.loads(answer["body"])["signal_id"]
    ports = bootstrap.trading()
    deadline = ports.clock.now().replace(year=2100)
    words = await_skipped(
        ports.signals.get, signal_id, lambda: tick(ports, owner="me", deadline=deadline), Naps()
    )
    bootstrap.reset()
    assert words == f"skipped: {TESTED}"


# --- /health -----------------------------------------------------------------------------------


@pytest.fixture
def answers() -> list[Answer]:
    """What the API says, one after the other, the last for ever."""
    return []


@pytest.fixture
def api(answers: list[Answer]) -> Iterator[str]:
    def serve(request: Request) -> Answer:
        assert request.path == "/dev/health"
        return answers.pop(0) if len(answers) > 1 else answers[0]

    with serving(serve) as url:
        yield f"{url}/dev"


GOOD = Answer(body='{"status": "ok", "version": "0.1.0"}')


def test_an_api_that_is_seconds_old_is_waited_for(api: str, answers: list[Answer]) -> None:
    answers += [Answer(status=403), Answer(status=503), Answer(body="<html>"), GOOD]
    naps = Naps()
    assert ask_health(api, naps) == "0.1.0"
    assert naps.count == 3


def test_an_api_that_never_answers_is_told(api: str, answers: list[Answer]) -> None:
    answers.append(replace(GOOD, status=500))
    with pytest.raises(DeploymentError, match=f"GET {api}/health is not answered: HTTP Error 500"):
        ask_health(api, Naps())
