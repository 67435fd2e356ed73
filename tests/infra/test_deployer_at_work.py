"""What `crypto-bot deploy` asks of AWS beside Terraform and Chalice, and the workflow's role.

All of it runs here against moto, is written down, and held against the role that Terraform makes.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.bootstrap.stage import work_on
from chalicelib.cli.alive import prove_alive
from chalicelib.cli.preflight import refuse_there
from chalicelib.deployment.host_release import bring_release
from chalicelib.deployment.stage_state import state_file
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.settings import Stage
from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET
from tests.functional.iam import Recorder, covers
from tests.functional.lambda_stand_in import LambdaStandIn
from tests.functional.stage_on_aws import OnAws, stage_on_aws
from tests.infra.terraform import INFRA

LAKE = "crypto-bot-prod-lake-123456789012"
# Allowed to everybody, and what a deploy goes on without.
NO_RIGHT = {"sts:GetCallerIdentity", "lambda:GetAccountSettings", "freetier:GetAccountPlanState"}


@dataclass(kw_only=True)
class Naps:
    """Nobody sleeps here."""

    taken: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    """Of one whole deploy of a stage with an account, a host, and a record of an earlier one."""
    recorder = Recorder()
    functions = LambdaStandIn(while_running=recorder.nobody)
    with (
        pytest.MonkeyPatch.context() as patch,
        stage_on_aws(tmp_path_factory.mktemp("deployer") / "clone", patch) as prod,
        functions.serving(patch),
    ):
        recorder.listen(patch)
        functions.functions = {"crypto_bot-prod": {}, "crypto_bot-prod-tick": {}}
        _furnish(prod)
        recorder.caller = "deployer"
        refuse_there("prod", needs_table=True)
        record = state_file(prod.project, "prod")
        assert record.fetch() == ""  # no API is known
        chalices = {"resources": [], "schema_version": "2.0", "backend": "api"}
        record.path.parent.mkdir()
        record.path.write_text(json.dumps(chalices))
        record.keep()
        record.path.unlink()
        assert "is known here now" in record.fetch()
        assert bring_release(INFRA.parent, LAKE, aws_client("s3", region="eu-west-1"))
        prove_alive(Naps())
        record.forget()
        recorder.caller = ""
        yield recorder


def _furnish(prod: OnAws) -> None:
    keys = json.dumps({"api-key": EXCHANGE_KEY, "api-secret": EXCHANGE_SECRET})
    prod.client("secretsmanager").create_secret(Name="crypto-bot-prod/main", SecretString=keys)
    prod.client("ssm").put_parameter(Name="/crypto-bot-prod/other", Value=keys, Type="SecureString")
    prod.client("s3").create_bucket(
        Bucket=LAKE, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    work_on(Stage.PROD)
    paper = Account(
        name="paper",
        exchange="virtual",
        mode=Mode.VIRTUAL,
        quote="USDT",
        prices_from="synthetic",
    )
    accounts = [
        paper,
        *(_idle(name) for name in ("crypto-bot-prod/main", "ssm:/crypto-bot-prod/other")),
    ]
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=accounts,
        strategies=[Strategy(name="btc", instruments={"BTCUSDT": "BTC/USDT"})],
        subscriptions=[Subscription(account="paper", strategy="btc", weight=Decimal("0.5"))],
    )


def _idle(secret: str) -> Account:
    """One that the venues' look leaves in peace: its loopback venue does not answer."""
    return Account(
        name=secret.rpartition("/")[2],
        exchange="gemini",
        mode=Mode.SANDBOX,
        quote="USD",
        secret=secret,
        exchange_options={
            "urls": {
                "api": {"public": "http://127.0.0.1:9"},
                "test": {"public": "http://127.0.0.1:9", "private": "http://127.0.0.1:9"},
            }
        },
    )


@pytest.fixture
def rights(plans) -> list[dict[str, Any]]:
    policy = plans["everything"].one("aws_iam_role_policy.deployer[0]")["policy"]
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


def test_the_role_may_do_all_that_a_deploy_does(recorder: Recorder, rights) -> None:
    granted = [(a, r) for right in rights for a in right["Action"] for r in right["Resource"]]
    asked = {call for call in recorder.calls["deployer"] if call[0] not in NO_RIGHT}
    assert {action for action, _ in asked} == {
        "apigateway:GET",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "lambda:InvokeFunction",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:PutObject",
        "secretsmanager:DescribeSecret",
        "ssm:DescribeParameters",
    }
    assert sorted(c for c in asked if not any(covers(right, c) for right in granted)) == []


def test_of_the_rows_it_needs_what_it_may_and_no_more(recorder: Recorder, rights) -> None:
    on_rows = [
        (action, key)
        for right in rights
        for action in right["Action"]
        if action in {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}
        for [keys] in [right["Condition"].values()]
        for key in keys["dynamodb:LeadingKeys"]
    ]
    assert all(
        any(action == may and fnmatchcase(key, pattern) for may, pattern in on_rows)
        for action, key in recorder.partitions
    ), recorder.partitions
    assert {pattern for _, pattern in on_rows} == {"config", "config.history", "signal#*"}
