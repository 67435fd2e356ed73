"""Bots on AWS: their alarms, what becomes of a run that failed, and the network of their code."""

import pytest

from chalicelib.domain.deployment.policies import deployed_name
from chalicelib.domain.deployment.rights import functions_of, runs_bots
from tests.infra.terraform import Plan

NETWORK = "module.bot_network[0]"


@pytest.fixture
def plan(plans) -> Plan:
    found: Plan = plans["everything"]
    return found


def mine(plan: Plan, kind: str) -> dict[str, dict]:
    return {a: found for a, found in plan.all(kind).items() if a.startswith(NETWORK)}


def test_from_where_the_code_runs_nothing_leads_anywhere(plan):
    [network] = mine(plan, "aws_vpc").values()
    assert not network["enable_dns_support"], "the resolver asks the world"
    [group] = mine(plan, "aws_security_group").values()
    assert not group.get("egress")
    assert not group.get("ingress")
    subnets = mine(plan, "aws_subnet").values()
    assert len({subnet["availability_zone"] for subnet in subnets}) == len(subnets) == 2
    ways = ("aws_route", "aws_internet_gateway", "aws_nat_gateway", "aws_vpc_endpoint")
    rules = ("aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule")
    assert [kind for kind in (*ways, *rules, "aws_security_group_rule") if mine(plan, kind)] == []


def test_it_overlaps_no_other_network(plan):
    blocks = [network["cidr_block"] for network in plan.all("aws_vpc").values()]
    assert blocks.count("10.84.0.0/24") == 1


def test_only_the_function_in_which_code_runs_has_no_log_of_its_own(plan):
    groups = plan.all("aws_cloudwatch_log_group")
    names = {group["name"] for group in groups.values()}
    asked = ("run_bots", "bot_sandbox")
    for name in asked:
        has_one = f"/aws/lambda/{deployed_name(name, 'prod')}" in names
        assert has_one != runs_bots(name)
    assert set(asked) <= set(functions_of(asked))


def test_a_run_that_failed_is_left_to_the_next_once_it_is_deployed(plans):
    [config] = [
        found
        for found in plans["everything"].all("aws_lambda_function_event_invoke_config").values()
        if found["function_name"] == deployed_name("run_bots", "prod")
    ]
    assert (config["maximum_retry_attempts"], config["maximum_event_age_in_seconds"]) == (0, 300)
    before = plans["prod"].all("aws_lambda_function_event_invoke_config").values()
    assert not [found for found in before if found["function_name"].endswith("run_bots")]


def test_the_alarms_are_about_the_functions_that_are_deployed(plans):
    alarms = plans["everything"].all("aws_cloudwatch_metric_alarm")
    found = {
        alarm["metric_name"]: alarm["dimensions"]
        for address, alarm in alarms.items()
        if address.startswith("aws_cloudwatch_metric_alarm.bots")
    }
    assert found == {
        "Errors": {"FunctionName": deployed_name("run_bots", "prod")},
        "Throttles": {"FunctionName": deployed_name("bot_sandbox", "prod")},
    }
    assert not [a for a in plans["prod"].all("aws_cloudwatch_metric_alarm") if ".bots" in a]
