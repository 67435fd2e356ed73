"""Timestream as moto has it, and what a query would show of what was written there.

moto keeps records as they came and answers no query of its own, so the rule of the documentation is
applied here: of records with the same dimensions, measure and time, the highest version counts.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import handlers
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionError  # noqa: A004 - botocore's own
from moto import mock_aws
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.timestreamwrite.models import timestreamwrite_backends

from chalicelib.drivers.boto3_session import aws_client

REGION, DATABASE, TABLE = "eu-west-1", "crypto-bot-prod", "candles"

Seen = dict[datetime, dict[str, float]]


@dataclass
class Timestream:
    """`asked` are the requests to write; while `is_away`, none is answered.

    The next request is answered by the first of `refusals`: status, and what the answer says.
    """

    asked: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    is_away: bool = False

    def hear(self, params: dict[str, Any], **_: Any) -> None:
        if self.is_away:
            raise ConnectionError(error="made up")
        self.asked.append(params)

    def answer(self, request: Any, **_: Any) -> AWSResponse | None:
        """In place of moto's answer, and read by botocore as AWS's would be."""
        if not self.refusals:
            return None
        status, said = self.refusals.pop(0)
        return AWSResponse(request.url, status, {}, MockRawResponse(json.dumps(said).encode()))

    @contextmanager
    def client(self, attempts: int = 2) -> Iterator[Any]:
        """One that writes here."""
        made = aws_client("timestream-write", region=REGION, attempts=attempts)
        yield made
        made.close()

    def kept(self) -> int:
        """How many records moto has taken."""
        databases = timestreamwrite_backends[DEFAULT_ACCOUNT_ID][REGION].databases
        return len(databases[DATABASE].tables[TABLE].records)

    def seen(self, *dimensions: str) -> Seen:
        """By time, the measures of the series of this venue, symbol and interval."""
        versions: dict[datetime, tuple[int, dict[str, float]]] = {}
        for request in self.asked:
            assert (request["DatabaseName"], request["TableName"]) == (DATABASE, TABLE)
            for record in request["Records"]:
                whole = {**request["CommonAttributes"], **record}
                if tuple(one["Value"] for one in whole["Dimensions"]) != dimensions:
                    continue
                at = _time(whole)
                measures = {m["Name"]: float(m["Value"]) for m in whole["MeasureValues"]}
                if at not in versions or versions[at][0] < whole["Version"]:
                    versions[at] = (whole["Version"], measures)
        return {at: measures for at, (_, measures) in sorted(versions.items())}


def _time(record: dict[str, Any]) -> datetime:
    assert (record["TimeUnit"], record["MeasureValueType"]) == ("SECONDS", "MULTI")
    return datetime.fromtimestamp(int(record["Time"]), UTC)


@contextmanager
def timestream(patch: pytest.MonkeyPatch) -> Iterator[Timestream]:
    """An account that has the table. Clients that are made from now on write to it."""
    made = Timestream()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        patch.setenv(name, "none")
    with mock_aws():
        client = aws_client("timestream-write", region=REGION)
        client.create_database(DatabaseName=DATABASE)
        client.create_table(DatabaseName=DATABASE, TableName=TABLE)
        operation = "timestream-write.WriteRecords"
        hooks: list[tuple[str, Any]] = [
            (f"provide-client-params.{operation}", made.hear),
            (f"before-send.{operation}", made.answer),
        ]
        patch.setattr(handlers, "BUILTIN_HANDLERS", [*hooks, *handlers.BUILTIN_HANDLERS])
        yield made
        client.close()
