"""Lambda on loopback with the function in it in which bots run: what is called really runs."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from chalicelib.adapters.sandboxes.function_caller import FunctionCaller
from chalicelib.adapters.sandboxes.function_sandbox import FunctionSandbox
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.functions import bot_sandbox as running
from tests.venues.loopback import Answer, Request, json_answer, serving

NAME = "crypto_bot-prod-bot_sandbox"
_LOGIN = "[default]\naws_access_key_id = none\naws_secret_access_key = none\n"


@dataclass(frozen=True, kw_only=True)
class _Context:
    seconds: float
    memory_limit_in_mb: str

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass(kw_only=True)
class BotFunction:
    """`answers` are given in place of what the function says, first to last; `seconds` and `memory`
    (MB) are what an invocation has. `calls` counts them.
    """

    seconds: float = 30.0
    memory: int = 512
    answers: list[Answer | None] = field(default_factory=list)
    calls: int = 0
    last: Any = None  # what it was told
    _patch: pytest.MonkeyPatch = field(init=False)
    _client: Any = field(init=False)

    @contextmanager
    def serving(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Where AWS_ENDPOINT_URL_LAMBDA then says."""
        with serving(self._serve) as url, TemporaryDirectory() as folder:
            patch.setenv("AWS_ENDPOINT_URL_LAMBDA", url)
            # For a thread that logs in for the first time while the function has none.
            kept = Path(folder) / "credentials"
            kept.write_text(_LOGIN, encoding="utf-8")
            patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(kept))
            self._patch = patch
            self._log_in()
            self._client = aws_client(
                "lambda", region="eu-west-1", read_timeout=40, connect_timeout=5, attempts=1
            )
            yield

    def caller(self, name: str = NAME) -> FunctionCaller:
        return FunctionCaller(self._client, name)

    def sandbox(self, seconds: float = 5.0) -> FunctionSandbox:
        return FunctionSandbox(self.caller(), seconds)

    def _serve(self, request: Request) -> Answer | None:
        self.calls += 1
        if self.answers:
            return self.answers.pop(0)
        if request.path.split("/")[3] != NAME:
            gone = {"x-amzn-errortype": "ResourceNotFoundException"}
            return json_answer({"Message": "Function not found"}, status=404, headers=gone)
        if not request.path.endswith("/invocations"):
            about = {"Runtime": "python3.12", "MemorySize": self.memory, "Timeout": 30}
            return json_answer(about)
        self.last = json.loads(request.body)
        context = _Context(seconds=self.seconds, memory_limit_in_mb=str(self.memory))
        try:
            return _invoked(running.bot_sandbox, self.last, context)
        finally:
            self._log_in()

    def _log_in(self) -> None:
        """The function, which has forgotten them, is in the caller's own process."""
        for name in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"):  # half of them is an error
            self._patch.setenv(name, "none")


def failed(kind: str, message: str) -> Answer:
    """As Lambda tells what became of a function that did not answer."""
    told = {"errorType": kind, "errorMessage": message}
    return json_answer(told, headers={"x-amz-function-error": "Unhandled"})


def _invoked(handler: Callable[[object, Any], Any], event: object, context: _Context) -> Answer:
    try:
        return json_answer(handler(event, context))
    except Exception as error:  # noqa: BLE001 - as Lambda does
        return failed(type(error).__name__, str(error))
