"""A stage as Terraform leaves it, on moto, and configured: table, topic, and the project."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore import handlers
from click.testing import CliRunner, Result
from moto import mock_aws

from chalicelib import bootstrap
from chalicelib.cli.verbs import cli
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import create_table
from tests.functional.iam import Call

REGION = "eu-west-1"
NOBODY = "http://127.0.0.1:9"
UNKNOWN_TO_MOTO = ("FREETIER", "LAMBDA")  # Lambda: moto would need docker
PROJECT = Path(__file__).parents[2] / "crypto_bot"


def typed(*words: str, given: str = "") -> Result:
    """The verb as an owner types it; a traceback is a failure."""
    result = CliRunner().invoke(cli, words, prog_name="crypto-bot", input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def fresh_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a clone has, where a test may write: .chalice before any stage is configured."""
    chalice = folder / ".chalice"
    chalice.mkdir(parents=True)
    shutil.copy(PROJECT / ".chalice" / "config.json", chalice)
    monkeypatch.setenv("CRYPTO_BOT_PROJECT", str(folder))
    return folder


def outputs_of(stage: str, **changes: Any) -> dict[str, Any]:
    """`terraform output -json` of infra/, as far as configure reads it."""
    arn = f"arn:aws:%s:{REGION}:123456789012:%s"
    table = arn % ("dynamodb", f"table/crypto-bot-{stage}-state")
    values = {
        "stage": stage,
        "region": REGION,
        "account_id": "123456789012",
        "state_table_name": f"crypto-bot-{stage}-state",
        "state_table_arn": table,
        "state_table_stream_arn": f"{table}/stream/2026-03-02T12:00:00.000",
        "secret_prefix": f"crypto-bot-{stage}/",
        "parameter_prefix": f"/crypto-bot-{stage}/",
        "alarm_topic_arn": arn % ("sns", f"crypto-bot-{stage}-alarms"),
        "dead_letter_queue_arn": arn % ("sqs", f"crypto-bot-{stage}-dead-letters"),
        "lake_bucket_name": f"crypto-bot-{stage}-lake-123456789012",
        "market_table_name": f"crypto-bot-{stage}-market",
        **changes,
    }
    return {name: {"sensitive": False, "value": value} for name, value in values.items()}


def calls_to_aws(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Service and operation of every call that clients made from now on make."""
    calls: list[tuple[str, str]] = []

    def hear(model: Any, **_: Any) -> None:
        calls.append((model.service_model.service_name, model.name))

    hook = ("provide-client-params.*.*", hear)
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, hook])
    return calls


@dataclass(frozen=True, kw_only=True)
class OnAws:
    """One stage; `project` is the folder in which `chalice deploy` would be typed."""

    stage: str
    project: Path

    def run(self, *words: str, given: str = "", code: int = 0) -> Result:
        """A verb with --stage; it has to end with this exit code."""
        result = typed(*words, "--stage", self.stage, given=given)
        assert result.exit_code == code, result.output
        return result

    def refusal(self, *words: str, given: str = "", code: int = 2) -> str:
        """The one sentence of a verb that was refused."""
        result = self.run(*words, given=given, code=code)
        assert result.stderr.count("\n") == 1, result.stderr
        return result.stderr.removeprefix("crypto-bot: ").rstrip("\n")

    def client(self, service: str) -> Any:
        return aws_client(service, region=REGION)

    def document(self, name: str) -> Any:
        return json.loads((self.project / ".chalice" / name).read_text(encoding="utf-8"))

    def granted(self, function: str) -> list[Call]:
        """Every action on every resource that its policy allows, or denies."""
        return [
            (action, resource)
            for statement in self.document(f"policy-{self.stage}-{function}.json")["Statement"]
            for action in statement["Action"]
            for resource in statement["Resource"]
        ]

    def edit_config(self, **variables: str) -> None:
        """The owner sets variables of this stage by hand."""
        config = self.document("config.json")
        config["stages"][self.stage]["environment_variables"] |= variables
        path = self.project / ".chalice" / "config.json"
        path.write_text(json.dumps(config), encoding="utf-8")


@contextmanager
def stage_on_aws(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stage: str = "prod"
) -> Iterator[OnAws]:
    """With an owner's credentials, and no region but the configured one."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for service in UNKNOWN_TO_MOTO:  # else it would let these calls through to AWS
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", NOBODY)
    project = fresh_project(folder, monkeypatch)
    with mock_aws():
        dynamodb, table = aws_client("dynamodb", region=REGION), f"crypto-bot-{stage}-state"
        create_table(dynamodb, table)
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        dynamodb.update_table(TableName=table, StreamSpecification=stream)
        aws_client("sns", region=REGION).create_topic(Name=f"crypto-bot-{stage}-alarms")
        configured = typed(
            "configure", stage, "--outputs", "-", given=json.dumps(outputs_of(stage))
        )
        assert configured.exit_code == 0, configured.output
        yield OnAws(stage=stage, project=project)
        bootstrap.reset()
