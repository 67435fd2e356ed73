"""`doctor --stage` tells what of the AWS account is not as the deployed bot needs it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.domain.deployment.rights import RIGHTS
from chalicelib.settings import Stage
from tests.functional.lambda_stand_in import LambdaStandIn
from tests.functional.stage_on_aws import OnAws, stage_on_aws, typed

ACCOUNTS = """
[accounts.paper]
exchange = "virtual"
mode = "virtual"
quote = "USDT"
prices_from = "synthetic"
"""


@pytest.fixture
def aws() -> LambdaStandIn:
    return LambdaStandIn()


@pytest.fixture
def prod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aws: LambdaStandIn) -> Iterator[OnAws]:
    with stage_on_aws(tmp_path / "clone", monkeypatch) as stage, aws.serving(monkeypatch):
        (tmp_path / "accounts.toml").write_text(ACCOUNTS, encoding="utf-8")
        stage.run("accounts", "apply", str(tmp_path / "accounts.toml"))
        yield stage


def deploy(prod: OnAws, aws: LambdaStandIn) -> None:
    config = prod.document("config.json")
    variables = {
        **config["environment_variables"],
        **config["stages"]["prod"]["environment_variables"],
    }
    for name in ("crypto_bot-prod", "crypto_bot-prod-tick", "crypto_bot-prod-report_performance"):
        aws.functions[name] = dict(variables)


def checks(prod: OnAws, *words: str, code: int = 0) -> dict[str, tuple[bool | None, str]]:
    told = json.loads(prod.run("doctor", "--json", *words, code=code).stdout)
    return {check["name"]: (check["ok"], check["detail"]) for check in told}


def test_a_stage_that_is_deployed_is_well(prod: OnAws, aws: LambdaStandIn) -> None:
    deploy(prod, aws)
    found = checks(prod)
    assert [name for name, (ok, _) in found.items() if ok is False] == []
    assert found["credentials"][0]
    assert "region eu-west-1" in found["credentials"][1]
    assert found["table"] == (True, "crypto-bot-prod-state and its index are there")
    assert found["urgent alerts"][0]
    for name in RIGHTS:
        assert found[f"function {name}"][0]
    assert found["concurrency"] == (True, "1000 functions may run at once, 990 of them unreserved")
    assert found["AWS plan"] == (True, "a paid plan: the account stays open")
    assert found["account paper: from the region"] == (
        True,
        "its exchange answers to functions in eu-west-1",
    )
    assert "home" not in found


def test_before_it_is_deployed_that_is_said(prod: OnAws) -> None:
    found = checks(prod)
    assert found["function tick"] == (
        None,
        "crypto_bot-prod-tick is not deployed yet: make deploy STAGE=prod",
    )
    assert found["venues from the region"] == (
        None,
        "cannot be told: the functions are not deployed yet",
    )


def test_offline_no_exchange_is_asked_from_anywhere(prod: OnAws, aws: LambdaStandIn) -> None:
    deploy(prod, aws)
    assert not any("from the region" in name for name in checks(prod, "--offline"))


def test_functions_that_are_older_than_the_configuration(prod: OnAws, aws: LambdaStandIn) -> None:
    deploy(prod, aws)
    prod.edit_config(LIVE="yes")
    assert checks(prod, code=1)["function tick"] == (
        False,
        "crypto_bot-prod-tick has other variables than config.json (LIVE): make deploy STAGE=prod",
    )


def test_a_small_account_and_a_free_plan_are_warnings(prod: OnAws, aws: LambdaStandIn) -> None:
    aws.most, aws.plan = 10, "FREE"
    found = checks(prod)
    ok, told = found["concurrency"]
    assert ok is None
    assert told.startswith("10 functions of this account may run at once, too few to reserve any")
    ok, told = found["AWS plan"]
    assert ok is None
    assert told.startswith("WARNING: AWS closes an account on the free plan on 2026-09-01 or when")


def test_an_exchange_that_refuses_the_region(prod: OnAws, aws: LambdaStandIn) -> None:
    deploy(prod, aws)
    bootstrap.use(Choices(settings=stage_settings(Stage.PROD)))
    stored = bootstrap.strategies().configuration()
    gone = replace(stored.accounts["paper"], prices_from="")
    bootstrap.strategies().apply(expected_version=stored.version, accounts=[gone])
    bootstrap.reset()
    ok, told = checks(prod, code=1)["account paper: from the region"]
    assert ok is False
    assert told.startswith("account paper is virtual and says not where its prices come from")


def test_a_function_that_fails_is_no_venue_that_fails(prod: OnAws, aws: LambdaStandIn) -> None:
    deploy(prod, aws)
    aws.fails = True
    ok, told = checks(prod, code=1)["account all: from the region"]
    assert (ok, told) == (False, "the function failed: {'errorMessage': 'no table'}")


def test_a_table_without_a_stream(prod: OnAws) -> None:
    prod.client("dynamodb").update_table(
        TableName="crypto-bot-prod-state", StreamSpecification={"StreamEnabled": False}
    )
    found = checks(prod, code=1)
    assert found["urgent alerts"] == (
        False,
        "crypto-bot-prod-state has no stream, so they wait for the schedule: make infra",
    )
    assert "state" in found  # everything else is told all the same


def test_without_the_table_nothing_else_is_asked(prod: OnAws) -> None:
    prod.client("dynamodb").delete_table(TableName="crypto-bot-prod-state")
    found = checks(prod, code=1)
    assert found["table"] == (
        False,
        "there is no DynamoDB table crypto-bot-prod-state: make infra STAGE=prod makes it",
    )
    assert "state" not in found


def test_credentials_of_another_account(prod: OnAws) -> None:
    prod.edit_config(ALARM_TOPIC_ARN="arn:aws:sns:eu-west-1:999999999999:crypto-bot-prod-alarms")
    found = checks(prod, code=1)
    assert found["credentials"] == (
        False,
        "they are of the AWS account 123456789012, and stage prod is in 999999999999; set "
        "AWS_PROFILE, or make configure again",
    )
    assert "table" not in found


def test_without_credentials_there_is_one_thing_to_say(prod: OnAws, monkeypatch: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    found = checks(prod, code=1)
    assert found["credentials"][1].startswith("there are no AWS credentials; run aws configure")
    assert list(found) == ["credentials", "ccxt"]


def test_at_home_nothing_of_aws_is_asked(tmp_path: Path) -> None:
    told = typed("doctor", "--offline", "--json", "--home", str(tmp_path)).stdout
    assert {check["name"] for check in json.loads(told)} >= {"home", "secrets"}
    assert "credentials" not in told
