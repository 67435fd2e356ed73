"""`configure` writes nothing where anything is wrong, and says what."""

from pathlib import Path

import pytest

from tests.functional.cli.configured_clone import configure, edit, files
from tests.functional.stage_on_aws import typed


@pytest.mark.parametrize(
    ("stage", "outputs", "sentence"),
    [
        (
            "dev",
            {"state_table_arn": None, "lake_bucket_name": ""},
            "terraform's outputs lack state_table_arn, lake_bucket_name; make infra STAGE=dev",
        ),
        (
            "prod",
            {"of": "dev"},
            "terraform's outputs are those of stage dev, and prod is to be configured; make infra "
            "STAGE=prod",
        ),
        (
            "dev",
            {"state_table_arn": "crypto-bot-dev-state"},
            "output state_table_arn is 'crypto-bot-dev-state'; it must be an ARN: make infra",
        ),
        ("dev", {"account_id": 123456789012}, "output account_id is 123456789012; it must be tw"),
        ("dev", {"parameter_prefix": "crypto-bot-dev/"}, "it must be a name between two slashes"),
        ("dev", {"ticks_on": "moon"}, "ticks_on is 'moon'; it must be schedule or host"),
        ("dev", {"function_subnet_ids": ["x"]}, "function_subnet_ids is 'x'; it must be ids of"),
    ],
)
def test_odd_outputs_are_refused(project, stage, outputs, sentence) -> None:
    before = files(project)
    refusal = configure(stage, code=2, **outputs).stderr
    assert sentence in refusal
    assert refusal.count("\n") == 1
    assert files(project) == before


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("{}", "terraform's outputs lack stage, region, account_id"),
        ("[]", "terraform's outputs are no JSON object"),
        ("Warning: no outputs", "standard input is no JSON, line 1, column 1"),
        ('{"stage": "dev"}', "terraform's outputs lack stage"),
    ],
)
def test_what_is_no_output_of_terraform_is_refused(project, given, sentence) -> None:
    before = files(project)
    refusal = typed("configure", "dev", "--outputs", "-", given=given)
    assert refusal.exit_code == 2
    assert sentence in refusal.stderr
    assert files(project) == before


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"LIVE": "yes"}, "LIVE is yes on stage dev, which never trades live"),
        (
            {"EXCHANGE_NAME": "gemini", "SANDBOX": "false"},
            "SANDBOX is false on stage dev, which never trades live; set SANDBOX to true there",
        ),
        ({"WEBHOOK_SOURCES": "everybody"}, "WEBHOOK_SOURCES has 'everybody'"),
        ({"MARKET_FUNCTIONS": "rank_market"}, "MARKET_FUNCTIONS has 'rank_market'; it must list"),
        ({"MARKET_FUNCTIONS": "rank_markets"}, "has rank_markets, and CANDLE_VENUE is not set"),
        ({"SERIES_INDICATORS": "smma:3"}, "SERIES_INDICATORS: "),
        (
            {"TRADE_FLOW_URL": "mysql://u@h/d?ssl_ca=/var/task/chalicelib/rds-ca.pem"},
            "chalicelib/rds-ca.pem is here, and that is missing; docs/market-data.md says where",
        ),
        ({"LOAD_CANDLES_SCHEDULE": "rate(2 hour)"}, "'rate(2 hour)'; it must be rate(2 hours)"),
    ],
)
def test_what_a_function_would_refuse_is_refused_now(project, variables, sentence) -> None:
    edit(project, lambda config: config["stages"]["dev"]["environment_variables"].update(variables))
    before = files(project)
    assert sentence in configure(code=2).stderr
    assert files(project) == before


def test_live_money_is_for_prod(project: Path) -> None:
    live = {"LIVE": "yes", "EXCHANGE_NAME": "gemini", "SANDBOX": "false"}
    edit(project, lambda c: c["stages"]["prod"]["environment_variables"].update(live))
    configure("prod")


def test_an_application_by_another_name_is_refused(project: Path) -> None:
    """Terraform's alarms would watch functions that do not exist."""
    edit(project, lambda config: config.update(app_name="mybot"))
    assert "app_name of .chalice/config.json is 'mybot'" in configure(code=2).stderr


def test_without_a_project_there_is_nothing_to_configure(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CRYPTO_BOT_PROJECT", str(tmp_path))
    assert f"there is no {tmp_path}/.chalice/config.json" in configure(code=2).stderr


def test_a_config_that_cannot_be_read_is_refused(project: Path) -> None:
    (project / ".chalice" / "config.json").write_text("{,}", encoding="utf-8")
    assert "config.json is no JSON, line 1, column 2" in configure(code=2).stderr
