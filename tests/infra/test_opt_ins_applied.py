"""The opt-ins are really made, on moto: one apply of all for which it answers in full.

Three are planned instead (test_market_network.py, test_pipeline.py, test_timeseries.py): moto's
DescribeClusterV2 says CREATING of a cluster of MSK Serverless for ever; it has neither
ValidateStateMachineDefinition nor ListStateMachineVersions for the state machine, which is run in
its place; and its DescribeEndpoints sends the provider to Timestream's hosts on the internet.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.moto import Moto, moto_server
from tests.aws.moto_server import ASKED
from tests.infra.terraform import Terraform

SECONDS = 400  # for one minute of it the provider does nothing but wait for RDS
LAKE = "crypto-bot-prod-lake-123456789012"
VARIABLES = {
    "stage": "prod",
    "any_workspace": "true",
    "host": "true",
    "host_workers": '["archive"]',
    "lakehouse": "true",
    "spark_job": "true",
    "database": "true",
    "github_repository": "jane/crypto-bot",
    "stream_worker": "true",
    "stream_environment": '{ MARKETS = "BTC/USDT" }',
    "kafka": "own",
    "kafka_brokers": "kafka.example.com:9093",
}
MODULES = ("host", "lakehouse", "spark_job", "database", "stream_worker")
TARGETS = (*(f"module.{m}" for m in MODULES), "aws_iam_role_policy_attachment.deployer_opt_ins")
# Services of which a deployer needs nothing but what the opt-ins are.
OF_OPT_INS = {"AWSGlue": "glue", "AmazonAthena": "athena"}


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
            *(f"-target={target}" for target in TARGETS),
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
    assert_a_query_cannot_read_without_end(aws)
    assert_spark_runs_each_night_with_its_role(aws)
    assert_the_database_is_inside_and_its_password_is_kept_by_aws(aws)
    assert_the_deployer_may_do_what_terraform_has_done(aws)


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
        "series": "EXTERNAL_TABLE",
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


def assert_a_query_cannot_read_without_end(aws: Moto) -> None:
    group = aws.client("athena").get_work_group(WorkGroup="crypto-bot-prod-lake")["WorkGroup"]
    settings = group["Configuration"]
    assert settings["ResultConfiguration"]["OutputLocation"] == f"s3://{LAKE}/athena/results/"
    assert settings["EnforceWorkGroupConfiguration"]
    assert settings["BytesScannedCutoffPerQuery"] == 10 * 2**30


def assert_spark_runs_each_night_with_its_role(aws: Moto) -> None:
    glue, name = aws.client("glue"), "crypto-bot-prod-spark-job"
    job = glue.get_job(JobName=name)["Job"]
    assert job["Role"].endswith(f":role/{name}")
    bucket, _, key = job["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
    assert aws.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"] > 1000
    trigger = glue.get_trigger(Name=name)["Trigger"]
    assert [action["JobName"] for action in trigger["Actions"]] == [name]


def assert_the_database_is_inside_and_its_password_is_kept_by_aws(aws: Moto) -> None:
    named = {"DBInstanceIdentifier": "crypto-bot-prod-summaries"}
    [made] = aws.client("rds").describe_db_instances(**named)["DBInstances"]
    assert (made["Engine"], made["PubliclyAccessible"]) == ("mysql", False)
    assert made["MasterUserSecret"]["SecretArn"]
    [group] = made["VpcSecurityGroups"]
    ec2 = aws.client("ec2")
    of_group = {"Name": "group-id", "Values": [group["VpcSecurityGroupId"]]}
    rules = ec2.describe_security_group_rules(Filters=[of_group])["SecurityGroupRules"]
    incoming = [rule for rule in rules if not rule["IsEgress"]]
    assert [(rule["FromPort"], "ReferencedGroupInfo" in rule) for rule in incoming] == [
        (3306, True)
    ]


def assert_the_deployer_may_do_what_terraform_has_done(aws: Moto) -> None:
    """Of those services all that the provider asks for, whatever it is called by."""
    iam = aws.client("iam")
    attached = iam.list_attached_role_policies(RoleName="crypto-bot-prod-deployer")
    [policy] = [one["PolicyArn"] for one in attached["AttachedPolicies"]]
    document = iam.get_policy_version(PolicyArn=policy, VersionId="v1")["PolicyVersion"]["Document"]
    granted = {action for statement in document["Statement"] for action in statement["Action"]}
    lines = (aws.folder / ASKED).read_text(encoding="utf-8").splitlines()
    calls = {tuple(line.split(".")) for line in lines}
    asked = {f"{OF_OPT_INS[s]}:{call}" for s, call in calls if s in OF_OPT_INS}
    assert {"glue:CreateTrigger", "glue:CreateTable", "athena:CreateWorkGroup"} <= asked
    assert asked - granted == set()
