"""The functions of bots: what a stage that asks for them has, and what each of them may do."""

from typing import Any

import pytest

from chalicelib.domain.deployment.bot_functions import (
    BOT_FUNCTIONS,
    asked_bot_functions,
    bot_schedules,
    bots_use_parquet,
    check_bot_needs,
)
from chalicelib.domain.deployment.outputs import StageOutputs, parse_outputs
from chalicelib.domain.deployment.policies import SecretNames, function_policy
from chalicelib.domain.deployment.rights import BOT_RIGHTS, RIGHTS, functions_of, runs_bots
from chalicelib.domain.deployment.stage_config import configured, policy_files
from chalicelib.domain.errors import SettingsError
from tests.unit.domain.test_stage_files import LOG_ACTIONS, MADE, OUTPUTS, TABLE, log_group, told

SANDBOX = "arn:aws:lambda:eu-west-1:123456789012:function:crypto_bot-dev-bot_sandbox"
NETWORK: dict[str, Any] = {
    "sandbox_subnet_ids": ("subnet-1a", "subnet-2b"),
    "sandbox_security_group_ids": ("sg-3c",),
}
NEEDED = {"CANDLE_VENUE": "binance", "LAKE_BUCKET": "lake", "SERIES_TABLE": "series"}


def test_who_runs_bots_has_where_their_code_runs() -> None:
    assert asked_bot_functions({}) == ()
    assert asked_bot_functions({"BOT_FUNCTIONS": "run_bots"}) == ("run_bots", "bot_sandbox")
    assert asked_bot_functions({"BOT_FUNCTIONS": "bot_sandbox, run_bots"}) == (
        "run_bots",
        "bot_sandbox",
    )
    assert asked_bot_functions({"BOT_FUNCTIONS": "bot_sandbox"}) == ("bot_sandbox",)


def test_a_function_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsError) as refusal:
        asked_bot_functions({"BOT_FUNCTIONS": "run_bots tick"})
    assert str(refusal.value) == (
        f"BOT_FUNCTIONS has 'tick'; it must list {', '.join(BOT_FUNCTIONS)}"
    )


@pytest.mark.parametrize("missing", sorted(NEEDED))
def test_a_function_that_could_do_nothing_is_refused(missing: str) -> None:
    check_bot_needs(("run_bots", "bot_sandbox"), NEEDED)
    with pytest.raises(SettingsError) as refusal:
        check_bot_needs(("run_bots",), NEEDED.keys() - {missing})
    assert str(refusal.value) == (
        f"BOT_FUNCTIONS has run_bots, and {missing} is not set; set it for this stage, too"
    )


def test_bots_run_every_five_minutes_unless_the_stage_says_otherwise() -> None:
    assert bot_schedules({}) == {"run_bots": "rate(5 minutes)"}
    given = {"RUN_BOTS_SCHEDULE": "cron(2 * * * ? *)", "BOT_SANDBOX_SCHEDULE": "odd"}
    assert bot_schedules(given) == {"run_bots": "cron(2 * * * ? *)"}
    with pytest.raises(SettingsError, match=r"RUN_BOTS_SCHEDULE is 'hourly'; it must be a rate"):
        bot_schedules({"RUN_BOTS_SCHEDULE": "hourly"})


def test_a_stage_has_those_that_it_asks_for() -> None:
    assert functions_of(["bot_sandbox", "run_bots"]) == (*RIGHTS, "run_bots", "bot_sandbox")
    assert set(BOT_RIGHTS) == set(BOT_FUNCTIONS)
    assert [name for name in functions_of(tuple(BOT_RIGHTS)) if runs_bots(name)] == ["bot_sandbox"]


def test_where_the_code_of_bots_runs_nothing_may_be_done() -> None:
    policy = function_policy("bot_sandbox", OUTPUTS)
    assert policy == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": ["*"], "Resource": ["*"]}],
    }


def test_in_a_network_of_its_own_lambda_may_join_it_and_its_code_may_not() -> None:
    policy = function_policy("bot_sandbox", StageOutputs(**MADE, **NETWORK))
    joining, denied = policy["Statement"]
    assert joining == {
        "Effect": "Allow",
        "Action": [
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
        ],
        "Resource": ["*"],
    }
    assert denied == {
        "Effect": "Deny",
        "Action": ["*"],
        "Resource": ["*"],
        "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": SANDBOX}},
    }


def test_who_runs_bots_may_call_that_one_function_and_read_no_secret() -> None:
    policy = function_policy("run_bots", OUTPUTS)
    assert all(statement["Effect"] == "Allow" for statement in policy["Statement"])
    market = "arn:aws:dynamodb:eu-west-1:123456789012:table/market-dev"
    rows = "dynamodb:GetItem dynamodb:PutItem dynamodb:Query"
    assert [(" ".join(s["Action"]), s["Resource"]) for s in policy["Statement"]] == [
        (" ".join(LOG_ACTIONS), log_group("crypto_bot-dev-run_bots")),
        (rows, [TABLE]),
        ("dynamodb:Query", [f"{TABLE}/index/shelf"]),
        ("s3:ListBucket", ["arn:aws:s3:::lake-dev"]),
        ("s3:GetObject", ["arn:aws:s3:::lake-dev/top_marketcap/*"]),
        (rows, [market]),
        ("lambda:InvokeFunction", [SANDBOX]),
    ]


