"""moto's DynamoDB and Secrets Manager behind a loopback address, for clients in several processes.

moto's own server is left out of its package here, and it checks a condition and writes in two
steps; this one lets a single request in at a time, as atomic as DynamoDB itself is.
`--lose` cuts the connection after every third write was done, when that write comes first: the
client has to repeat it and to recognise its own work.
"""

import json
import sys
from threading import Event, Lock

from botocore.awsrequest import AWSPreparedRequest
from moto import mock_aws
from moto.core.models import botocore_stubber

from tests.contract.stores.races import REGION
from tests.venues.loopback import Answer, Httpd, Request

_WRITES = ("PutItem", "TransactWriteItems")


class Imitation:
    def __init__(self, *, loses_answers: bool) -> None:
        self._loses_answers = loses_answers
        self._turn = Lock()
        self._writes: set[str] = set()

    def serve(self, request: Request) -> Answer | None:
        with self._turn:
            answer = botocore_stubber.process_request(
                AWSPreparedRequest(
                    method=request.method,
                    url=f"https://{_service(request)}.{REGION}.amazonaws.com/",
                    headers=dict(request.headers),
                    body=request.body,
                    stream_output=False,
                )
            )
            if answer is None or self._is_lost(request):
                return None
        status, headers, body = answer
        text = body if isinstance(body, str) else body.decode()
        return Answer(
            status=status,
            body=text,
            content_type="application/x-amz-json-1.0",
            headers={n: v for n, v in headers.items() if n.lower().startswith("x-amz")},
        )

    def _is_lost(self, request: Request) -> bool:
        is_write = request.headers.get("x-amz-target", "").endswith(_WRITES)
        if not (self._loses_answers and is_write) or request.body in self._writes:
            return False
        self._writes.add(request.body)
        return len(self._writes) % 3 == 0


def _service(request: Request) -> str:
    is_secret = request.headers.get("x-amz-target", "").startswith("secretsmanager.")
    return "secretsmanager" if is_secret else "dynamodb"


def main(options: list[str]) -> None:
    with mock_aws():
        server = Httpd(("127.0.0.1", 0), Imitation(loses_answers="--lose" in options).serve)
        url = f"http://127.0.0.1:{server.server_port}"
        sys.stdout.write(json.dumps({"url": url}) + "\n")
        sys.stdout.flush()
        server.serve_forever()
        Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])
