"""The lakes that every stage has to work on alike."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.lakes.s3 import S3Lake
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.market_ports.lake import Lake

_buckets = count(1)
REGION = "eu-west-1"


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with mock_aws():
        client = aws_client("s3", region=REGION)
        yield client
        client.close()


@pytest.fixture
def s3_lake(s3: Any) -> S3Lake:
    name = f"lake-{next(_buckets)}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return S3Lake(s3, name)


@pytest.fixture
def folder_lake(tmp_path: Path) -> Iterator[FolderLake]:
    lake = FolderLake(tmp_path / "lake")
    yield lake
    lake.close()


@pytest.fixture(params=["folder_lake", "s3_lake"])
def lake(request: pytest.FixtureRequest) -> Lake:
    chosen: Lake = request.getfixturevalue(request.param)
    return chosen
