"""In front of moto: APIs that lead to functions, and a DynamoDB that does one thing at a time.

moto keeps what an API leads to, and calls nothing of it. It checks a condition and writes in two
steps, between which another request may write.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

from moto.apigateway.models import apigateway_backends
from moto.awslambda.models import lambda_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

_REQUEST = re.compile(r"/restapis/(?P<api>\w+)/(?P<stage>\w+)/_user_request_(?P<path>/.*)")
_FUNCTION = re.compile(r":function:([^/]+)/invocations")

Environment = dict[str, Any]
StartResponse = Callable[..., Any]


class Gateway:
    """A WSGI application; everything but requests to APIs goes to `rest`."""

    def __init__(self, rest: Callable[..., Iterable[bytes]], region: str) -> None:
        self._rest = rest
        self._region = region
        self._turn = Lock()

    def __call__(self, environ: Environment, start_response: StartResponse) -> Iterable[bytes]:
        asked = _REQUEST.fullmatch(environ["PATH_INFO"])
        if asked is None:
            is_table = environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_")
            with self._turn if is_table else nullcontext():
                return list(self._rest(environ, start_response))
        answer = self._ask(asked["api"], asked["stage"], asked["path"], environ)
        status = f"{answer['statusCode']} said"
        start_response(status, list(answer.get("headers", {}).items()))
        return [answer["body"].encode()]

    def _ask(self, api: str, stage: str, path: str, environ: Environment) -> Any:
        method = environ["REQUEST_METHOD"]
        resources = apigateway_backends[DEFAULT_ACCOUNT_ID][self._region].apis[api].resources
        for resource in resources.values():
            found = _path_pattern(resource.get_path()).fullmatch(path)
            if found and method in resource.resource_methods:
                leads_to = resource.resource_methods[method].method_integration
                event = _event(environ, stage, resource.get_path(), found.groupdict())
                return self._invoke(leads_to, event)
        return {"statusCode": 403, "body": '{"message":"Missing Authentication Token"}'}

    def _invoke(self, leads_to: Any, event: Any) -> Any:
        [name] = _FUNCTION.findall(leads_to.uri)
        deployed = lambda_backends[DEFAULT_ACCOUNT_ID][self._region].get_function(name)
        said: dict[str, str] = {}
        answer = deployed.invoke(json.dumps(event), {}, said)
        if "x-amz-function-error" in said:
            return {"statusCode": 502, "body": '{"message": "Internal server error"}'}
        return json.loads(answer)


def _path_pattern(resource: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", resource))


def _event(environ: Environment, stage: str, resource: str, parameters: Any) -> Any:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return {
        "resource": resource,
        "path": environ["PATH_INFO"],
        "httpMethod": environ["REQUEST_METHOD"],
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": parse_qs(environ.get("QUERY_STRING", "")) or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "httpMethod": environ["REQUEST_METHOD"],
            "resourcePath": resource,
            "stage": stage,
            "identity": {"sourceIp": headers.get("x-source-of-test", "52.89.214.238")},
        },
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }
