"""Host, lakehouse and streaming worker are really made, on moto: one apply of all three.

Not with them: the state machine, Athena's workgroup and MSK, for which moto does not answer in
full, and RDS, which takes it minutes. They are planned (test_market_network.py), and the machine is
run (test_pipeline.py).
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.moto import Moto, moto_server
from tests.infra.terraform import Terraform

SECONDS = 240
LAKE = "crypto-bot-prod-lake-123456789012"
VARIABLES = {
    "stage": "prod",
    "any_workspace": "true",
    "host": "true",
    "host_workers": '["archive"]',
    "lakehouse": "true",
    "stream_worker": "true",
    "stream_environment": '{ MARKETS = "BTC/USDT" }',
    "kafka": "own",
    "kafka_brokers": "kafka.example.com:9093",
}
TARGETS = ("module.host", "module.lakehouse[0].aws_glue_catalog_table.view", "module.stream_worker")
TABLES = tuple(
    f"module.lakehouse[0].aws_glue_catalog_table.{name}" for name in ("trades", "candles")
)


@pytest.fixture
def aws(terraform: Terraform, tmp_path: Path) -> Iterator[Moto]:
    """An account after `terraform apply`."""
    with moto_server(tmp_path / "moto") as moto:
        environment = moto.environment() | {
            name: value for name, value in terraform.environment.items() if name.startswith("TF_")
        }
        there = Terraform(
            program=terraform.program,
            folder=terraform.folder,
            environment=environment | {"AWS_REGION": "eu-west-1"},
        )
        made = there.run(
            "apply",
            "-auto-approve",
            "-input=false",
            "-no-color",
            f"-state={tmp_path / 'made.tfstate'}",
            *(f"-var={name}={value}" for name, value in VARIABLES.items()),
            *(f"-target={target}" for target in (*TARGETS, *TABLES)),
            seconds=SECONDS,
        )
        assert made.returncode == 0, made.stderr
        yield moto


@pytest.mark.slow
def test_what_is_switched_on_is_there(aws: Moto):
    """One test, so that no other process applies it again."""
    assert_the_host_runs_with_its_role_behind_its_own_address(aws)
    assert_athenas_catalogue_has_tables_and_views_over_the_lake(aws)
    assert_the_stream_is_one_task(aws)


def assert_the_host_runs_with_its_role_behind_its_own_address(aws: Moto) -> None:
    ec2, named = aws.client("ec2"), {"Name": "tag:Name", "Values": ["crypto-bot-prod-host"]}
    [reservation] = ec2.describe_instances(Filters=[named])["Reservations"]
    [host] = reservation["Instances"]
    assert host["State"]["Name"] == "running"
    [address] = ec2.describe_addresses()["Addresses"]
    assert address["NetworkInterfaceId"] == host["NetworkInterfaces"][0]["NetworkInterfaceId"]
    assert host["IamInstanceProfile"]["Arn"].endswith(":instance-profile/crypto-bot-prod-host")
    profile = aws.client("iam").get_instance_profile(InstanceProfileName="crypto-bot-prod-host")
    assert [role["RoleName"] for role in profile["InstanceProfile"]["Roles"]] == [
        "crypto-bot-prod-host"
    ]


def assert_athenas_catalogue_has_tables_and_views_over_the_lake(aws: Moto) -> None:
    glue = aws.client("glue")
    found = glue.get_tables(DatabaseName="crypto_bot_prod_lake")["TableList"]
    kinds = {table["Name"]: table["TableType"] for table in found}
    assert kinds == {
        "trades": "EXTERNAL_TABLE",
        "candles": "EXTERNAL_TABLE",
        "minute_summary": "VIRTUAL_VIEW",
        "closed_candles": "VIRTUAL_VIEW",
    }
    [trades] = [table for table in found if table["Name"] == "trades"]
    assert trades["StorageDescriptor"]["Location"] == f"s3://{LAKE}/trades/"
    template = trades["Parameters"]["storage.location.template"]
    assert template == f"s3://{LAKE}/trades/symbol=${{symbol}}/dt=${{dt}}/hh=${{hh}}/"


def assert_the_stream_is_one_task(aws: Moto) -> None:
    ecs = aws.client("ecs")
    [service] = ecs.describe_services(
        cluster="crypto-bot-prod-market", services=["crypto-bot-prod-stream-worker"]
    )["services"]
    assert (service["desiredCount"], service["launchType"]) == (1, "FARGATE")
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    assert [one["name"] for one in task["containerDefinitions"]] == [
        "fetch",
        "install",
        "stream",
        "archive",
    ]
    policy = aws.client("iam").get_role_policy(
        RoleName=task["taskRoleArn"].rpartition("/")[2], PolicyName="work"
    )
    assert LAKE in json.dumps(policy["PolicyDocument"])
