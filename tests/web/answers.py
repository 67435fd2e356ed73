"""The dashboard's addresses, asked of the handler as Lambda runs it."""

import json
from typing import Any

import app as application

LAMBDAS_MOST = 6_291_556  # bytes of an answer, as JSON


def from_lambda(path: str, *, stage: str = "", **headers: str) -> dict[str, Any]:
    """The handler's answer as Lambda sends it on: through JSON, which holds no bytes."""
    template, captured = path.rstrip("/") or "/", {}
    if path.startswith("/ui/") and path != "/ui/":
        template, captured = "/ui/{name}", {"name": path.removeprefix("/ui/")}
    event = {
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": template,
            "identity": {"sourceIp": "203.0.113.7"},
            "path": stage + path,
        },
        "headers": headers,
        "pathParameters": captured,
        "multiValueQueryStringParameters": None,
        "stageVariables": {},
        "body": None,
    }
    sent = json.dumps(application.app(event, None))
    assert len(sent) < LAMBDAS_MOST
    found: dict[str, Any] = json.loads(sent)
    assert not found.get("isBase64Encoded")
    return found
