"""Verbs typed with --stage act on the deployed stores, with the caller's own credentials."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import app as application
from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.cli.verbs import cli
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.drivers.dynamodb_table import create_table
from chalicelib.settings import Settings, Stage
from tests.functional.stage_on_aws import (
    OnAws,
    fresh_project,
    outputs_of,
    stage_on_aws,
    typed,
)
from tests.functional.test_runbook import parse

ACCOUNTS = """
[accounts.main]
exchange = "virtual"
mode = "virtual"
quote = "USDT"
prices_from = "synthetic"
"""
STRATEGIES = """
[strategies.btc-trend]
instruments = { BTCUSDT = "BTC/USDT" }
"""


@pytest.fixture
def prod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnAws]:
    with stage_on_aws(tmp_path / "clone", monkeypatch) as stage:
        yield stage


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the same owner, which no verb with --stage may touch."""
    home = tmp_path / "home"
    monkeypatch.setenv("CRYPTO_BOT_HOME", str(home))
    return home


def deployed_state(stage: str) -> Any:
    """What a function of the stage sees."""
    settings = Settings(
        stage=Stage(stage), table_name=f"crypto-bot-{stage}-state", region="eu-west-1"
    )
    bootstrap.use(Choices(settings=settings))
    return bootstrap.trading()


def test_halt_stops_the_deployed_bot_and_not_the_one_at_home(prod: OnAws, here: Path) -> None:
    strategies = here.parent / "strategies.toml"
    strategies.write_text(STRATEGIES)
    typed("strategies", "apply", str(strategies))
    bootstrap.reset()
    said = prod.run("halt", "--reason", "looking into it").stdout
    assert said.startswith("Halted (no_entries, before: none)")
    halt = deployed_state("prod").control.last_halt()
    assert (halt.level, halt.reason) == (HaltLevel.NO_ENTRIES, "looking into it")
    bootstrap.reset()
    assert "trading is not halted" in typed("doctor", "--offline").stdout
    assert prod.run("resume").stdout.startswith("Trading goes on")
    assert here.exists()


def test_a_verb_for_a_stage_leaves_the_home_folder_alone(prod: OnAws, here: Path) -> None:
    prod.run("halt")
    assert not here.exists()


def test_dev_and_prod_are_two_tables(prod: OnAws) -> None:
    prod.run("halt")
    create_table(prod.client("dynamodb"), "crypto-bot-dev-state")
    typed("configure", "dev", "--outputs", "-", given=json.dumps(outputs_of("dev")))
    assert typed("resume", "--stage", "dev").stdout == "Trading was not halted.\n"
    assert "the halt (no_entries) has ended" in prod.run("resume").stdout


def test_a_whole_configuration_goes_to_the_stage(prod: OnAws, tmp_path: Path) -> None:
    (tmp_path / "accounts.toml").write_text(ACCOUNTS, encoding="utf-8")
    (tmp_path / "strategies.toml").write_text(STRATEGIES, encoding="utf-8")
    prod.run("strategies", "apply", str(tmp_path / "strategies.toml"))
    prod.run("accounts", "apply", str(tmp_path / "accounts.toml"))
    stored = deployed_state("prod").strategies.configuration()
    assert (set(stored.accounts), set(stored.strategies)) == ({"main"}, {"btc-trend"})
    bootstrap.reset()
    assert prod.run("tick").stdout == "idle\n"


def test_webhook_addresses_are_those_of_the_deployed_api(prod: OnAws, tmp_path: Path) -> None:
    (tmp_path / "strategies.toml").write_text(STRATEGIES, encoding="utf-8")
    before = prod.run("strategies", "apply", str(tmp_path / "strategies.toml")).stdout
    assert "https://API-ID.execute-api.eu-west-1.amazonaws.com/prod/hook/btc-trend/" in before
    deployed = prod.project / ".chalice" / "deployed"
    deployed.mkdir()
    url = "https://abc.execute-api.eu-west-1.amazonaws.com/prod/"
    resources = [{"name": "tick"}, {"name": "rest_api", "rest_api_url": url}]
    (deployed / "prod.json").write_text(json.dumps({"resources": resources}), encoding="utf-8")
    assert f"{url}hook/btc-trend/" in prod.run("strategies", "token", "btc-trend").stdout
    assert f"{url}hook/btc-trend/" in prod.run("alert-template", "btc-trend").output
    mine = prod.run("strategies", "token", "btc-trend", "--public-url", "https://mine.example")
    assert "https://mine.example/hook/btc-trend/" in mine.stdout


def verbs() -> list[list[str]]:
    """Every verb that acts or shows, groups opened."""
    found = []
    for name in cli.list_commands(click.Context(cli)):
        command = cli.get_command(click.Context(cli), name)
        inner = sorted(command.commands) if isinstance(command, click.Group) else []
        found += [[name, sub] for sub in inner] or [[name]]
    return found


@pytest.mark.parametrize("words", verbs(), ids=" ".join)
def test_every_verb_takes_a_stage_or_is_about_one(words: list[str]) -> None:
    """Or it is about this machine alone, as few are."""
    shown = typed(*words, "--help").stdout
    takes = "--stage" in shown or "{dev|prod}" in shown
    assert takes or words in (["bots", "new"], ["chaos"], ["vendor"])


