"""The description of the API, and the API held to it by requests that are made from it."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

import app as application
from chalicelib.api.access import declared
from chalicelib.api.openapi import document
from chalicelib.domain.operation.role import Role
from chalicelib.local.gateway import Gateway
from tests.canaries import MARK, OWNER_TOKEN
from tests.functional.api.floor import Api, api_floor

# What these do is more than to write a row: processes are started, venues asked. They have tests of
# their own; here is only seen that they are described.
_BUSY = ("/bots", "/jobs", "/replays", "/deployments", "/accounts", "/notifications", "/pipelines")
_OF_ACCOUNTS = {"/accounts/{account}/limits", "/accounts/{account}/resume"}
_UNDESCRIBED = {
    *("/", "/ui", "/ui/{name}", "/health", "/alert.schema.json"),
    *("/hook/{strategy}/{token}", "/receive_trade_signals"),
}

# Whether a well-formed request can be done depends on how things stand: that one is left out.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

# Where the routes are is for who serves them to say; here they are at the root.
schema = schemathesis.openapi.from_dict(document(application.app) | {"servers": [{"url": "/"}]})
_gateway = Gateway(application.app, answered=lambda _method, _status: None)


def served(environ: dict[str, Any], start_response: Any) -> Any:
    """As waitress hands a request over: the address with its query, as they were sent."""
    path = environ["REQUEST_URI"].partition("?")[0]
    whole = f"{path}?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else path
    return _gateway(environ | {"REQUEST_URI": whole}, start_response)


schema.app = served


@pytest.fixture(scope="module", autouse=True)
def desk() -> Iterator[Api]:
    """One for all requests: what one of them leaves behind may stand in the way of the next."""
    with api_floor() as api:
        api.alert("long")
        api.tick()
        api.report()
        yield api


def is_quick(operation: Any) -> bool:
    path = str(operation.path)
    reads = str(operation.method).lower() == "get"
    return reads or path in _OF_ACCOUNTS or not path.startswith(_BUSY)


@schema.include(func=lambda context: is_quick(context.operation)).parametrize()
@settings(
    max_examples=3,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_route_answers_as_it_is_described(case: Case) -> None:
    """No request makes it fail, and whatever it answers is in the description."""
    sent = (case.path_parameters, case.query, case.headers, case.body)
    assume(MARK not in str(sent))  # Hypothesis likes to take texts out of our files
    case.call_and_validate(headers={"Authorization": f"Bearer {OWNER_TOKEN}"}, checks=CHECKS)


def test_every_route_is_described_but_the_open_ones():
    described = document(application.app)["paths"]
    for path, methods in application.app.routes.items():
        for method in methods:
            if path in _UNDESCRIBED:
                assert path not in described
            else:
                assert method.lower() in described[path], (method, path)


def test_the_description_says_who_may_do_it():
    paths = document(application.app)["paths"]
    halt = paths["/halt"]["post"]
    assert (
        halt["summary"]
        == "Stop all entries on every account from the next send on; exits still run."
    )
    assert halt["description"] == (
        "While everything is being sold, that goes on: only /resume ends it. Role: owner."
    )
    fields = halt["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert sorted(fields) == ["confirm", "flatten", "reason"]
    operation = declared("GET", "/signals")
    assert operation is not None
    assert operation.role is Role.VIEWER
    assert [p["name"] for p in paths["/signals"]["get"]["parameters"]] == list(operation.query)


def test_the_description_names_what_jobs_answer_and_what_changes_have_to_send():
    paths = document(application.app)["paths"]
    for path in ("/bots/{name}/backtests", "/bots/{name}/check", "/replays"):
        responses = paths[path]["post"]["responses"]
        assert {"202", "413"} <= set(responses)
        assert "200" not in responses
    for path, is_required in (
        ("/accounts/{account}/limits", True),
        ("/configuration/versions/{version}/return", True),
        ("/bots/{name}", False),
    ):
        headers = {p["name"]: p for p in paths[path]["post"]["parameters"] if p["in"] == "header"}
        assert headers["If-Match"]["required"] is is_required
