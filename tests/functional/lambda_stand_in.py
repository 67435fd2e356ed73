"""Lambda, the billing plan and API Gateway on loopback: what is invoked is really called."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest

import app as application
from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.settings import Stage
from tests.functional.test_tick_events import Context
from tests.venues.loopback import Answer, Request, json_answer, serving

HEALTH = {
    "requestContext": {"httpMethod": "GET", "resourcePath": "/health", "identity": {}},
    "headers": {},
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "body": None,
    "isBase64Encoded": False,
}


@dataclass(kw_only=True)
class LambdaStandIn:
    """`functions` of prod are deployed: name to variables. `while_running` is around each call."""

    functions: dict[str, dict[str, str]] = field(default_factory=dict)
    most: int = 1000
    plan: str = "PAID"
    fails: bool = False
    while_running: Callable[[], AbstractContextManager[None]] = nullcontext

    @contextmanager
    def serving(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """In place of what moto does not know."""
        with serving(self._serve) as url:
            for service in ("FREETIER", "LAMBDA"):
                patch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
            yield

    def _serve(self, request: Request) -> Answer | None:
        if request.headers.get("x-amz-target", "").endswith("GetAccountPlanState"):
            plan = {"accountId": "123456789012", "accountPlanType": self.plan}
            return json_answer(plan | {"accountPlanExpirationDate": "2026-09-01T00:00:00Z"})
        if request.path.startswith("/2016-08-19/account-settings"):
            free = self.most - 10
            limit = {"ConcurrentExecutions": self.most, "UnreservedConcurrentExecutions": free}
            return json_answer({"AccountLimit": limit})
        if request.path.endswith("/_user_request_/health"):
            answer = self._run(application.app, HEALTH)
            return Answer(status=answer["statusCode"], body=answer["body"])
        name = request.path.split("/")[3]
        if name not in self.functions:
            gone = {"x-amzn-errortype": "ResourceNotFoundException"}
            return json_answer({"Message": "Function not found"}, status=404, headers=gone)
        if request.path.endswith("/invocations"):
            return self._invoked(name, json.loads(request.body))
        about = {"Runtime": "python3.12", "MemorySize": 512, "Timeout": 60}
        return json_answer({**about, "Environment": {"Variables": self.functions[name]}})

    def _invoked(self, name: str, event: dict[str, Any]) -> Answer:
        if self.fails:
            failed = {"x-amz-function-error": "Unhandled"}
            return json_answer({"errorMessage": "no table"}, headers=failed)
        handler: Any = application.tick if name.endswith("-tick") else application.app
        return json_answer(self._run(handler, event))

    def _run(self, handler: Callable[[Any, Any], Any], event: Any) -> Any:
        before = bootstrap.choices()
        with self.while_running():
            bootstrap.use(Choices(settings=stage_settings(Stage.PROD)))
            try:
                return handler(event, Context())
            finally:
                bootstrap.use(before)
