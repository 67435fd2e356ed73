"""A function's own way to AWS: what it sends, what it repeats, and what it makes of answers."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any
from zlib import crc32

import botocore
import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.drivers import function_access
from chalicelib.drivers.aws_json_client import AwsJsonClient
from chalicelib.drivers.aws_signature import signed
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.function_access import Access
from tests.tls import HOST, authority, tls_server

ACCESS = Access(endpoint="", region="eu-west-1", key="AKID", secret="not/a+secret", token="t0ken=")
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + b'{"Items":[]}'
IN_LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "crypto_bot-prod",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKID",
    "AWS_SECRET_ACCESS_KEY": "not/a+secret",
}


class Server:
    """Reads a request, sends the next of its answers byte for byte, and notes what came."""

    def __init__(self, answers: list[bytes], *, closes: bool = False) -> None:
        self.requests: list[bytes] = []
        self.accepted = 0
        self._answers = list(answers)
        self._closes = closes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            with connection:
                while self._answers and self._answer(connection) and not self._closes:
                    pass

    def _answer(self, connection: socket.socket) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = connection.recv(1)
            if not part:
                return False
            head += part
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        self.requests.append(head + connection.recv(length, socket.MSG_WAITALL))
        connection.sendall(self._answers.pop(0))
        return True


@contextmanager
def serving(
    *answers: bytes, service: str = "dynamodb", closes: bool = False, attempts: int = 1
) -> Iterator[Any]:
    server = Server(list(answers), closes=closes)
    access = replace(ACCESS, endpoint=f"http://127.0.0.1:{server.port}")
    client: Any = AwsJsonClient(
        service, access, connect_timeout=10, read_timeout=10, attempts=attempts
    )
    try:
        yield client, server
    finally:
        client.close()
        server.close()


def refused() -> Any:
    return pytest.raises(ClientError)


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def error(code: str, status: str = "400 Bad Request") -> bytes:
    return answer(json.dumps({"__type": f"com.amazonaws#{code}", "message": "no"}).encode(), status)


# --- what goes out ---------------------------------------------------------------------------


@given(
    body=st.binary(max_size=200),
    target=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40),
    token=st.sampled_from(["", "t0ken="]),
    service=st.sampled_from(["dynamodb", "ssm", "secretsmanager"]),
)
def test_it_signs_as_botocore_does(body: bytes, target: str, token: str, service: str) -> None:
    access = replace(ACCESS, token=token)
    at = "20240810T121600Z"
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "host": f"{service}.eu-west-1.amazonaws.com",
        "x-amz-target": target,
    }
    ours = signed(headers, body, access, service, at)
    request = AWSRequest("POST", f"https://{headers['host']}/", headers=headers, data=body)
    request.context["timestamp"] = at
    for name in ("x-amz-date", "x-amz-security-token"):
        if name in ours:
            request.headers[name] = ours[name]
    credentials = Credentials(access.key, access.secret, token or None)
    theirs = SigV4Auth(credentials, service, "eu-west-1")
    text = theirs.string_to_sign(request, theirs.canonical_request(request))
    assert ours["authorization"].endswith(f"Signature={theirs.signature(text, request)}")
    names = theirs.signed_headers(theirs.headers_to_sign(request))
    assert f"SignedHeaders={names}," in ours["authorization"]


def test_a_request_names_its_operation_and_carries_bytes_as_base64() -> None:
    with serving(GOOD) as (client, server):
        client.put_item(TableName="state", Item={"document": {"B": b"\x00\xff"}})
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert b"x-amz-target: DynamoDB_20120810.PutItem\r\n" in head
    assert head.startswith(b"POST / HTTP/1.1\r\n")
    assert json.loads(body) == {"TableName": "state", "Item": {"document": {"B": "AP8="}}}


def test_what_botocore_names_by_a_token_of_its_own_has_one_that_stays_when_it_is_repeated() -> None:
    """Secrets Manager refuses whoever sends none: there is no SDK that would have made it."""
    model = botocore.session.get_session().get_service_model("secretsmanager")
    named = [
        name for name in model.operation_names if model.operation_model(name).idempotent_members
    ]
    assert {"CreateSecret", "PutSecretValue"} <= {*named}
    for name in named:
        trouble = answer(b"", "503 Service Unavailable")
        with serving(trouble, GOOD, GOOD, service="secretsmanager", attempts=2) as (client, server):
            getattr(client, botocore.xform_name(name))(SecretId="main")
            getattr(client, botocore.xform_name(name))(SecretId="main")
        bodies = [json.loads(one.partition(b"\r\n\r\n")[2]) for one in server.requests]
        first, again, other = (body["ClientRequestToken"] for body in bodies)
        assert (first == again, first == other, 32 <= len(first) <= 64) == (True, False, True)
    with serving(GOOD, GOOD, service="secretsmanager") as (client, server):
        client.get_secret_value(SecretId="main")
        client.put_secret_value(SecretId="main", ClientRequestToken="mine")
    bodies = [json.loads(one.partition(b"\r\n\r\n")[2]) for one in server.requests]
    assert bodies == [{"SecretId": "main"}, {"SecretId": "main", "ClientRequestToken": "mine"}]


# --- what comes back -------------------------------------------------------------------------


def test_bytes_come_back_as_bytes_and_a_map_as_a_map() -> None:
    item = {"document": {"B": "AP8="}, "odd": {"M": {"B": {"S": "text"}}}, "list": [{"B": "AA=="}]}
    with serving(answer(json.dumps({"Item": item}).encode())) as (client, _):
        found = client.get_item()["Item"]
    assert found["document"] == {"B": b"\x00\xff"}
    assert found["odd"] == {"M": {"B": {"S": "text"}}}
    assert found["list"] == [{"B": b"\x00"}]


def test_one_connection_serves_many_requests() -> None:
    with serving(GOOD, GOOD, GOOD) as (client, server):
        for _ in range(3):
            assert client.query() == {"Items": []}
        assert server.accepted == 1


def test_a_connection_that_aws_has_closed_is_not_used_again() -> None:
    with serving(GOOD, GOOD, closes=True) as (client, server):
        assert client.query() == {"Items": []}
        server.requests.clear()
        # The end arrives a moment later than the answer.
        while client._idle and client._idle[0].is_quiet:  # noqa: SLF001
            pass
        assert client.query() == {"Items": []}
        assert server.accepted == 2


def test_a_chunked_answer_is_put_together() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(head + b'5;x=1\r\n{"Ite\r\n7\r\nms":[]}\r\n0\r\n\r\n', GOOD) as (client, server):
        assert client.query() == {"Items": []}
        assert client.query() == {"Items": []}
        assert server.accepted == 1


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: twelve\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        answer(b"{}", "200 OK", "x-amz-crc32: 1"),
        answer(b"<html>", "200 OK"),
    ],
)
def test_half_an_answer_is_none(broken: bytes) -> None:
    with serving(broken, closes=True) as (client, _), pytest.raises(ConnectionClosedError):
        client.query()


def test_the_checksum_is_that_of_the_body() -> None:
    good = answer(b"{}", "200 OK", f"x-amz-crc32: {crc32(b'{}')}")
    with serving(good) as (client, _):
        assert client.query() == {}


def test_a_refusal_is_told_as_botocore_tells_it() -> None:
    said = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}
    body = json.dumps(said | {"Message": "no", "Item": {"writer": {"S": "me"}}}).encode()
    with serving(answer(body, "400 Bad Request")) as (client, _), refused() as caught:
        client.put_item()
    assert caught.value.operation_name == "PutItem"
    assert caught.value.response == {
        "Error": {"Code": "ConditionalCheckFailedException", "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
        "Item": {"writer": {"S": "me"}},
    }


def test_a_page_in_html_is_named_by_its_status() -> None:
    page = answer(b"<html>Bad Gateway", "502 Bad Gateway")
    with serving(page) as (client, _), refused() as caught:
        client.query()
    assert caught.value.response["Error"]["Code"] == "502"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502


# --- what is repeated ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        error("ProvisionedThroughputExceededException"),
        error("ThrottlingException"),
        error("TransactionInProgressException"),
        error("InternalServerError", "500 Internal Server Error"),
        answer(b"<html>", "503 Service Unavailable"),
        answer(b"{}", "200 OK", "x-amz-crc32: 1"),
    ],
)
def test_trouble_that_passes_is_asked_again(first: bytes) -> None:
    with serving(first, GOOD, attempts=2) as (client, server):
        assert client.query() == {"Items": []}
    assert len(server.requests) == 2
    assert server.requests[0].rpartition(b"\r\n")[2] == server.requests[1].rpartition(b"\r\n")[2]


@pytest.mark.parametrize("code", ["ConditionalCheckFailedException", "AccessDeniedException"])
def test_a_no_is_not_asked_again(code: str) -> None:
    with serving(error(code), GOOD, attempts=3) as (client, server):
        with pytest.raises(ClientError, match=code):
            client.query()
        assert len(server.requests) == 1


def test_it_gives_up_after_so_many_attempts() -> None:
    busy = error("ThrottlingException")
    with serving(busy, busy, busy, GOOD, attempts=3) as (client, server):
        with pytest.raises(ClientError, match="ThrottlingException"):
            client.query()
        assert len(server.requests) == 3


def test_silence_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        access = replace(ACCESS, endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        client = AwsJsonClient("ssm", access, connect_timeout=1, read_timeout=0.1, attempts=1)
        with pytest.raises(ReadTimeoutError):
            client.get_parameter(Name="x")
        client.close()


def test_a_closed_port_and_a_full_queue_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        access = replace(ACCESS, endpoint=f"http://127.0.0.1:{port}")
        client = AwsJsonClient("ssm", access, connect_timeout=0.2, read_timeout=1, attempts=1)
        with pytest.raises(ConnectTimeoutError):
            client.get_parameter(Name="x")
        for one in waiting:
            one.close()
    with pytest.raises(EndpointConnectionError):
        client.get_parameter(Name="x")


# --- who speaks so ---------------------------------------------------------------------------


def test_only_a_function_goes_without_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in IN_LAMBDA.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert isinstance(aws_client("dynamodb"), AwsJsonClient)
    assert not isinstance(aws_client("sns", region="eu-west-1"), AwsJsonClient)
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME")
    assert not isinstance(aws_client("dynamodb", region="eu-west-1"), AwsJsonClient)


@pytest.mark.parametrize(
    "changes",
    [
        {"AWS_REGION": "cn-north-1"},
        {"AWS_REGION": "us-gov-west-1"},
        {"AWS_REGION": "us-iso-east-1"},
        {"AWS_REGION": ""},
        {"HTTPS_PROXY": "http://proxy"},
        {"AWS_CA_BUNDLE": "/bundle"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
    ],
)
def test_what_botocore_knows_better_is_left_to_it(changes: dict[str, str]) -> None:
    assert function_access.access_of("dynamodb", None, IN_LAMBDA | changes) is None


def test_the_environment_says_where_and_who() -> None:
    access = function_access.access_of("dynamodb", None, IN_LAMBDA | {"AWS_SESSION_TOKEN": "t"})
    assert access is not None
    assert access.endpoint == "https://dynamodb.eu-west-1.amazonaws.com"
    assert (access.key, access.token) == ("AKID", "t")
    assert "not/a+secret" not in repr(access)
    own = {"AWS_ENDPOINT_URL": "http://a/", "AWS_ENDPOINT_URL_SSM": "http://b"}
    found = [function_access.access_of(s, None, IN_LAMBDA | own) for s in ("ssm", "dynamodb")]
    assert [a.endpoint for a in found if a] == ["http://b", "http://a"]
    us = function_access.access_of("ssm", "us-east-1", IN_LAMBDA)
    assert us is not None
    assert us.endpoint == "https://ssm.us-east-1.amazonaws.com"


def test_an_endpoint_that_cannot_prove_itself_gets_nothing(tmp_path: Path) -> None:
    with tls_server(authority(tmp_path)) as port:
        access = replace(ACCESS, endpoint=f"https://{HOST}:{port}")
        client = AwsJsonClient("ssm", access, connect_timeout=1, read_timeout=1, attempts=1)
        with pytest.raises(SSLError, match="certificate verify failed"):
            client.get_parameter(Name="x")
