"""Database, Kafka and streaming worker: who reaches whom, and what the worker may do."""

import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import click
import pytest

from chalicelib.cli.verbs import cli
from chalicelib.deployment.host_release import KEY as RELEASE
from chalicelib.domain.deployment.rights import MARKET_RIGHTS, uses_table
from chalicelib.market_settings import MarketSettings
from chalicelib.settings import Settings, Stage
from tests.infra.terraform import INFRA, Plan

DATABASE = "module.database[0]"
STREAM = "module.stream_worker[0]"
OWN = "dev_in_an_account_of_its_own"


@pytest.fixture
def plan(plans) -> Plan:
    found: Plan = plans["everything"]
    return found


def rules(plan: Plan, module: str, way: str) -> list[dict[str, Any]]:
    """Rules of a module's security groups; who they are about is known after apply."""
    found = plan.all(f"aws_vpc_security_group_{way}_rule")
    return [rule for address, rule in found.items() if address.startswith(module)]


def ports(found: list[dict[str, Any]]) -> set[tuple[int, int]]:
    return {(rule["from_port"], rule["to_port"]) for rule in found}


# --- the network ----------------------------------------------------------------------------


def test_there_is_no_nat_and_the_stores_are_reached_for_nothing(plan):
    ends = plan.all("aws_vpc_endpoint")
    gateways = {
        end["service_name"].rpartition(".")[2]
        for address, end in ends.items()
        if address.startswith("module.market_network[0]") and end["vpc_endpoint_type"] == "Gateway"
    }
    assert gateways == {"s3", "dynamodb"}
    own = plan.all("aws_nat_gateway") | plan.all("aws_eip")
    assert not [address for address in own if "market_network" in address]
    ways_out = [a for a in plan.all("aws_route") if a.startswith("module.market_network[0]")]
    assert ways_out == ["module.market_network[0].module.network.aws_route.out"], "the public one's"


def test_the_private_subnets_are_in_two_zones_and_overlap_nothing(plan):
    subnets = plan.all("aws_subnet")
    mine = [subnet for a, subnet in subnets.items() if a.startswith("module.market_network[0]")]
    assert len({subnet["cidr_block"] for subnet in mine}) == len(mine) == 3
    private = [s for a, s in subnets.items() if "market_network[0].aws_subnet.private" in a]
    assert len({subnet["availability_zone"] for subnet in private}) == 2
    assert not any(subnet.get("map_public_ip_on_launch") for subnet in mine)


def test_without_any_of_them_there_is_no_network(plans):
    assert not plans["prod"].all("aws_vpc")
    assert plans["prod"].outputs["database_subnet_ids"] == []
    assert plans["prod"].outputs["trade_flow_url"] == ""


# --- the database ---------------------------------------------------------------------------


def test_the_database_has_no_password_here_and_no_way_in_from_outside(plan):
    made = plan.one(f"{DATABASE}.aws_db_instance.summaries")
    assert made["manage_master_user_password"]
    assert made.get("password") is None
    assert not made["publicly_accessible"]
    assert made["storage_encrypted"]
    assert made["deletion_protection"], "prod's"
    assert not made["skip_final_snapshot"]
    assert made["backup_retention_period"] == 7
    incoming, outgoing = (rules(plan, DATABASE, way) for way in ("ingress", "egress"))
    assert ports(incoming) == {(3306, 3306), (443, 443)}
    assert ports(outgoing) == {(3306, 3306), (443, 443)}
    for rule in [*incoming, *outgoing]:
        assert rule.get("cidr_ipv4") is None, "addresses of the internet"


def test_its_address_is_one_that_the_functions_understand():
    template = (INFRA / "modules/database/outputs.tf").read_text(encoding="utf-8")
    source = (INFRA / "modules/database/main.tf").read_text(encoding="utf-8")
    [url] = [
        line.split("= ", 1)[1].strip('"') for line in template.splitlines() if "mysql:" in line
    ]
    for name, value in {
        "local.user": "crypto_bot",
        "local.database": "market",
        "local.port": "3306",
        "local.authorities": "/var/task/chalicelib/rds-ca.pem",
    }.items():
        assert name == "local.port" or f'"{value}"' in source
        url = url.replace(f"${{{name}}}", value)
    url = url.replace("${aws_db_instance.summaries.address}", "db.example")
    given = {"TRADE_FLOW_URL": url, "TRADE_FLOW_SECRET": "rds!db-1"}
    settings = MarketSettings.from_environment(given)
    assert settings.trade_flow == {
        "host": "db.example",
        "port": 3306,
        "user": "crypto_bot",
        "password": "",
        "database": "market",
        "ssl_ca": "/var/task/chalicelib/rds-ca.pem",
    }


def test_neither_api_nor_tick_ever_joins_the_network():
    joining = {name for name in MARKET_RIGHTS if uses_table(name)}
    assert {"summarize_trades", "sweep_summaries"} <= joining
    for name in ("api_handler", "tick", "report_performance"):
        assert not uses_table(name)


# --- Kafka ----------------------------------------------------------------------------------


def test_only_clients_of_kafka_reach_it_and_by_their_roles(plan):
    made = plan.one("module.kafka[0].aws_msk_serverless_cluster.this")
    assert made["client_authentication"][0]["sasl"][0]["iam"][0]["enabled"]
    assert ports(rules(plan, "module.kafka[0]", "ingress")) == {(9098, 9098)}
    assert ports(rules(plan, "module.kafka[0]", "egress")) == {(9098, 9098)}


# --- the streaming worker -------------------------------------------------------------------


def containers(plan: Plan) -> dict[str, Any]:
    task = plan.one(f"{STREAM}.aws_ecs_task_definition.workers")
    return {one["name"]: one for one in json.loads(task["container_definitions"])}


