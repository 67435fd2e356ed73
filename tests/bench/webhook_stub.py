"""API Gateway's event for one alert, and a DynamoDB that answers every request at once.

Imported by the programs that bench_webhook measures: it loads nothing that they do not load anyway.
"""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from botocore import httpsession
from botocore.awsrequest import AWSResponse

STRATEGY = "btc"
TOKEN = "a-token-of-the-strategy"


def event(number: int) -> dict[str, Any]:
    """As API Gateway hands it to Lambda; every number is another alert."""
    hour, rest = divmod(number, 3600)
    minute, second = divmod(rest, 60)
    message = {
        "time": f"2024-08-10T{hour:02}:{minute:02}:{second:02}Z",
        "ticker": "BTCUSDT",
        "order_action": "buy",
        "order_price": "67656.77",
        "order_comment": "long",
        "market_position": "long",
    }
    return {
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/hook/{strategy}/{token}",
            "identity": {"sourceIp": "52.89.214.238"},
        },
        "headers": {"content-type": "application/json; charset=utf-8"},
        "pathParameters": {"strategy": STRATEGY, "token": TOKEN},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": json.dumps(message),
    }


def stub_dynamodb(document: str) -> None:
    """Replace botocore's send: every read finds `document`, every write succeeds."""
    item = {
        "pk": {"S": "config"},
        "sk": {"S": f"strategy#{STRATEGY}"},
        "document": {"S": document},
        "version": {"N": "1"},
    }
    found = json.dumps({"Item": item}).encode()

    def send(_session: object, request: Any) -> AWSResponse:
        target = request.headers["X-Amz-Target"]
        body = found if b"GetItem" in bytes(target) else b"{}"
        headers = {"Content-Type": "application/x-amz-json-1.0", "Content-Length": str(len(body))}
        return AWSResponse(request.url, 200, headers, _Raw(body))

    httpsession.URLLib3Session.send = send


class _Raw(BytesIO):
    """What botocore reads an answer from."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