def test_who_works_on_jobs_reads_candles_keeps_reports_and_changes_no_market_data() -> None:
    policy = function_policy("work_on_job", OUTPUTS, asked=("work_on_job", "bot_sandbox"))
    lake = "arn:aws:s3:::lake-dev"
    usual = [
        (" ".join(LOG_ACTIONS), log_group("crypto_bot-dev-work_on_job")),
        ("dynamodb:GetItem dynamodb:PutItem", [TABLE]),
        ("s3:ListBucket", [lake]),
        ("s3:GetObject", [f"{lake}/candles/*"]),
        ("s3:GetObject", [f"{lake}/top_marketcap/*"]),
        ("s3:PutObject", [f"{lake}/bots/*"]),
        ("s3:GetObject", [f"{lake}/jobs/*/files.json.gz"]),
        ("s3:PutObject", [f"{lake}/jobs/*/result.json.gz"]),
        ("lambda:InvokeFunction", [SANDBOX]),
    ]
    assert [(" ".join(s["Action"]), s["Resource"]) for s in policy["Statement"]] == usual
    knowing = function_policy("work_on_job", OUTPUTS, asked=("work_on_job", "analyse_instruments"))
    *same, analyses = knowing["Statement"]
    assert same == policy["Statement"]
    assert analyses["Action"] == ["dynamodb:Query"]
    assert analyses["Condition"]["ForAllValues:StringLike"] == {
        "dynamodb:LeadingKeys": ["analysis#*"]
    }


def test_the_api_may_wake_who_works_on_jobs_and_show_what_came_of_them_where_there_is_one() -> None:
    without = function_policy("api_handler", OUTPUTS, asked=("run_bots", "bot_sandbox"))
    asked = function_policy("api_handler", OUTPUTS, asked=("work_on_job", "bot_sandbox"))
    assert without == function_policy("api_handler", OUTPUTS)
    lake = "arn:aws:s3:::lake-dev"
    more = asked["Statement"][len(without["Statement"]) :]
    assert [(" ".join(s["Action"]), s["Resource"]) for s in more] == [
        ("lambda:InvokeFunction", [SANDBOX.replace("bot_sandbox", "work_on_job")]),
        ("s3:ListBucket", [lake]),
        ("s3:GetObject", [f"{lake}/bots/*"]),
        ("s3:PutObject", [f"{lake}/jobs/*/files.json.gz"]),
        ("s3:GetObject", [f"{lake}/jobs/*/result.json.gz"]),
    ]


def test_who_looks_into_candles_has_a_package_with_what_reads_them() -> None:
    assert bots_use_parquet(("work_on_job", "bot_sandbox"))
    assert not bots_use_parquet(("run_bots", "sweep_batch", "bot_sandbox"))
    assert asked_bot_functions({"BOT_FUNCTIONS": "work_on_job"}) == ("work_on_job", "bot_sandbox")


def test_only_where_the_code_of_bots_runs_is_in_its_network() -> None:
    outputs = StageOutputs(**MADE, **NETWORK)
    config = {"app_name": "crypto_bot"}
    found = configured(config, outputs, {"bot_sandbox": 5}, ("run_bots", "bot_sandbox"))
    functions = found["stages"]["dev"]["lambda_functions"]
    assert functions["bot_sandbox"] == {
        "iam_policy_file": "policy-dev-bot_sandbox.json",
        "reserved_concurrency": 5,
        "security_group_ids": ["sg-3c"],
        "subnet_ids": ["subnet-1a", "subnet-2b"],
    }
    assert [name for name, own in functions.items() if "subnet_ids" in own] == ["bot_sandbox"]
    again = configured(found, OUTPUTS, {}, ("run_bots", "bot_sandbox"))
    assert "subnet_ids" not in again["stages"]["dev"]["lambda_functions"]["bot_sandbox"]


def test_their_policies_are_written_where_they_are_asked_for() -> None:
    asked = ("run_bots", "bot_sandbox")
    files = policy_files(OUTPUTS, [], SecretNames(), asked)
    assert {"policy-dev-run_bots.json", "policy-dev-bot_sandbox.json"} <= set(files)
    assert files["policy-dev-bot_sandbox.json"]["Statement"][0]["Effect"] == "Deny"
    assert "policy-dev-run_bots.json" not in policy_files(OUTPUTS, [], SecretNames())


def test_the_network_comes_from_terraform() -> None:
    placed = told(**{name: list(ids) for name, ids in NETWORK.items()})
    assert parse_outputs(placed, "dev") == StageOutputs(**MADE, **NETWORK)
    with pytest.raises(SettingsError, match="sandbox_subnet_ids is 'vpc-1'; it must be ids of sub"):
        parse_outputs(told(sandbox_subnet_ids=["vpc-1"]), "dev")
    with pytest.raises(SettingsError, match="sandbox_security_group_ids is 'x'; it must be ids of"):
        parse_outputs(told(sandbox_security_group_ids=["x"]), "dev")