def test_what_works_on_this_machine_alone_says_so(prod: OnAws) -> None:
    assert prod.refusal("chaos") == (
        "chaos breaks a bot of its own on this machine; it has no --stage"
    )


def test_a_home_and_a_stage_are_two_places(prod: OnAws, tmp_path: Path) -> None:
    told = prod.refusal("halt", "--home", str(tmp_path))
    assert (
        told == "--home names a folder here, and --stage prod the stores on AWS; give one of them"
    )


# --- what is missing is a sentence ---


def test_without_credentials(prod: OnAws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert prod.refusal("halt").startswith("there are no AWS credentials; run aws configure")


def test_without_a_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host has its stage from the environment, and nobody said where."""
    monkeypatch.setenv("CRYPTO_BOT_PROJECT", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "CRYPTO_BOT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CRYPTO_BOT_STAGE", "prod")
    monkeypatch.setenv("TABLE_NAME", "crypto-bot-prod-state")
    told = typed("halt", "--stage", "prod")
    assert told.exit_code == 2
    assert told.stderr.startswith("crypto-bot: no AWS region is set; make configure writes it")


def test_with_a_profile_that_nobody_made(prod: OnAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert prod.refusal("halt").startswith("AWS_PROFILE names no profile of this machine")


def test_without_the_table(prod: OnAws) -> None:
    prod.client("dynamodb").delete_table(TableName="crypto-bot-prod-state")
    assert prod.refusal("halt") == (
        "there is no DynamoDB table crypto-bot-prod-state in the AWS account and region that were "
        "asked; make infra makes it, or other credentials open its account"
    )


def test_with_nobody_at_the_other_end(prod: OnAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    told = prod.refusal("halt", code=1)
    assert told.startswith("the DynamoDB table crypto-bot-prod-state did not answer: Could not")


def test_a_stage_that_nobody_has_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh_project(tmp_path / "clone", monkeypatch)
    told = typed("halt", "--stage", "prod")
    assert told.exit_code == 2
    assert "stage prod is not configured here: make configure STAGE=prod" in told.stderr


def test_the_shell_of_one_stage_never_reaches_another(
    prod: OnAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is exported for dev must not redirect a verb that says prod."""
    monkeypatch.setenv("CRYPTO_BOT_STAGE", "dev")
    monkeypatch.setenv("TABLE_NAME", "crypto-bot-dev-state")
    monkeypatch.setenv("LIVE", "yes")
    prod.run("halt")
    assert deployed_state("prod").control.halt_level() is HaltLevel.NO_ENTRIES


def test_a_config_that_calls_a_stage_by_anothers_name_is_refused(prod: OnAws) -> None:
    prod.edit_config(CRYPTO_BOT_STAGE="dev")
    assert prod.refusal("halt") == (
        "stages.prod of config.json has CRYPTO_BOT_STAGE = dev; it must be prod: make configure "
        "STAGE=prod mends it"
    )


# --- what the documents say ---


def told() -> list[str]:
    """Every command of the two pages about stages, in blocks and in the text."""
    docs = Path(__file__).parents[3] / "docs"
    text = "\n".join((docs / name).read_text("utf-8") for name in ("stages.md", "secrets.md"))
    lines = re.findall(r"^crypto-bot .*$", text, re.MULTILINE)
    return sorted({*lines, *re.findall(r"`(crypto-bot [^`]+)`", text)})


@pytest.mark.usefixtures("prod")
def test_every_command_of_the_documents_is_understood() -> None:
    typed("configure", "dev", "--outputs", "-", given=json.dumps(outputs_of("dev")))
    assert len(told()) > 10
    for line in told():
        parse(line)
        bootstrap.reset()


# --- the owner's token of the API ---


def reads(token: str) -> int:
    """What GET /signals answers to this token."""
    settings = Settings(stage=Stage.PROD, table_name="crypto-bot-prod-state", region="eu-west-1")
    bootstrap.use(Choices(settings=settings))
    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": "/signals", "identity": {}},
        "headers": {"authorization": f"Bearer {token}"},
        "pathParameters": {},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
    }
    status: int = application.app(event, None)["statusCode"]
    bootstrap.reset()
    return status


def test_the_owner_reads_the_deployed_api_with_a_token_of_his_own(prod: OnAws) -> None:
    assert reads("guess") == 401
    assert reads("") == 401
    first = prod.run("owner-token").stdout.splitlines()[0].split(": ")[1]
    second = json.loads(prod.run("owner-token", "--json").stdout)["token"]
    assert [reads(token) for token in (first, second, "guess", "")] == [200, 200, 401, 401]
    last = json.loads(prod.run("owner-token", "--json", "--revoke").stdout)["token"]
    assert [reads(token) for token in (first, second, last)] == [401, 401, 200]
    found = prod.client("dynamodb").scan(TableName="crypto-bot-prod-state")
    assert last not in json.dumps(found["Items"])


def test_a_run_at_home_has_a_token_already(here: Path) -> None:
    told = typed("owner-token")
    assert told.exit_code == 2
    assert f"keeps its owner's token in {here / 'owner-token'}" in told.stderr
