"""The tables that every store has to work on alike."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from moto import mock_aws
from moto.core.models import botocore_stubber

from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Table

_numbers = count(1)
_turn = Lock()


def _one_at_a_time(event_name: str, request: Any, **_: Any) -> Any:
    """DynamoDB checks a condition and writes in one step; moto does so only if left alone."""
    with _turn:
        return botocore_stubber(event_name, request)


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    """One imitation of DynamoDB per module, because it starts slowly."""
    with mock_aws():
        client = aws_client("dynamodb", region="eu-west-1")
        client.meta.events.unregister("before-send", botocore_stubber)
        client.meta.events.register("before-send", _one_at_a_time)
        yield client
        client.close()


@pytest.fixture
def dynamodb_table(dynamodb: Any) -> DynamoDbTable:
    name = f"state-{next(_numbers)}"
    create_table(dynamodb, name)
    return DynamoDbTable(dynamodb, name)


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Iterator[SqliteTable]:
    table = SqliteTable(tmp_path / "state.db")
    yield table
    table.close()


@pytest.fixture
def sqlite_memory() -> Iterator[SqliteTable]:
    table = SqliteTable(":memory:")
    yield table
    table.close()


@pytest.fixture(params=["sqlite_memory", "sqlite_file", "dynamodb_table"])
def table(request: pytest.FixtureRequest) -> Table:
    chosen: Table = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def narrow_dynamodb_table(dynamodb_table: DynamoDbTable) -> DynamoDbTable:
    """Steps of ten rows instead of a hundred: moto takes seconds for hundreds."""
    dynamodb_table.write_limit = 10
    return dynamodb_table


@pytest.fixture(params=["sqlite_memory", "narrow_dynamodb_table"])
def narrow_table(request: pytest.FixtureRequest) -> Table:
    chosen: Table = request.getfixturevalue(request.param)
    return chosen
