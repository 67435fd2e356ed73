"""Before a deploy: accounts and their secrets, looked at by somebody who may read no secret."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib import bootstrap
from chalicelib.bootstrap.stage import work_on
from chalicelib.cli.preflight import refuse_here, refuse_there
from chalicelib.deployment.refusal import DeploymentError
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.settings import Stage
from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET
from tests.functional.lambda_stand_in import LambdaStandIn
from tests.functional.stage_on_aws import OnAws, calls_to_aws, stage_on_aws

KEYS = json.dumps({"api-key": EXCHANGE_KEY, "api-secret": EXCHANGE_SECRET})
IN_MANAGER, IN_STORE = "crypto-bot-prod/main", "ssm:/crypto-bot-prod/main"
OF_DEV = "crypto-bot-dev/main"
ACCOUNT = Account(name="main", exchange="gemini", mode=Mode.SANDBOX, quote="USD", secret=IN_MANAGER)


@pytest.fixture
def prod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnAws]:
    with (
        stage_on_aws(tmp_path / "clone", monkeypatch) as stage,
        LambdaStandIn().serving(monkeypatch),
    ):
        yield stage


def store(account: Account, weight: str = "0.5") -> None:
    """As it stands in the table, whatever a verb would have said to it."""
    work_on(Stage.PROD)
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[account],
        strategies=[Strategy(name="btc", instruments={"BTCUSD": "BTC/USD"})],
        subscriptions=[Subscription(account=account.name, strategy="btc", weight=Decimal(weight))],
    )


def test_what_terraform_has_yet_to_make_is_not_missed(prod: OnAws) -> None:
    config = prod.document("config.json")
    config["stages"]["prod"]["environment_variables"] = {"CRYPTO_BOT_STAGE": "prod"}
    (prod.project / ".chalice" / "config.json").write_text(json.dumps(config))
    prod.edit_config(MARKET_FUNCTIONS="load_candles summarize_trades")
    assert refuse_here("prod").market_functions == ("load_candles", "summarize_trades")
    prod.edit_config(MARKET_FUNCTIONS="collect_candles")
    with pytest.raises(SettingsError, match="has collect_candles, and CANDLE_VENUE is not set"):
        refuse_here("prod")


@pytest.mark.parametrize("name", [IN_MANAGER, IN_STORE])
def test_a_secret_is_seen_to_be_there_and_not_read(
    prod: OnAws, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    prod.client("secretsmanager").create_secret(Name=IN_MANAGER, SecretString=KEYS)
    prod.client("ssm").put_parameter(
        Name=IN_STORE.removeprefix("ssm:"), Value=KEYS, Type="SecureString"
    )
    store(replace(ACCOUNT, secret=name))
    asked = calls_to_aws(monkeypatch)
    refuse_here("prod")
    assert refuse_there("prod", needs_table=True).accounts.keys() == {"main"}
    of_secrets = {call for call in asked if call[0] in {"secretsmanager", "ssm"}}
    assert of_secrets <= {("secretsmanager", "DescribeSecret"), ("ssm", "DescribeParameters")}
    assert len(of_secrets) == 1


@pytest.mark.parametrize("name", [IN_MANAGER, IN_STORE, "crypto-bot-prod/nowhere"])
def test_a_secret_without_a_value_is_refused(prod: OnAws, capsys, name: str) -> None:
    prod.client("secretsmanager").create_secret(Name=IN_MANAGER)  # as Terraform makes it
    store(replace(ACCOUNT, secret=name))
    with pytest.raises(DeploymentError, match="account main: secret must be mended first"):
        refuse_there("prod", needs_table=True)
    assert f"the secret {name!r} is empty or missing; crypto-bot secrets put" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("account", "weight", "wrong"),
    [
        (replace(ACCOUNT, secret=OF_DEV), "0.5", "secret"),
        (replace(ACCOUNT, secret="", exchange="geminy"), "0.5", "exchange"),
        (replace(ACCOUNT, secret="", mode=Mode.LIVE), "0.5", "mode"),
        (replace(ACCOUNT, secret=""), "1.5", "weights"),
    ],
)
def test_what_is_wrong_with_an_account_is_refused(
    prod: OnAws, account: Account, weight: str, wrong: str
) -> None:
    prod.client("secretsmanager").create_secret(Name=OF_DEV, SecretString=KEYS)
    store(account, weight)
    with pytest.raises(DeploymentError, match=f"account main: {wrong} must be mended first"):
        refuse_there("prod", needs_table=True)


def test_before_there_is_a_table_only_the_caller_is_looked_at(prod: OnAws, capsys) -> None:
    prod.client("dynamodb").delete_table(TableName="crypto-bot-prod-state")
    assert refuse_there("prod", needs_table=False).accounts == {}
    with pytest.raises(DeploymentError, match="nothing is deployed: table must be mended first"):
        refuse_there("prod", needs_table=True)
    assert "make infra STAGE=prod makes it" in capsys.readouterr().out
