"""What a caller asks of AWS, in IAM's words, and whether a policy grants it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore import handlers

Call = tuple[str, str]  # action, resource
ARN = "arn:aws:{}:eu-west-1:123456789012:{}"
_MARKET = "-market"  # the table of which no row is the trading's


@dataclass
class Recorder:
    """What each caller has asked of AWS; what is asked while there is none is the test's own."""

    calls: dict[str, set[Call]] = field(default_factory=dict)
    partitions: set[Call] = field(default_factory=set)  # action on rows, and the leading key
    caller: str = ""

    def listen(self, patch: pytest.MonkeyPatch) -> None:
        """To every client that is made from now on."""
        hook = ("provide-client-params.*.*", self.hear)
        patch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, hook])

    @contextmanager
    def nobody(self) -> Iterator[None]:
        """Whatever is asked meanwhile is none of the caller's."""
        caller, self.caller = self.caller, ""
        try:
            yield
        finally:
            self.caller = caller

    def hear(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if self.caller:
            service = model.service_model.service_name
            known = self.calls.setdefault(self.caller, set())
            known |= set(calls_of(service, model.name, params))
            if service == "dynamodb" and not params.get("TableName", "").endswith(_MARKET):
                self.partitions |= set(_partitions(model.name, params))


def calls_of(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Call]:
    """IAM's words for one request. What is not listed here fails the test."""
    if (service, operation) == ("dynamodb", "TransactWriteItems"):  # IAM looks at what is in it
        for item in params["TransactItems"]:
            for name, inner in item.items():
                yield f"dynamodb:{name}Item", _table(inner)
        return
    resource = _RESOURCES.get((service, operation))
    if resource is None:
        raise AssertionError(f"nobody has said which right {service} {operation} takes")
    yield _ACTIONS.get((service, operation), f"{service}:{operation}"), resource(params)


def _partitions(operation: str, params: Mapping[str, Any]) -> Iterator[Call]:
    match operation:
        case "TransactWriteItems":
            for item in params["TransactItems"]:
                for name, inner in item.items():
                    yield from _partitions(f"{name}Item", inner)
        case "PutItem":
            yield "dynamodb:PutItem", params["Item"]["pk"]["S"]
        case "GetItem":
            yield "dynamodb:GetItem", params["Key"]["pk"]["S"]
        case "Query" if "IndexName" not in params:
            yield "dynamodb:Query", params["ExpressionAttributeValues"][":pk"]["S"]


def _table(params: Mapping[str, Any]) -> str:
    index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
    return ARN.format("dynamodb", f"table/{params['TableName']}{index}")


def _secret(params: Mapping[str, Any]) -> str:
    return ARN.format("secretsmanager", f"secret:{params['SecretId']}-AbCdEf")


def _parameter(params: Mapping[str, Any]) -> str:
    return ARN.format("ssm", f"parameter{params['Name']}")


def _object(params: Mapping[str, Any]) -> str:
    return f"arn:aws:s3:::{params['Bucket']}/{params['Key']}"


def _everything(_: Mapping[str, Any]) -> str:
    return "*"


_RESOURCES: Mapping[tuple[str, str], Callable[[Mapping[str, Any]], str]] = {
    ("apigateway", "GetRestApis"): lambda _: "arn:aws:apigateway:eu-west-1::/restapis",
    ("dynamodb", "DescribeTable"): _table,
    ("dynamodb", "GetItem"): _table,
    ("dynamodb", "PutItem"): _table,
    ("dynamodb", "Query"): _table,
    ("freetier", "GetAccountPlanState"): _everything,
    ("lambda", "GetAccountSettings"): _everything,
    ("lambda", "Invoke"): lambda params: ARN.format("lambda", f"function:{params['FunctionName']}"),
    ("s3", "DeleteObject"): _object,
    ("s3", "GetObject"): _object,
    ("s3", "HeadObject"): _object,
    ("s3", "ListObjectsV2"): lambda params: f"arn:aws:s3:::{params['Bucket']}",
    ("s3", "PutObject"): _object,
    ("secretsmanager", "CreateSecret"): lambda params: _secret({"SecretId": params["Name"]}),
    ("secretsmanager", "DescribeSecret"): _secret,
    ("secretsmanager", "GetSecretValue"): _secret,
    ("secretsmanager", "PutSecretValue"): _secret,
    ("sns", "Publish"): lambda params: str(params["TopicArn"]),
    ("ssm", "DeleteParameter"): _parameter,
    ("ssm", "DescribeParameters"): _everything,
    ("ssm", "GetParameter"): _parameter,
    ("ssm", "PutParameter"): _parameter,
    ("sts", "GetCallerIdentity"): _everything,
    ("timestream-write", "DescribeEndpoints"): _everything,
    ("timestream-write", "WriteRecords"): lambda params: ARN.format(
        "timestream", f"database/{params['DatabaseName']}/table/{params['TableName']}"
    ),
}
# Where IAM has another word for it.
_ACTIONS: Mapping[tuple[str, str], str] = {
    ("apigateway", "GetRestApis"): "apigateway:GET",
    ("lambda", "Invoke"): "lambda:InvokeFunction",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("timestream-write", "DescribeEndpoints"): "timestream:DescribeEndpoints",
    ("timestream-write", "WriteRecords"): "timestream:WriteRecords",
}


def covers(right: Call, call: Call) -> bool:
    return right[0] == call[0] and fnmatchcase(call[1], right[1])
