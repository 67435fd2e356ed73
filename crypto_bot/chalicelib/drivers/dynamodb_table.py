"""The table in DynamoDB: key (pk, sk), one index `shelf` on (shelf, at), conditional puts.

Every write carries a `writer` of its own. botocore repeats a request whose answer got lost, and
the repetition then fails on the condition that the first one has fulfilled: when the row found
there names this very writer, the write is done and nobody else was faster.
"""

import secrets
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own; the builtin is not used here
    HTTPClientError,
    IncompleteReadError,
)

from chalicelib.domain.errors import SettingsError, StoreConflict, StoreUnavailable
from chalicelib.drivers.table import Row

TRANSACTION_LIMIT: Final = 100
SHELF_INDEX: Final = "shelf"
_LONGEST_PARTITION: Final = 2_048  # bytes, as DynamoDB counts them
_LONGEST_SORT: Final = 1_024

Item = dict[str, dict[str, Any]]
Request = dict[str, Any]

# An item holds 400 KB at most, and a write is paid per KB: what is long is stored packed.
_PACKED_ABOVE: Final = 4096

_TRANSIENT: Final = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_HTTP_SERVER_ERROR: Final = 500


class DynamoDbTable:
    """`Table` over a low-level DynamoDB client. `new_writer` gives a fresh text per write."""

    def __init__(
        self,
        client: Any,
        name: str,
        *,
        new_writer: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self.write_limit: int | None = TRANSACTION_LIMIT
        self.scans_one_moment: bool = False
        self._client = client
        self._name = name
        self._new_writer = new_writer

    def get(self, partition: str, sort: str) -> Row | None:
        """See `Table.get`."""
        if not _is_key(partition, sort):
            return None
        with _trouble_named(self._name):
            answer = self._client.get_item(
                TableName=self._name,
                Key={"pk": {"S": partition}, "sk": {"S": sort}},
                ConsistentRead=True,
            )
        return _row(answer["Item"]) if "Item" in answer else None

    def query(self, partition: str, prefix: str = "") -> list[Row]:
        """See `Table.query`."""
        if not _is_key(partition, prefix):
            return []
        condition, values = "pk = :pk", {":pk": {"S": partition}}
        if prefix:
            condition += " AND begins_with(sk, :prefix)"
            values[":prefix"] = {"S": prefix}
        request: Request = {
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
        }
        return self._pages(self._client.query, request, None)

    def shelf(
        self,
        name: str,
        *,
        up_to: str | None = None,
        above: str | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[Row]:
        """See `Table.shelf`."""
        # The next text after `above`: one condition on a key is all that DynamoDB takes, so the
        # two bounds have to become one BETWEEN, which includes both ends.
        first = "\0" if above is None else above + "\0"
        condition, values = "#shelf = :shelf AND #at >= :first", {":first": {"S": first}}
        if up_to is not None:
            if up_to < first:
                return []
            condition = "#shelf = :shelf AND #at BETWEEN :first AND :last"
            values[":last"] = {"S": up_to}
        request: Request = {
            "IndexName": SHELF_INDEX,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": {"#shelf": "shelf", "#at": "at"},
            "ExpressionAttributeValues": values | {":shelf": {"S": name}},
            "ScanIndexForward": not descending,
        }
        return self._pages(self._client.query, request, limit)

    def between(
        self,
        partition: str,
        first: str,
        last: str,
        *,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[Row]:
        """Rows of the partition with `first` <= sort <= `last`, in order, consistently."""
        if not _is_key(partition, last):
            return []
        request: Request = {
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":pk": {"S": partition},
                ":first": {"S": first or "\0"},  # a key is never empty
                ":last": {"S": last},
            },
            "ScanIndexForward": not descending,
            "ConsistentRead": True,
        }
        return self._pages(self._client.query, request, limit)

    def scan(self) -> list[Row]:
        """See `WholeTable.scan`; DynamoDB has no order between partitions."""
        rows = self._pages(self._client.scan, {"ConsistentRead": True}, None)
        return sorted(rows, key=lambda row: (row.partition, row.sort))

    def write(self, rows: Sequence[Row]) -> None:
        """See `Table.write`."""
        if len(rows) > TRANSACTION_LIMIT:
            raise ValueError(
                f"{len(rows)} rows in one write; DynamoDB takes at most {TRANSACTION_LIMIT}"
            )
        writer = self._new_writer()
        puts = [self._conditional_put(row, writer) for row in rows]
        with _trouble_named(self._name):
            try:
                self._put_all(puts, writer)
            except ClientError as error:
                found = _rows_in_the_way(error)
                if found is None:
                    raise
                if not any(item.get("writer") == {"S": writer} for item in found):
                    raise StoreConflict(_conflict(rows)) from error

    def overwrite(self, rows: Sequence[Row]) -> None:
        """See `Table.overwrite`."""
        writer = self._new_writer()
        for row in rows:
            with _trouble_named(self._name):
                self._client.put_item(TableName=self._name, Item=_item(row, writer))

    def _put_all(self, puts: list[Request], writer: str) -> None:
        if len(puts) == 1:
            self._client.put_item(**puts[0])
        elif puts:
            self._client.transact_write_items(
                TransactItems=[{"Put": put} for put in puts], ClientRequestToken=writer
            )

    def _conditional_put(self, row: Row, writer: str) -> Request:
        put: Request = {
            "TableName": self._name,
            "Item": _item(row, writer),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if row.version == 1:
            return put | {"ConditionExpression": "attribute_not_exists(pk)"}
        return put | {
            "ConditionExpression": "#version = :expected",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {":expected": {"N": str(row.version - 1)}},
        }

    def _pages(self, read: Callable[..., Any], request: Request, limit: int | None) -> list[Row]:
        """A page ends after 1 MB, wherever that is; reading goes on until nothing is left."""
        rows: list[Row] = []
        request = request | {"TableName": self._name}
        while limit is None or len(rows) < limit:
            if limit is not None:
                request["Limit"] = limit - len(rows)
            with _trouble_named(self._name):
                answer = read(**request)
            rows += [_row(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return rows


def create_table(client: Any, name: str) -> None:
    """The table as tests need it; on AWS it is Terraform that owns it, in the same shape."""
    key_names = ("pk", "sk", "shelf", "at")
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in key_names],
        KeySchema=_key_schema("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": SHELF_INDEX,
                "KeySchema": _key_schema("shelf", "at"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    client.get_waiter("table_exists").wait(TableName=name)


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def _item(row: Row, writer: str) -> Item:
    item: Item = {
        "pk": {"S": row.partition},
        "sk": {"S": row.sort},
        "document": _stored(row.document),
        "version": {"N": str(row.version)},
        "writer": {"S": writer},
    }
    if row.shelf is not None and row.at is not None:
        item |= {"shelf": {"S": row.shelf}, "at": {"S": row.at}}
    if row.urgent:
        item["urgent"] = {"BOOL": True}
    return item


def _row(item: Item) -> Row:
    return Row(
        partition=item["pk"]["S"],
        sort=item["sk"]["S"],
        document=_document(item["document"]),
        version=int(item["version"]["N"]),
        shelf=item["shelf"]["S"] if "shelf" in item else None,
        at=item["at"]["S"] if "at" in item else None,
        urgent="urgent" in item,
    )


def _stored(document: str) -> dict[str, Any]:
    if len(document) <= _PACKED_ABOVE:
        return {"S": document}
    return {"B": zlib.compress(document.encode())}


def _document(stored: dict[str, Any]) -> str:
    if "S" in stored:
        text: str = stored["S"]
        return text
    return zlib.decompress(stored["B"]).decode()


def _rows_in_the_way(error: ClientError) -> list[Item] | None:
    """What stood where a condition failed; None if the error is about something else."""
    if _code(error) == "ConditionalCheckFailedException":
        return [error.response.get("Item", {})]
    refused = [
        reason.get("Item", {})
        for reason in error.response.get("CancellationReasons", [])
        if reason.get("Code") == "ConditionalCheckFailed"
    ]
    return refused or None


def _is_key(partition: str, sort: str) -> bool:
    """Whether a row can have it: DynamoDB refuses even to look for a longer one."""
    return len(partition.encode()) <= _LONGEST_PARTITION and len(sort.encode()) <= _LONGEST_SORT


def _conflict(rows: Sequence[Row]) -> str:
    keys = ", ".join(f"{row.partition} {row.sort} at {row.version - 1}" for row in rows)
    return f"another write was faster than this one, which expected {keys}"


@contextmanager
def _trouble_named(table: str) -> Iterator[None]:
    try:
        yield
    except (HTTPClientError, ConnectionError, IncompleteReadError) as error:
        raise StoreUnavailable(f"the DynamoDB table {table} did not answer: {error}") from error
    except ClientError as error:
        if _code(error) == "ResourceNotFoundException":
            raise SettingsError(
                f"there is no DynamoDB table {table} in the AWS account and region that were "
                "asked; make infra makes it, or other credentials open its account"
            ) from error
        if not _is_transient(error):
            raise
        raise StoreUnavailable(f"the DynamoDB table {table} is busy: {error}") from error


def _is_transient(error: ClientError) -> bool:
    if _code(error) in _TRANSIENT:
        return True
    reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
    if reasons:
        return bool(reasons & _TRANSIENT)
    metadata = error.response.get("ResponseMetadata", {})
    return bool(metadata.get("HTTPStatusCode", 0) >= _HTTP_SERVER_ERROR)


def _code(error: ClientError) -> str:
    code: str = error.response.get("Error", {}).get("Code", "")
    return code
