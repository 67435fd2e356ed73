"""DynamoDB when the network misbehaves: repetitions are recognised, trouble has one name."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import create_server
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.domain.errors import SettingsError, StoreConflict, StoreUnavailable
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from chalicelib.drivers.table import Row


def row(sort: str = "a", version: int = 1, document: str = "{}") -> Row:
    return Row(partition="p", sort=sort, document=document, version=version)


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        client = aws_client("dynamodb", region="eu-west-1")
        create_table(client, "state")
        yield client
        client.close()


def before_each_write(client: Any, act: Callable[[str, dict[str, Any]], None]) -> None:
    """Let `act` happen between the sending of a write and its arrival."""

    def handler(params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name in {"PutItem", "TransactWriteItems"}:
            act(model.name, params)

    client.meta.events.register("provide-client-params.dynamodb", handler)


def delivered_twice(client: Any) -> None:
    """Every write arrives once, its answer is lost, and botocore sends it again."""
    network = aws_client("dynamodb", region="eu-west-1")

    def deliver(name: str, params: dict[str, Any]) -> None:
        first = network.put_item if name == "PutItem" else network.transact_write_items
        first(**params)

    before_each_write(client, deliver)


@pytest.mark.parametrize("rows", [[row()], [row("a"), row("b")]])
def test_a_write_that_the_network_repeated_is_done(client: Any, rows: list[Row]) -> None:
    delivered_twice(client)
    table = DynamoDbTable(client, "state")
    table.write(rows)
    assert table.query("p") == rows
    table.write([row(version=2, document="2")])
    assert table.get("p", "a") == row(version=2, document="2")


@pytest.mark.parametrize("rows", [[row()], [row("a"), row("b")]])
def test_a_write_that_another_was_faster_with_is_a_conflict(client: Any, rows: list[Row]) -> None:
    other = DynamoDbTable(aws_client("dynamodb", region="eu-west-1"), "state")
    before_each_write(client, lambda _name, _params: other.write([row(document="other")]))
    table = DynamoDbTable(client, "state")
    with pytest.raises(StoreConflict, match="p a at 0"):
        table.write(rows)
    assert table.query("p") == [row(document="other")]


def test_every_write_has_a_writer_of_its_own(client: Any) -> None:
    writers: list[str] = []
    before_each_write(client, lambda _, params: writers.append(params["Item"]["writer"]["S"]))
    table = DynamoDbTable(client, "state")
    table.write([row()])
    table.write([row(version=2)])
    table.overwrite([row()])
    assert len(set(writers)) == 3


def test_a_table_that_is_not_there_is_no_passing_trouble(client: Any) -> None:
    with pytest.raises(SettingsError, match="there is no DynamoDB table other in the AWS account"):
        DynamoDbTable(client, "other").get("p", "a")


# --- a server that answers as DynamoDB does on a bad day -------------------------------------


@contextmanager
def answering(status: int, body: dict[str, Any]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(params=["anywhere", "in a function"])
def table_at(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], DynamoDbTable]]:
    clients: list[Any] = []

    def connect(port: int) -> DynamoDbTable:
        if request.param == "in a function":
            monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "crypto_bot-prod")
            for name in ("AWS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
                monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
        clients.append(aws_client("dynamodb", region="eu-west-1", read_timeout=0.2, attempts=1))
        return DynamoDbTable(clients[-1], "state")

    yield connect
    for client in clients:
        client.close()


def error(code: str, **more: Any) -> dict[str, Any]:
    return {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "said so", **more}


def cancelled(*codes: str) -> dict[str, Any]:
    reasons = [{"Code": code} for code in codes]
    return error("TransactionCanceledException", CancellationReasons=reasons)


EVERY_CALL: dict[str, Callable[[DynamoDbTable], object]] = {
    "get": lambda table: table.get("p", "a"),
    "query": lambda table: table.query("p"),
    "shelf": lambda table: table.shelf("s"),
    "write": lambda table: table.write([row()]),
    "write two": lambda table: table.write([row("a"), row("b")]),
    "overwrite": lambda table: table.overwrite([row()]),
}


@pytest.mark.parametrize("call", EVERY_CALL)
def test_throttling_is_trouble_whatever_was_asked(
    table_at: Callable[[int], DynamoDbTable], call: str
) -> None:
    with (
        answering(400, error("ProvisionedThroughputExceededException")) as port,
        pytest.raises(StoreUnavailable, match=r"state is busy.*said so"),
    ):
        EVERY_CALL[call](table_at(port))


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, error("InternalServerError"), StoreUnavailable),
        (503, error("SomethingNew"), StoreUnavailable),
        (400, error("ThrottlingException"), StoreUnavailable),
        (400, error("RequestLimitExceeded"), StoreUnavailable),
        (400, error("TransactionInProgressException"), StoreUnavailable),
        (400, cancelled("None", "TransactionConflict"), StoreUnavailable),
        (400, cancelled("ThrottlingError", "None"), StoreUnavailable),
        (400, cancelled("None", "ConditionalCheckFailed"), StoreConflict),
        (400, cancelled("TransactionConflict", "ConditionalCheckFailed"), StoreConflict),
        (400, cancelled("None", "ValidationError"), ClientError),
        (400, error("ValidationException"), ClientError),
        (400, error("AccessDeniedException"), ClientError),
    ],
)
def test_an_answer_is_told_by_what_the_caller_can_do(
    table_at: Callable[[int], DynamoDbTable],
    status: int,
    body: dict[str, Any],
    expected: type[Exception],
) -> None:
    with answering(status, body) as port, pytest.raises(expected) as caught:
        table_at(port).write([row("a"), row("b")])
    assert type(caught.value) is expected or expected is ClientError


@pytest.mark.parametrize("call", EVERY_CALL)
def test_a_server_that_says_nothing_is_trouble_within_the_timeout(
    table_at: Callable[[int], DynamoDbTable], call: str
) -> None:
    with (
        create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(StoreUnavailable, match="did not answer"),
    ):
        EVERY_CALL[call](table_at(silent.getsockname()[1]))


def test_a_closed_port_is_trouble(table_at: Callable[[int], DynamoDbTable]) -> None:
    with create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(StoreUnavailable, match="did not answer"):
        table_at(port).get("p", "a")
