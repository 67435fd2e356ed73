"""Terraform's tables, secrets and outputs are those that the code reads."""

from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.adapters.job_files import JOBS
from chalicelib.domain.deployment.outputs import StageOutputs
from chalicelib.domain.deployment.policies import deployed_name
from chalicelib.domain.deployment.rights import RIGHTS
from chalicelib.domain.market.candle_series import CANDLES, GAPS
from chalicelib.domain.market.minute import TRADES
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import create_table
from tests.infra.terraform import Plan

FREE = 25  # units of each kind, in sum of an account's tables and indexes


@pytest.fixture
def created() -> Iterator[dict[str, Any]]:
    """The state table as the driver makes it for tests."""
    with mock_aws():
        client = aws_client("dynamodb", region="eu-west-1")
        create_table(client, "state")
        yield client.describe_table(TableName="state")["Table"]


def shape(keys: list[dict[str, str]]) -> list[str]:
    return [key["AttributeName"] for key in sorted(keys, key=lambda key: key["KeyType"])]


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_state_table_is_the_drivers(plans, created, stage):
    table = plans[stage].one("aws_dynamodb_table.state")
    assert table["name"] == f"crypto-bot-{stage}-state"
    assert [table["hash_key"], table["range_key"]] == shape(created["KeySchema"])
    assert {(a["name"], a["type"]) for a in table["attribute"]} == {
        (a["AttributeName"], a["AttributeType"]) for a in created["AttributeDefinitions"]
    }
    [index], [theirs] = table["global_secondary_index"], created["GlobalSecondaryIndexes"]
    assert index["name"] == theirs["IndexName"]
    assert [index["hash_key"], index["range_key"]] == shape(theirs["KeySchema"])
    assert index["projection_type"] == theirs["Projection"]["ProjectionType"]
    assert (table["stream_enabled"], table["stream_view_type"]) == (True, "NEW_IMAGE")


def units(plan: Plan) -> tuple[int, int]:
    """Reading and writing of all tables and indexes of one stage."""
    parts = []
    for table in plan.all("aws_dynamodb_table").values():
        assert table["billing_mode"] == "PROVISIONED", "paid by the request nothing is free"
        parts += [table, *(table["global_secondary_index"] or [])]
    return sum(p["read_capacity"] for p in parts), sum(p["write_capacity"] for p in parts)


def test_both_stages_together_are_within_what_is_free(plans):
    dev, prod = units(plans["dev"]), units(plans["prod"])
    assert dev[0] + prod[0] <= FREE
    assert dev[1] + prod[1] <= FREE


def test_the_tables_are_two(plans):
    names = {table["name"] for table in plans["prod"].all("aws_dynamodb_table").values()}
    assert names == {"crypto-bot-prod-state", "crypto-bot-prod-market"}


def test_configure_finds_every_output_it_reads(plans):
    needed = {field.name for field in fields(StageOutputs) if field.default is MISSING}
    known = {field.name for field in fields(StageOutputs)}
    assert needed <= set(plans["dev"].outputs)
    assert known <= set(plans["everything"].outputs)
    outputs = plans["dev"].outputs
    assert outputs["secret_prefix"] == "crypto-bot-dev/"
    assert outputs["parameter_prefix"] == "/crypto-bot-dev/"
    assert (outputs["stage"], outputs["ticks_on"]) == ("dev", "schedule")
    assert outputs["function_subnet_ids"] == []


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_every_function_has_its_log_group_under_its_real_name(plans, stage):
    groups = plans[stage].all("aws_cloudwatch_log_group").values()
    switched_on = {"dev": {"rank_markets"}, "prod": set()}[stage]
    functions = RIGHTS.keys() | switched_on
    names = {f"/aws/lambda/{deployed_name(function, stage)}" for function in functions}
    assert {group["name"] for group in groups} == names
    assert all(group["retention_in_days"] for group in groups)


def test_a_function_that_is_switched_on_has_its_log_group(plans):
    groups = plans["everything"].all("aws_cloudwatch_log_group")
    for name in ("collect_trades", "summarize_trades", "tend_keys"):
        group = groups[f'aws_cloudwatch_log_group.function["{name}"]']
        assert group["name"] == f"/aws/lambda/{deployed_name(name, 'prod')}"
        assert group["retention_in_days"] == 30


def test_which_are_switched_on_is_said_once_and_terraform_reads_it_there(plans):
    """dev's plan was told nothing: the copy of .chalice/config.json beside it says so."""
    groups = plans["dev"].all("aws_cloudwatch_log_group")
    assert 'aws_cloudwatch_log_group.function["rank_markets"]' in groups
    assert 'aws_cloudwatch_log_group.function["rank_markets"]' not in plans["prod"].all(
        "aws_cloudwatch_log_group"
    )


def test_the_lake_is_private_encrypted_and_versioned(plans):
    plan = plans["prod"]
    [block] = plan.all("aws_s3_bucket_public_access_block").values()
    switches = (
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    )
    assert all(block[name] for name in switches)
    [versions] = plan.all("aws_s3_bucket_versioning").values()
    assert versions["versioning_configuration"][0]["status"] == "Enabled"
    assert plan.all("aws_s3_bucket_server_side_encryption_configuration")


def test_the_lake_forgets_what_was_replaced_and_of_notes_soonest(plans):
    """A note of how far the trades are is replaced each minute, for each symbol."""
    [lifecycle] = plans["prod"].all("aws_s3_bucket_lifecycle_configuration").values()
    days = {
        (rule["filter"][0].get("prefix") or ""): rule["noncurrent_version_expiration"][0][
            "noncurrent_days"
        ]
        for rule in lifecycle["rule"]
    }
    assert days == {"": 30, TRADES: 1, CANDLES: 1, GAPS: 1, JOBS: 1}
    assert {rule["status"] for rule in lifecycle["rule"]} == {"Enabled"}
    whole = lifecycle["rule"][0]
    assert whole["expiration"][0]["expired_object_delete_marker"]
    assert not whole["expiration"][0].get("days"), "what is there stays"
    kept = {
        rule["filter"][0].get("prefix"): rule["expiration"][0]["days"]
        for rule in lifecycle["rule"]
        if rule is not whole and rule["expiration"]
    }
    assert kept == {JOBS: 30}