@pytest.fixture
def started(plans) -> dict[str, Any]:
    """With Kafka of one's own, whose address is known before anything is made."""
    return containers(plans[OWN])


def test_nobody_calls_the_worker(plans):
    for name in ("everything", OWN):
        assert rules(plans[name], STREAM, "ingress") == []
        assert ports(rules(plans[name], STREAM, "egress")) == {
            (443, 443),
            (9443, 9443),
            (9092, 9098),
        }
        group = plans[name].one(f"{STREAM}.aws_security_group.out")
        assert not group.get("ingress")


def test_each_part_waits_for_the_one_before_it(started):
    order = {name: one.get("dependsOn", []) for name, one in started.items()}
    assert order["fetch"] == []
    assert order["install"] == [{"containerName": "fetch", "condition": "SUCCESS"}]
    for name in ("stream", "archive"):
        assert order[name] == [{"containerName": "install", "condition": "SUCCESS"}]
        assert started[name]["essential"], "the task starts anew when one of them ends"
    assert not started["fetch"]["essential"]
    assert not started["install"]["essential"]


@pytest.mark.parametrize("worker", ["stream", "archive"])
def test_a_container_types_a_command_that_there_is(started, worker):
    program, *words = started[worker]["command"]
    assert program == "/opt/crypto-bot/venv/bin/crypto-bot"
    assert words[-2:] == ["--stage", "dev"]
    command: click.Command = cli
    context, words = click.Context(cli), words[:-2]
    while isinstance(command, click.Group):
        _, found, words = command.resolve_command(context, words)
        assert found is not None
        command = found
    command.make_context("typed", words)
    assert "--stage" in {option for p in command.params for option in p.opts}


def test_its_variables_are_what_the_workers_read(started):
    for name in ("stream", "archive"):
        given = {pair["name"]: pair["value"] for pair in started[name]["environment"]}
        settings = Settings.from_environment(given)
        assert (settings.stage, settings.region) == (Stage.DEV, "eu-west-1")
        assert settings.table_name == "crypto-bot-dev-state"
        market = MarketSettings.from_environment(given)
        assert market.markets == ("BTCUSDT", "ETHUSDT")
        assert market.venue == "binanceus"
        assert market.lake_bucket == "crypto-bot-dev-lake-123456789012"
        assert market.kafka_secret == "crypto-bot-dev/kafka"
        assert market.kafka == {
            "bootstrap.servers": "kafka.example.com:9093",
            "security.protocol": "SASL_SSL",
            "sasl.mechanisms": "PLAIN",
        }


def test_msk_is_logged_in_to_with_the_role(plan):
    module = (INFRA / "modules/kafka/main.tf").read_text(encoding="utf-8")
    assert '{ "security.protocol" = "SASL_SSL", "sasl.mechanisms" = "OAUTHBEARER" }' in module
    granted = rights(plan)
    assert granted["KafkaTopics"]["Resource"] == [
        "arn:aws:kafka:eu-west-1:123456789012:topic/crypto-bot-prod/*"
    ]
    assert "KafkaSecret" not in granted


def rights(plan: Plan) -> dict[str, Any]:
    policy = json.loads(plan.one(f"{STREAM}.aws_iam_role_policy.worker")["policy"])
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def test_it_may_fill_the_lake_and_leave_notices_and_no_more(plans):
    granted = rights(plans[OWN])
    assert granted.keys() == {"Release", "Lake", "LakeLists", "Notices", "KafkaSecret"}
    assert granted["Notices"]["Action"] == ["dynamodb:PutItem"]
    [rows] = granted["Notices"]["Condition"].values()
    assert rows == {"dynamodb:LeadingKeys": ["notice#*"]}
    assert granted["Release"]["Resource"][0].endswith("/host/*")
    for right in granted.values():
        for resource in right["Resource"]:
            assert "crypto-bot-dev" in resource


def test_the_release_is_fetched_from_where_a_deploy_puts_it(started):
    assert f"s3://crypto-bot-dev-lake-123456789012/{RELEASE}" in started["fetch"]["command"]
    mounts = {name: one["mountPoints"] for name, one in started.items()}
    assert mounts["fetch"] == mounts["install"] == mounts["stream"] == mounts["archive"]


@pytest.fixture
def unpacked(started, tmp_path: Path) -> Path:
    """The script of the second container, run on a release in a folder of the test's own."""
    home = tmp_path / "home"
    home.mkdir()
    source = tmp_path / "release"
    source.mkdir()
    (source / "requirements.txt").write_text("", encoding="utf-8")
    with tarfile.open(home / "release.tar.gz", "w:gz") as archive:
        archive.add(source, ".")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    python = bin_folder / "python"
    python.write_text(
        "#!/bin/sh\nmkdir -p venv/bin\nprintf '#!/bin/sh\\necho \"$@\" >>typed\\n' >venv/bin/pip\n"
        "chmod +x venv/bin/pip\n",
        encoding="utf-8",
    )
    python.chmod(0o755)
    program, switch, script = started["install"]["command"]
    subprocess.run(
        [program, switch, script.replace("/opt/crypto-bot", str(home))],
        env={"PATH": f"{bin_folder}:/usr/bin:/bin"},
        check=True,
        timeout=60,
    )
    return home


def test_what_is_installed_is_the_release_with_its_hashes(unpacked: Path):
    assert (unpacked / "source/requirements.txt").exists()
    first, second = (unpacked / "typed").read_text(encoding="utf-8").splitlines()
    assert "--require-hashes" in first
    assert "-r source/requirements.txt" in first
    assert "--editable source" in second
