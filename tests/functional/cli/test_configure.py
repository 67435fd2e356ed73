"""`configure` writes a stage from Terraform's outputs: all of it, again and again."""

import json
from pathlib import Path
from typing import Any

import pytest
from chalice.config import Config

from chalicelib.adapters.chalice_project import ChaliceProject
from chalicelib.domain.deployment.market_functions import MARKET_FUNCTIONS
from chalicelib.settings import Settings, Stage
from tests.functional.cli.configured_clone import TICK, config, configure, edit, files


def test_a_stage_is_written_whole(project: Path) -> None:
    told = configure().stdout.splitlines()
    assert told == [
        ".chalice/policy-dev-api_handler.json is written.",
        ".chalice/policy-dev-tick.json is written.",
        ".chalice/policy-dev-report_performance.json is written.",
        ".chalice/gateway-dev.json is written.",
        ".chalice/config.json is written.",
    ]
    stage = config(project)["stages"]["dev"]
    assert stage["environment_variables"] == {
        "CRYPTO_BOT_STAGE": "dev",
        "SANDBOX": "true",
        "CRYPTO_BOT_REGION": "eu-west-1",
        "TABLE_NAME": "crypto-bot-dev-state",
        "SECRET_PREFIX": "crypto-bot-dev/",
        "PARAMETER_PREFIX": "/crypto-bot-dev/",
        "ALARM_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:crypto-bot-dev-alarms",
        "LAKE_BUCKET": "crypto-bot-dev-lake-123456789012",
        "SERIES_TABLE": "crypto-bot-dev-market",
        "CLOUDWATCH_METRICS": "yes",
        "TICKS_ON": "schedule",
        "CANDLE_STAGES_ON": "schedule",
    }
    named = {function["iam_policy_file"] for function in stage["lambda_functions"].values()}
    assert named | {stage["api_gateway_policy_file"], "config.json"} == set(files(project))


def test_what_is_configured_is_what_a_function_reads(project: Path) -> None:
    configure()
    environment = ChaliceProject(project).environment("dev")
    settings = Settings.from_environment(environment)
    assert (settings.stage, settings.is_deployed, settings.region) == (Stage.DEV, True, "eu-west-1")


@pytest.mark.parametrize("function", ["api_handler", "tick", "report_performance"])
def test_chalice_reads_it_as_we_do(project: Path, function: str) -> None:
    configure()
    chalice = Config(chalice_stage="dev", function_name=function, config_from_disk=config(project))
    assert chalice.environment_variables == ChaliceProject(project).environment("dev")
    assert chalice.iam_policy_file == f"policy-dev-{function}.json"
    assert chalice.api_gateway_policy_file == "gateway-dev.json"
    assert chalice.autogen_policy is False
    assert chalice.lambda_timeout == (29 if function == "api_handler" else 60)
    assert chalice.lambda_memory_size == (1024 if function == "api_handler" else 512)
    assert chalice.reserved_concurrency is None


def test_functions_that_look_into_candles_get_the_room_and_the_time(project: Path) -> None:
    def change(config: Any) -> None:
        asked = {"MARKET_FUNCTIONS": " ".join(MARKET_FUNCTIONS), "CANDLE_VENUE": "binance"}
        authorities = "ssl_ca=/var/task/chalicelib/rds-ca.pem"
        asked |= {"MARKETS": "BTCUSDT", "TRADE_FLOW_URL": f"mysql://h/d?{authorities}"}
        config["stages"]["dev"]["environment_variables"] |= asked

    edit(project, change)
    (project / "chalicelib").mkdir()
    (project / "chalicelib" / "rds-ca.pem").write_text("made up")
    configure()
    for name, function in MARKET_FUNCTIONS.items():
        found = Config(chalice_stage="dev", function_name=name, config_from_disk=config(project))
        assert found.iam_policy_file == f"policy-dev-{name}.json"
        if function.parquet:
            assert (found.lambda_timeout, found.lambda_memory_size) == (300, 1024), name


