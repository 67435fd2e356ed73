"""`configure` writes a stage from Terraform's outputs: all of it, again and again, or nothing."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chalice.config import Config
from click.testing import Result

from chalicelib.adapters.chalice_project import ChaliceProject
from chalicelib.adapters.terraform import read_outputs
from chalicelib.domain.errors import SettingsError
from chalicelib.settings import Settings, Stage
from tests.functional.stage_on_aws import fresh_project, outputs_of, typed

Configure = Callable[..., Result]
TICK = "policy-dev-tick.json"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return fresh_project(tmp_path / "clone", monkeypatch)


def configure(stage: str = "dev", *words: str, code: int = 0, **outputs: Any) -> Result:
    given = json.dumps(outputs_of(outputs.pop("of", stage), **outputs))
    result = typed("configure", stage, "--outputs", "-", *words, given=given)
    assert result.exit_code == code, result.output
    return result


def files(project: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in sorted((project / ".chalice").iterdir())}


def config(project: Path) -> Any:
    return json.loads(files(project)["config.json"])


def edit(project: Path, change: Callable[[Any], None]) -> None:
    edited = config(project)
    change(edited)
    (project / ".chalice" / "config.json").write_text(json.dumps(edited), encoding="utf-8")


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
        "TICKS_ON": "schedule",
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
    assert chalice.lambda_timeout == (10 if function == "api_handler" else 60)
    assert chalice.lambda_memory_size == (1024 if function == "api_handler" else 512)
    assert chalice.reserved_concurrency is None


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


# --- refused before anything is written ---


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


# --- terraform itself ---


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A program called terraform that does this; the real one is asked in tests/infra."""
    program = folder / "terraform"
    program.write_text(f"#!{sys.executable}\nimport json, os, sys\n{code}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script")
def test_terraform_is_asked_for_the_stages_own_workspace(project, tmp_path, monkeypatch) -> None:
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(outputs_of("dev")), encoding="utf-8")
    stand_in(
        tmp_path,
        monkeypatch,
        "assert os.environ['TF_WORKSPACE'] == 'dev', os.environ\n"
        "assert sys.argv[1:] == ['-chdir=the-infra', 'output', '-json'], sys.argv\n"
        f"print(open({str(outputs)!r}).read())",
    )
    done = typed("configure", "dev", "--infra", "the-infra")
    assert done.exit_code == 0, done.output
    assert TICK in files(project)


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script")
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            "sys.exit('Error: Backend initialization required')",
            "terraform has no outputs of stage dev; make infra STAGE=dev. It says: Error: Backend",
        ),
        ("print('Welcome!')", "what terraform printed is no JSON"),
    ],
)
def test_terraform_that_does_not_tell_is_a_sentence(tmp_path, monkeypatch, code, sentence) -> None:
    stand_in(tmp_path, monkeypatch, code)
    with pytest.raises(SettingsError, match=sentence.replace(".", r"\.")):
        read_outputs(tmp_path, "dev")


def test_without_terraform_the_outputs_may_come_from_elsewhere(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match=r"terraform is not installed.*--outputs FILE"):
        read_outputs(tmp_path, "dev")
