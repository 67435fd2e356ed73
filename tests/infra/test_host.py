"""The EC2 host: what is installed on it, what it may do, and that schedule and host take turns."""

import configparser
import json
import shlex
import subprocess
from pathlib import PurePosixPath
from typing import Any

import click
import pytest

from chalicelib.cli.verbs import cli
from chalicelib.domain.deployment.rights import RIGHTS, Thing
from chalicelib.settings import Settings, Stage
from tests.infra.terraform import Plan

INSTANCE = "module.host[0].aws_instance.bot"
SERVICE = "/etc/systemd/system/crypto-bot.service"
WORKER = "/etc/systemd/system/crypto-bot-worker@.service"
INSTALL = "/etc/systemd/system/crypto-bot-install.service"
SCRIPT = "/opt/crypto-bot/install"
DEPLOYERS = "aws_iam_role_policy_attachment.deployer_opt_ins[0]"  # a policy of the stage's own


@pytest.fixture
def plan(plans) -> Plan:
    found: Plan = plans["everything"]
    return found


@pytest.fixture
def cloud_config(plan) -> Any:
    first, document = plan.one(INSTANCE)["user_data"].split("\n", 1)
    assert first == "#cloud-config"
    return json.loads(document)


@pytest.fixture
def files(cloud_config) -> dict[str, str]:
    return {file["path"]: file["content"] for file in cloud_config["write_files"]}


def unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


@pytest.mark.parametrize("path", [SERVICE, WORKER])
def test_a_unit_types_a_command_that_there_is(files, path):
    program, *words = shlex.split(
        unit(files[path])["Service"]["ExecStart"].replace("%i", "archive")
    )
    assert program == "/opt/crypto-bot/venv/bin/crypto-bot"
    assert words[words.index("--stage") :][:2] == ["--stage", "prod"]
    # The stage is opened as soon as it is read, and none is configured here.
    words = words[: words.index("--stage")] + words[words.index("--stage") + 2 :]
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group):
        _, found, words = command.resolve_command(context, words)
        assert found is not None
        command = found
    command.make_context("typed", words)
    assert "--stage" in {option for p in command.params for option in p.opts}


def test_the_workers_asked_for_are_started(cloud_config):
    [starting] = [line for line in cloud_config["runcmd"] if "enable" in line]
    assert {"crypto-bot.service", "crypto-bot-worker@archive.service"} < set(starting)


def test_the_environment_file_says_which_stage_it_is(files):
    unit_file = unit(files[SERVICE])["Service"]["EnvironmentFile"]
    given = dict(line.split("=", 1) for line in files[unit_file].splitlines())
    settings = Settings.from_environment(given)
    assert (settings.stage, settings.is_deployed) == (Stage.PROD, True)
    assert settings.table_name == "crypto-bot-prod-state"
    assert settings.region == "eu-west-1"
    assert settings.secret_prefix == "crypto-bot-prod/"
    assert settings.parameter_prefix == "/crypto-bot-prod/"
    assert settings.live, "host_environment has it"


def test_the_bot_starts_again_whenever_it_ends_and_after_a_release_was_installed(files):
    service, worker, install = (unit(files[path]) for path in (SERVICE, WORKER, INSTALL))
    for running in (service, worker):
        assert running["Service"]["Restart"] == "always"
        assert running["Unit"]["Requires"] == PurePosixPath(INSTALL).name
    assert install["Service"]["ExecStart"] == SCRIPT
    assert install["Service"]["Restart"] == "on-failure"
    for found in (service, worker, install):
        assert found["Unit"]["StartLimitIntervalSec"] == "0"
        assert found["Install"]["WantedBy"] == "multi-user.target"


def test_it_runs_as_nobody_in_particular_and_writes_where_it_must_only(files, cloud_config):
    service = unit(files[SERVICE])["Service"]
    assert service["User"] == cloud_config["users"][0]["name"] == "crypto-bot"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    home = dict(line.split("=", 1) for line in files[service["EnvironmentFile"]].splitlines())
    assert home["CRYPTO_BOT_HOME"] == f"/var/lib/{service['StateDirectory']}"
    log = service["StandardOutput"].removeprefix("append:")
    assert str(PurePosixPath(log).parent) == service["ReadWritePaths"]
    assert service["ReadWritePaths"] in files["/etc/tmpfiles.d/crypto-bot.conf"]


