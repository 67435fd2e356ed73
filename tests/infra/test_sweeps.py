"""The state machine of sweeps, as Terraform plans it, and what a sweep costs."""

import json
from decimal import Decimal

import pytest

from chalicelib.adapters.pools.state_machine import batch_size
from tests.functional.sweep_machine import FUNCTION, MACHINE, definition
from tests.infra.costs import PRICES
from tests.infra.market_costs import UNITS
from tests.infra.terraform import INFRA

MODULE = "module.sweeps[0]"
BUCKET = "crypto-bot-prod-lake-123456789012"
DOCUMENT = INFRA.parent / "docs/bots.md"
CHALICE = INFRA.parent / "crypto_bot/.chalice/config.json"
SWEEP = json.loads((INFRA / "prices.json").read_text(encoding="utf-8"))["sweep"]
AMOUNTS = {amount["unit"]: Decimal(amount["each"]) for amount in SWEEP["amounts"]}
WORDS = {amount["unit"]: amount["what"] for amount in SWEEP["amounts"]}
FREE = {"lambda_time": 400_000, "lambda_call": 1_000_000, "state_step": 4_000}
BEST, FUNCTIONS = 10, 5


def test_the_machine_is_the_template_that_the_tests_run(plans):
    planned = plans["everything"].one(f"{MODULE}.aws_sfn_state_machine.sweeps")
    assert json.loads(planned["definition"]) == definition(BUCKET)
    assert MACHINE.endswith(f":{planned['name']}")


def test_configure_is_told_its_name(plans):
    assert plans["everything"].outputs["sweep_machine_arn"] == MACHINE
    assert not plans["prod"].outputs["sweep_machine_arn"]


def test_it_may_call_one_function_and_reach_its_own_executions_and_objects(plans):
    policy = plans["everything"].one(f"{MODULE}.aws_iam_role_policy.machine")["policy"]
    rights = json.loads(policy)["Statement"]
    execution = MACHINE.replace(":stateMachine:", ":execution:")
    lake = f"arn:aws:s3:::{BUCKET}/sweeps/*/runs/*"
    assert {tuple(right["Action"]): right["Resource"] for right in rights} == {
        ("lambda:InvokeFunction",): [FUNCTION],
        ("states:StartExecution",): [MACHINE],
        ("states:DescribeExecution", "states:StopExecution"): [f"{execution}:*", f"{execution}/*"],
        ("s3:GetObject",): [f"{lake}/tasks.json"],
        (
            "s3:AbortMultipartUpload",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ): [f"{lake}/results/*"],
    }
    role = plans["everything"].one(f"{MODULE}.aws_iam_role.machine")
    [trust] = json.loads(role["assume_role_policy"])["Statement"]
    assert trust["Principal"] == {"Service": "states.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_what_sweeps_leave_is_forgotten(plans):
    rules = {
        name: rule
        for name in ("everything", "prod")
        for rule in plans[name].one("aws_s3_bucket_lifecycle_configuration.lake")["rule"]
        if rule["id"] == "forget-sweeps"
    }
    assert rules.keys() == {"everything"}
    assert rules["everything"]["filter"][0]["prefix"] == "sweeps/"
    assert rules["everything"]["expiration"][0]["days"] == 90


# --- what it costs --------------------------------------------------------------------------


def test_a_sweep_takes_so_many_calls_and_steps():
    trials, candles = SWEEP["combinations"], SWEEP["candles"]
    batches = sum(-(-tasks // batch_size(tasks, candles)) for tasks in (trials, BEST))
    assert AMOUNTS["lambda_call"] == 2 + batches
    machine = definition(BUCKET)["States"]
    child = machine["Batches"]["ItemProcessor"]["States"]
    assert AMOUNTS["state_step"] == 2 * (1 + len(machine)) + batches * (1 + len(child))
    # The question twice, two lists; the trials of each batch; and two manifests of results.
    assert AMOUNTS["s3_write"] == 2 * 2 + batches + 2 + 60
    assert AMOUNTS["s3_read"] == FUNCTIONS + 2 + batches + 2


def test_it_takes_the_time_that_is_said():
    own = json.loads(CHALICE.read_text(encoding="utf-8"))["lambda_functions"]["sweep_batch"]
    gigabytes = Decimal(own["lambda_memory_size"]) / 1024
    assert AMOUNTS["lambda_time"] == ((45 + FUNCTIONS * 4) * gigabytes).quantize(Decimal("0.1"))


@pytest.mark.parametrize("unit", ["lambda_call", "state_step"])
def test_its_words_are_its_numbers(unit):
    assert WORDS[unit].startswith(f"{AMOUNTS[unit]} ")


def test_the_documentation_says_what_one_costs():
    usd = sum(amount * Decimal(UNITS[n]["usd"]) / UNITS[n]["of"] for n, amount in AMOUNTS.items())
    document = DOCUMENT.read_text(encoding="utf-8")
    assert f"${usd:.4f}" in document
    for unit in ("lambda_time", "lambda_call", "state_step"):
        assert WORDS[unit] in document


def test_ten_a_month_are_free():
    [price] = [price for price in PRICES if price.variable == "sweeps"]
    assert f"{10 * AMOUNTS['state_step']:,} steps" in next(iter(price.made_of))
    assert all(10 * AMOUNTS[unit] <= most for unit, most in FREE.items())
    others = {unit: 10 * AMOUNTS[unit] for unit in ("s3_read", "s3_write")}
    usd = sum(amount * Decimal(UNITS[n]["usd"]) / UNITS[n]["of"] for n, amount in others.items())
    assert round(usd, 2) == price.usd
