"""Lambda on loopback with the function in it that keeps keys: what is called really runs.

It is in the caller's own process and has the same stage, so that it finds what that has opened.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.functions import keys
from tests.venues.loopback import Answer, Request, json_answer, serving
from tests.watch import refuse

NAME = "crypto_bot-prod-tend_keys"


@dataclass(kw_only=True)
class KeyFunction:
    """`while_running` is around each call, and `events` are what it was told.

    `answers` are given in place of what it says, first to last.
    """

    while_running: Callable[[], AbstractContextManager[None]] = nullcontext
    answers: list[Answer] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)

    @contextmanager
    def serving(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Where AWS_ENDPOINT_URL_LAMBDA then says."""
        with serving(self._serve) as url:
            patch.setenv("AWS_ENDPOINT_URL_LAMBDA", url)
            yield

    def called(self, event: object) -> Any:
        """Its answer, in which nothing that was planted may be."""
        with self.while_running():
            answer = json.dumps(keys.tend_keys(json.loads(json.dumps(event))))
        refuse(answer, "an answer of the function")
        return json.loads(answer)

    def _serve(self, request: Request) -> Answer:
        if self.answers:
            return self.answers.pop(0)
        if request.path.split("/")[3] != NAME or not request.path.endswith("/invocations"):
            gone = {"x-amzn-errortype": "ResourceNotFoundException"}
            return json_answer({"Message": "Function not found"}, status=404, headers=gone)
        event = json.loads(request.body)
        self.events.append(event)
        try:
            return json_answer(self.called(event))
        except Exception as error:  # noqa: BLE001 - as Lambda does
            told = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return json_answer(told, headers={"x-amz-function-error": "Unhandled"})
