"""Whoever wakes the function that works on jobs is told what is wrong, and whether to try again."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chalicelib.adapters.job_function import JobFunction
from chalicelib.domain.errors import ActionRefused, CryptoBotError, StoreUnavailable
from chalicelib.drivers.boto3_session import aws_client
from tests.bot_function import failed
from tests.venues.loopback import Answer, Request, json_answer, serving

NAME = "crypto_bot-prod-work_on_job"
SERIES = {"venue": "binance", "symbol": "BTC/USDT", "interval": "1h"}


@contextmanager
def function(patch: pytest.MonkeyPatch, answer: Answer | None) -> Iterator[JobFunction]:
    asked: list[Request] = []

    def serve(request: Request) -> Answer | None:
        asked.append(request)
        return answer

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        patch.setenv(name, "none")
    with serving(serve) as url:
        patch.setenv("AWS_ENDPOINT_URL_LAMBDA", url)
        client = aws_client(
            "lambda", region="eu-west-1", connect_timeout=5, read_timeout=20, attempts=1
        )
        yield JobFunction(client, NAME, "prod")
    assert asked


def refused(code: str, status: int) -> Answer:
    return json_answer({"Message": "no"}, status=status, headers={"x-amzn-errortype": code})


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (
            refused("ResourceNotFoundException", 404),
            ActionRefused,
            f"the function {NAME} is not deployed yet: make deploy STAGE=prod",
        ),
        (
            refused("TooManyRequestsException", 429),
            StoreUnavailable,
            f"the function {NAME} cannot be called: TooManyRequestsException; try again",
        ),
        (None, StoreUnavailable, f"the function {NAME} did not answer: "),
    ],
)
def test_one_that_cannot_be_called_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer | None,
    kind: type[CryptoBotError],
    sentence: str,
) -> None:
    with function(monkeypatch, answer) as called:
        for ask in (lambda: called.wake("00-1"), called.series):
            with pytest.raises(kind) as trouble:
                ask()
            assert str(trouble.value).startswith(sentence)


@pytest.mark.parametrize(
    "answer",
    [
        failed("StoreUnavailable", "S3 is away"),
        failed("Sandbox.Timedout", "Task timed out after 900.00 seconds"),
        json_answer(None),
        json_answer({"rows": []}),
    ],
)
def test_one_that_fails_where_it_is_asked_is_no_list(
    monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    with function(monkeypatch, answer) as called, pytest.raises(StoreUnavailable, match="failed"):
        called.series()


def test_what_it_lists_is_given_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with function(monkeypatch, json_answer({"series": [SERIES]})) as called:
        assert called.series() == [SERIES]
