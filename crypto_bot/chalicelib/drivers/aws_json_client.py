"""DynamoDB, Secrets Manager and Parameter Store as a function on AWS reads and writes them.

To import botocore and have it make one client is most of what a cold function does; a request in
AWS's JSON protocol is a POST with a signature. The face is that of botocore's client, and so are
the exceptions, so that the stores know no difference.
"""

from base64 import b64decode
from collections.abc import Callable
from functools import cache, partial
from os import urandom
from random import random
from time import gmtime, sleep, strftime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from zlib import crc32

import msgspec
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from chalicelib.drivers.aws_signature import signed
from chalicelib.drivers.function_access import Access
from chalicelib.drivers.http_post import Connection, UnprovenError
from chalicelib.drivers.trust import packaged_trust

if TYPE_CHECKING:
    from ssl import SSLContext

# service -> what its operations are called in the protocol, and the protocol's version
_PROTOCOLS: Final = {
    "dynamodb": ("DynamoDB_20120810", "1.0"),
    "secretsmanager": ("secretsmanager", "1.1"),
    "ssm": ("AmazonSSM", "1.1"),
}
SERVICES: Final = frozenset(_PROTOCOLS)

# Each makes a version of a secret, which the caller has to name: an SDK does so unasked.
_NAMING: Final = frozenset({"CreateSecret", "PutSecretValue", "RotateSecret", "UpdateSecret"})

_OK: Final = 200
_SERVER_ERRORS: Final = frozenset({500, 502, 503, 504})
_WORTH_REPEATING: Final = frozenset(
    {
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_FIRST_PAUSE: Final = 0.05  # seconds; doubled with every attempt

Json = dict[str, Any]


class AwsJsonClient:
    """`client.get_item(TableName=...)`; threads may share it. Timeouts in seconds, per attempt."""

    def __init__(
        self,
        service: str,
        access: Access,
        *,
        connect_timeout: float,
        read_timeout: float,
        attempts: int,
    ) -> None:
        self._service = service
        self._access = access
        self._prefix, self._version = _PROTOCOLS[service]
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._attempts = attempts
        self._idle: list[Connection] = []  # append and pop are atomic
        self._address = urlsplit(access.endpoint)
        # Made while the function starts, not on its first request.
        self._encryption = _encryption() if self._address.scheme == "https" else None

    def close(self) -> None:
        """End the connections that are kept; a later request opens one again."""
        while self._idle:
            self._idle.pop().close()

    def __getattr__(self, name: str) -> Callable[..., Json]:
        if name.startswith("_"):
            raise AttributeError(name)
        return partial(self._call, "".join(word.capitalize() for word in name.split("_")))

    def _call(self, operation: str, **request: Any) -> Json:
        if operation in _NAMING:  # once for all attempts, so that a repeated one makes no other
            request.setdefault("ClientRequestToken", urandom(16).hex())
        body = msgspec.json.encode(request)  # bytes become base64, as AWS wants them
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._attempt(operation, body)
            except (BotoCoreError, ClientError) as error:
                if attempt >= self._attempts or not _is_worth_repeating(error):
                    raise
            sleep(_FIRST_PAUSE * 2**attempt * random())  # noqa: S311 - spreads callers, no secret

    def _attempt(self, operation: str, body: bytes) -> Json:
        status, headers, answer = self._exchange(operation, body)
        if status != _OK:
            raise _refusal(operation, status, headers, answer)
        if headers.get("x-amz-crc32", str(crc32(answer))) != str(crc32(answer)):
            raise ConnectionClosedError(endpoint_url=self._access.endpoint)
        try:
            found = _parsed(answer)
        except msgspec.MsgspecError as error:
            raise ConnectionClosedError(endpoint_url=self._access.endpoint) from error
        return _with_bytes(found) if self._service == "dynamodb" else found

    def _exchange(self, operation: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {
            "content-type": f"application/x-amz-json-{self._version}",
            "host": self._address.netloc,
            "x-amz-target": f"{self._prefix}.{operation}",
        }
        at = strftime("%Y%m%dT%H%M%SZ", gmtime())
        headers = signed(headers, body, self._access, self._service, at)
        connection = self._connection()
        try:
            status, found, answer = connection.post(headers, body)
        except TimeoutError as error:
            raise ReadTimeoutError(endpoint_url=self._access.endpoint) from error
        except OSError as error:
            raise ConnectionClosedError(endpoint_url=self._access.endpoint) from error
        if not connection.is_closed:
            self._idle.append(connection)
        return status, found, answer

    def _connection(self) -> Connection:
        """A kept one that AWS has not closed meanwhile, or a new one."""
        while self._idle:
            kept = self._idle.pop()
            if kept.is_quiet:
                return kept
            kept.close()
        try:
            opened = Connection(
                self._address.hostname or "",
                self._address.port or (80 if self._encryption is None else 443),
                self._encryption,
                timeout=self._connect_timeout,
            )
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=self._access.endpoint) from error
        except UnprovenError as error:
            raise SSLError(endpoint_url=self._access.endpoint, error=error) from error
        except OSError as error:
            raise EndpointConnectionError(
                endpoint_url=self._access.endpoint, error=error
            ) from error
        opened.wait_at_most(self._read_timeout)
        return opened


@cache
def _encryption() -> "SSLContext":
    """One for all clients of the process."""
    import ssl

    return packaged_trust() or ssl.create_default_context()


def _is_worth_repeating(error: BotoCoreError | ClientError) -> bool:
    if isinstance(error, BotoCoreError):  # no answer: the request may never have arrived
        return True
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status in _SERVER_ERRORS or error.response["Error"]["Code"] in _WORTH_REPEATING


def _refusal(operation: str, status: int, headers: Json, answer: bytes) -> ClientError:
    """As botocore would tell it; a gateway's page of HTML is named by its status."""
    try:
        said = _with_bytes(_parsed(answer))
    except msgspec.MsgspecError:
        said = {}
    code = str(said.pop("__type", "") or headers.get("x-amzn-errortype") or status)
    message = said.pop("message", None) or said.pop("Message", None) or ""
    response = said | {
        "Error": {"Code": code.partition(":")[0].rpartition("#")[2], "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, operation)


def _parsed(answer: bytes) -> Json:
    """One object. MsgspecError for anything else."""
    return msgspec.json.decode(answer or b"{}", type=Json)


def _with_bytes(value: Any) -> Any:
    """DynamoDB's {"B": base64} -> {"B": bytes}, wherever it stands."""
    if isinstance(value, list):
        return [_with_bytes(part) for part in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and isinstance(value.get("B"), str):
        return {"B": b64decode(value["B"])}
    return {name: _with_bytes(part) for name, part in value.items()}