def test_the_agent_ships_what_the_bot_writes(files, plan):
    agent = json.loads(files["/etc/crypto-bot/agent.json"])
    bot, worker = agent["logs"]["logs_collected"]["files"]["collect_list"]
    written = [unit(files[path])["Service"]["StandardOutput"] for path in (SERVICE, WORKER)]
    assert f"append:{bot['file_path']}" == written[0]
    assert f"append:{worker['file_path']}" == written[1].replace("%i", "archive")
    groups = {group["name"] for group in plan.all("aws_cloudwatch_log_group").values()}
    assert {bot["log_group_name"], worker["log_group_name"]} <= groups
    assert set(agent["metrics"]["metrics_collected"]) == {"mem", "disk"}
    assert agent["metrics"]["append_dimensions"] == {"InstanceId": "${aws:InstanceId}"}
    folder = str(PurePosixPath(bot["file_path"]).parent)
    assert files["/etc/logrotate.d/crypto-bot"].startswith(f"{folder}/*.log {{")


def test_the_script_installs_the_release_with_hashes(files, cloud_config):
    script = files[SCRIPT]
    subprocess.run(["/bin/bash", "-n"], input=script, text=True, check=True)
    assert "s3://crypto-bot-prod-lake-123456789012/host/release.tar.gz" in script
    assert "--require-hashes" in script
    [file] = [file for file in cloud_config["write_files"] if file["path"] == SCRIPT]
    assert file["permissions"] == "0755"


def test_nobody_gets_in_but_by_ssm(plan, cloud_config):
    instance = plan.one(INSTANCE)
    assert instance["metadata_options"][0]["http_tokens"] == "required"
    assert instance["root_block_device"][0]["encrypted"]
    assert instance.get("key_name") is None
    assert "ssh" not in json.dumps(cloud_config)
    group = plan.one("module.host[0].module.network.aws_security_group.https_out")
    assert not group.get("ingress")
    assert [(rule["from_port"], rule["to_port"]) for rule in group["egress"]] == [(443, 443)]


# --- what it may do -------------------------------------------------------------------------

# What the scheduled functions may, the host may in their place; the rest it needs as a machine.
TRADING = {Thing.STATE, Thing.SHELF, Thing.SECRETS, Thing.PARAMETERS, Thing.ALARM_TOPIC}
MACHINE = {"Release", "Lake", "LakeLists", "LakeReads", "Log", "Metrics", "Shell"}


@pytest.fixture
def rights(plan) -> list[dict[str, Any]]:
    policy = plan.one("module.host[0].aws_iam_role_policy.bot")["policy"]
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


def test_it_may_do_to_the_stores_what_the_functions_may_that_it_stands_for(rights):
    functions = {a for r in RIGHTS["tick"] if r.thing in TRADING for a in r.actions}
    functions |= {a for r in RIGHTS["report_performance"] if r.thing in TRADING for a in r.actions}
    host = {a for r in rights if r["Sid"] not in MACHINE for a in r["Action"]}
    assert host == functions


def test_its_bots_may_read_candles_and_rankings_and_write_neither(rights):
    by_name = {right["Sid"]: right for right in rights}
    folders = {"candles/*", "top_marketcap/*"}
    assert by_name["LakeReads"]["Action"] == ["s3:GetObject"]
    read = {resource.partition("/")[2] for resource in by_name["LakeReads"]["Resource"]}
    assert read == folders
    assert folders < set(by_name["LakeLists"]["Condition"]["StringLike"]["s3:prefix"])
    written = {resource.partition("/")[2] for resource in by_name["Lake"]["Resource"]}
    assert not written & folders


def test_it_reaches_its_own_stage_only(plan, rights):
    prefixes = ("crypto-bot-prod", "/crypto-bot/prod/")
    for right in rights:
        for resource in right["Resource"]:
            if right["Sid"] in {"Metrics", "Shell"}:
                assert resource == "*"
            else:
                assert any(prefix in resource for prefix in prefixes), resource
    by_name = {right["Sid"]: right for right in rights}
    assert by_name["Metrics"]["Condition"]["StringEquals"] == {
        "cloudwatch:namespace": "crypto-bot/host"
    }
    assert not [a for a in by_name["Shell"]["Action"] if "Parameter" in a]
    attached = set(plan.all("aws_iam_role_policy_attachment")) - {DEPLOYERS}
    assert not attached, "AWS's policies read every parameter"
