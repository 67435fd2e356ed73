"""The time series that loading and its readers have to work on alike."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.adapters.series.dynamodb import DynamoDbTimeSeries
from chalicelib.adapters.series.sqlite import SqliteTimeSeries
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from chalicelib.market_ports.series import TimeSeries

_numbers = count(1)


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = aws_client("dynamodb", region="eu-west-1")
        yield client
        client.close()


@pytest.fixture
def market_table(dynamodb: Any) -> DynamoDbTable:
    name = f"market-{next(_numbers)}"
    create_table(dynamodb, name)
    return DynamoDbTable(dynamodb, name)


@pytest.fixture
def dynamodb_series(market_table: DynamoDbTable) -> DynamoDbTimeSeries:
    return DynamoDbTimeSeries(market_table)


@pytest.fixture
def sqlite_series(tmp_path: Path) -> Iterator[SqliteTimeSeries]:
    opened = SqliteTimeSeries(tmp_path / "home" / "series.sqlite3")
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite_series", "dynamodb_series"])
def store(request: pytest.FixtureRequest) -> TimeSeries:
    chosen: TimeSeries = request.getfixturevalue(request.param)
    return chosen