def test_a_second_time_changes_nothing(project: Path) -> None:
    configure()
    before = files(project)
    assert configure().stdout == "Nothing changes: stage dev is configured so already.\n"
    assert files(project) == before


def test_both_stages_live_side_by_side(project: Path) -> None:
    configure("dev")
    dev = files(project)
    configure("prod")
    after = files(project)
    assert config(project)["stages"]["dev"] == json.loads(dev["config.json"])["stages"]["dev"]
    assert {name: after[name] for name in dev if name != "config.json"} == {
        name: text for name, text in dev.items() if name != "config.json"
    }


def test_what_the_owner_wrote_stays(project: Path) -> None:
    def change(config: Any) -> None:
        config["stages"]["prod"]["environment_variables"]["LIVE"] = "yes"
        config["stages"]["prod"]["tags"] = {"owner": "me"}
        config["stages"]["prod"]["lambda_functions"]["tick"]["lambda_memory_size"] = 1024

    edit(project, change)
    configure("prod")
    stage = config(project)["stages"]["prod"]
    assert stage["environment_variables"]["LIVE"] == "yes"
    assert stage["tags"] == {"owner": "me"}
    assert stage["lambda_functions"]["tick"]["lambda_memory_size"] == 1024


def test_a_table_that_was_made_anew_is_followed(project: Path) -> None:
    configure()
    configure(state_table_arn="arn:aws:dynamodb:eu-west-1:123456789012:table/other")
    assert "table/other" in files(project)[TICK]
    assert 'table/crypto-bot-dev-state"' not in files(project)[TICK]


# --- options ---


def test_concurrency_is_reserved_on_request_and_given_back(project: Path) -> None:
    configure()
    functions = config(project)["stages"]["dev"]["lambda_functions"]
    assert not any("reserved_concurrency" in function for function in functions.values())
    configure("dev", "--reserve", "tick=2")
    configure()  # it stays until it is given back
    functions = config(project)["stages"]["dev"]["lambda_functions"]
    assert functions["tick"]["reserved_concurrency"] == 2
    configure("dev", "--reserve", "tick=none")
    assert (
        "reserved_concurrency" not in config(project)["stages"]["dev"]["lambda_functions"]["tick"]
    )


@pytest.mark.parametrize("odd", ["tick", "tick=0", "tick=-1", "tock=1", "=1"])
def test_an_odd_reservation_is_refused(project: Path, odd: str) -> None:
    before = files(project)
    configure("dev", "--reserve", odd, code=2)
    assert files(project) == before


def test_functions_that_call_exchanges_are_joined_to_a_fixed_address(project: Path) -> None:
    ids: dict[str, Any] = {
        "function_subnet_ids": ["subnet-1a", "subnet-2b"],
        "function_security_group_ids": ["sg-3c"],
    }
    configure("dev", **ids)
    functions = config(project)["stages"]["dev"]["lambda_functions"]
    assert functions["tick"]["subnet_ids"] == ["subnet-1a", "subnet-2b"]
    assert functions["report_performance"]["security_group_ids"] == ["sg-3c"]
    assert "subnet_ids" not in functions["api_handler"]  # a webhook answers faster without
    assert "ec2:CreateNetworkInterface" in files(project)[TICK]
    assert "ec2:" not in files(project)["policy-dev-api_handler.json"]
    configure("dev")
    assert "subnet_ids" not in config(project)["stages"]["dev"]["lambda_functions"]["tick"]
    assert "ec2:" not in files(project)[TICK]


def test_a_secret_by_an_older_name_may_be_read_too(project: Path) -> None:
    """SECRET_NAME of crypto_auto_trading goes on working; nothing else beside the prefix does."""
    name = {"SECRET_NAME": "my-gemini-keys"}
    edit(project, lambda config: config["stages"]["dev"]["environment_variables"].update(name))
    configure()
    readable = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"
    resources = [
        r
        for statement in json.loads(files(project)[TICK])["Statement"]
        for r in statement["Resource"]
        if "secretsmanager" in r
    ]
    assert resources == [f"{readable}crypto-bot-dev/*", f"{readable}my-gemini-keys-??????"]
