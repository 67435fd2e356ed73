"""What Terraform made becomes config.json and policies: nothing more than each function needs."""

import json
from copy import deepcopy
from typing import Any

import pytest

from chalicelib.domain.deployment.market_functions import MARKET_FUNCTIONS
from chalicelib.domain.deployment.outputs import StageOutputs, parse_outputs
from chalicelib.domain.deployment.policies import (
    SecretNames,
    deployed_name,
    function_policy,
    gateway_policy,
)
from chalicelib.domain.deployment.rights import MARKET_RIGHTS, functions_of
from chalicelib.domain.deployment.stage_config import configured, policy_files, variables
from chalicelib.domain.errors import SettingsError

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/state"
MADE: dict[str, Any] = {
    "stage": "dev",
    "region": "eu-west-1",
    "account_id": "123456789012",
    "state_table_name": "state",
    "state_table_arn": TABLE,
    "state_table_stream_arn": f"{TABLE}/stream/2026",
    "secret_prefix": "bot-dev/",
    "parameter_prefix": "/bot-dev/",
    "alarm_topic_arn": "arn:aws:sns:eu-west-1:123456789012:alarms",
    "dead_letter_queue_arn": "arn:aws:sqs:eu-west-1:123456789012:dead",
    "lake_bucket_name": "lake-dev",
    "market_table_name": "market-dev",
}
OUTPUTS = StageOutputs(**MADE)
SUBNETS, GROUPS = ["subnet-1a", "subnet-2b"], ["sg-3c"]
PLACED: dict[str, Any] = {
    "function_subnet_ids": tuple(SUBNETS),
    "function_security_group_ids": tuple(GROUPS),
}
LOG_ACTIONS = ["logs:CreateLogStream", "logs:PutLogEvents"]
MENDS = "make infra STAGE=dev"


def told(**changes: Any) -> dict[str, Any]:
    """What `terraform output -json` prints."""
    values = {**MADE, **changes}
    return {name: {"sensitive": False, "value": value} for name, value in values.items()}


def refused(document: object) -> str:
    with pytest.raises(SettingsError) as refusal:
        parse_outputs(document, "dev")
    return str(refusal.value)


# --- what Terraform says --------------------------------------------------------------------


def test_outputs_are_read_and_others_passed_over() -> None:
    assert parse_outputs(told(dashboard="https://x.test"), "dev") == OUTPUTS
    assert (OUTPUTS.ticks_on, OUTPUTS.function_subnet_ids) == ("schedule", ())
    placed = told(ticks_on="host", function_subnet_ids=SUBNETS, function_security_group_ids=GROUPS)
    assert parse_outputs(placed, "dev") == StageOutputs(**MADE, ticks_on="host", **PLACED)
    assert parse_outputs(told(ticks_on="", function_subnet_ids=[]), "dev") == OUTPUTS


def test_what_is_no_object_is_refused() -> None:
    assert refused([1]) == f"terraform's outputs are no JSON object; {MENDS} makes them"


def test_outputs_that_are_not_there_are_named() -> None:
    without = {**told(region="", account_id=None), "state_table_arn": "here"}
    del without["secret_prefix"]
    assert refused(without) == (
        "terraform's outputs lack region, account_id, state_table_arn, secret_prefix; "
        f"{MENDS} brings infra/ up to date"
    )


def test_another_stages_outputs_are_refused() -> None:
    assert refused(told(stage="prod")) == (
        "terraform's outputs are those of stage prod, and dev is to be configured; "
        f"{MENDS} makes that one"
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("region", "Ireland", "a region such as eu-west-1"),
        ("account_id", 123456789012, "twelve digits"),
        ("state_table_name", "a b c", "a table's name"),
        ("state_table_arn", "state", "an ARN"),
        ("alarm_topic_arn", "arn:aws:sns:eu-west-1:1:alarms", "an ARN"),
        ("secret_prefix", "bot-dev", "a name that ends in a slash"),
        ("parameter_prefix", "bot-dev/", "a name between two slashes"),
        ("lake_bucket_name", "Lake", "a bucket's name"),
        ("cloudwatch_metrics", "true", "yes or no"),
        ("ticks_on", "both", "schedule or host"),
        ("market_table_name", "a/b", "a table's name"),
        ("candle_stages_on", "both", "schedule or pipeline"),
        ("trade_flow_url", "host", "an address such as mysql://u@h/d"),
        ("trade_flow_secret", "two words", "a secret's name"),
        ("series_timestream", "candles", "a database.table"),
    ],
)
def test_an_odd_output_is_refused_with_what_would_be_right(
    name: str, value: object, words: str
) -> None:
    assert refused(told(**{name: value})) == (
        f"terraform's output {name} is {value!r}; it must be {words}: {MENDS} brings infra/ up "
        "to date"
    )


def test_one_odd_subnet_among_others_is_refused() -> None:
    assert refused(told(function_subnet_ids=["subnet-1a", "vpc-2b"])) == (
        "terraform's output function_subnet_ids is 'vpc-2b'; it must be ids of subnets: "
        f"{MENDS} brings infra/ up to date"
    )
    assert "is 'subnet-1'; it must be ids of security groups" in refused(
        told(function_security_group_ids=["subnet-1"])
    )


# --- what a function may do -----------------------------------------------------------------


def rights(
    function: str, outputs: StageOutputs = OUTPUTS, secret: str = "", **secrets: str
) -> dict[str, Any]:
    """Resources by the actions on them."""
    policy = function_policy(function, outputs, SecretNames(trading=secret, **secrets))
    assert policy["Version"] == "2012-10-17"
    assert all(statement["Effect"] == "Allow" for statement in policy["Statement"])
    return {" ".join(s["Action"]): s["Resource"] for s in policy["Statement"]}


def log_group(name: str) -> list[str]:
    return [f"arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/{name}:*"]


def test_who_takes_alerts_cannot_read_a_key() -> None:
    assert rights("api_handler") == {
        " ".join(LOG_ACTIONS): log_group("crypto_bot-dev"),
        "dynamodb:GetItem dynamodb:PutItem dynamodb:Query": [TABLE],
        "dynamodb:Query": [f"{TABLE}/index/shelf"],
    }


def test_who_trades_may_do_what_trading_takes() -> None:
    stream = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    expected = {
        " ".join(LOG_ACTIONS): log_group("crypto_bot-dev-tick"),
        "sqs:SendMessage": ["arn:aws:sqs:eu-west-1:123456789012:dead"],
        "dynamodb:GetItem dynamodb:PutItem dynamodb:Query": [TABLE],
        "dynamodb:Query": [f"{TABLE}/index/shelf"],
        " ".join(f"dynamodb:{verb}" for verb in stream): [f"{TABLE}/stream/2026"],
        "secretsmanager:GetSecretValue": [
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:bot-dev/*"
        ],
        "ssm:GetParameter": ["arn:aws:ssm:eu-west-1:123456789012:parameter/bot-dev/*"],
        "sns:Publish": ["arn:aws:sns:eu-west-1:123456789012:alarms"],
    }
    assert rights("tick") == expected
    assert function_policy("tick", OUTPUTS) == function_policy("tick", OUTPUTS, SecretNames())
    verbs = ("CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces")
    network = {" ".join(f"ec2:{verb}" for verb in verbs): ["*"]}
    assert rights("tick", StageOutputs(**MADE, **PLACED)) == expected | network


def test_who_trades_reads_analyses_where_there_are_any() -> None:
    usual = function_policy("tick", OUTPUTS)["Statement"]
    with_candles = function_policy("tick", OUTPUTS, asked=["load_candles"])
    assert with_candles["Statement"] == usual
    asked = ["load_candles", "analyse_instruments"]
    [*others, reading] = function_policy("tick", OUTPUTS, asked=asked)["Statement"]
    assert others == usual
    assert reading == {
        "Effect": "Allow",
        "Action": ["dynamodb:Query"],
        "Resource": SERIES,
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["analysis#*"]}},
    }
    for name in ("api_handler", "report_performance", "analyse_markets"):
        alone = function_policy(name, OUTPUTS)
        assert function_policy(name, OUTPUTS, asked=asked) == alone
    files = policy_files(OUTPUTS, [], SecretNames(), asked)
    assert reading in files["policy-dev-tick.json"]["Statement"]


@pytest.mark.parametrize(
    ("secret", "secrets", "parameters"),
    [
        ("", [], []),
        ("bot-dev/key", [], []),
        ("elsewhere", ["secret:elsewhere-??????"], []),
        ("ssm:/bot-dev/key", [], []),
        ("ssm:/X/key", [], ["parameter/X/key"]),
        ("ssm:key", [], ["parameter/key"]),
    ],
)
def test_one_secret_outside_of_the_stage_is_let_in_by_its_name(
    secret: str, secrets: list[str], parameters: list[str]
) -> None:
    found = rights("report_performance", secret=secret)
    place = "eu-west-1:123456789012"
    of_secrets = [f"arn:aws:secretsmanager:{place}:{s}" for s in ["secret:bot-dev/*", *secrets]]
    of_parameters = [f"arn:aws:ssm:{place}:{p}" for p in ["parameter/bot-dev/*", *parameters]]
    assert found["secretsmanager:GetSecretValue"] == of_secrets
    assert found["ssm:GetParameter"] == of_parameters


OWN_LOG = " ".join(LOG_ACTIONS)
SERIES = ["arn:aws:dynamodb:eu-west-1:123456789012:table/market-dev"]
RUNS = {"dynamodb:GetItem dynamodb:PutItem": SERIES}
NOTICES = {"dynamodb:PutItem": [TABLE]}
PLACED_TABLE: dict[str, Any] = {
    "database_subnet_ids": ("subnet-4d",),
    "database_security_group_ids": ("sg-5e",),
}


def test_who_collects_trades_may_write_them_and_tell_the_owner() -> None:
    assert rights("collect_trades", StageOutputs(**MADE, **PLACED, **PLACED_TABLE)) == {
        OWN_LOG: log_group("crypto_bot-dev-collect_trades"),
        "s3:ListBucket": ["arn:aws:s3:::lake-dev"],
        "s3:GetObject s3:PutObject": ["arn:aws:s3:::lake-dev/trades/*"],
        "s3:PutObject": ["arn:aws:s3:::lake-dev/quarantine/trades/*"],
        **NOTICES,
    }


@pytest.mark.parametrize("function", ["summarize_trades", "sweep_summaries"])
def test_who_sums_up_may_open_its_table_and_no_other_secret(function: str) -> None:
    expected = {
        OWN_LOG: log_group(f"crypto_bot-dev-{function}"),
        "s3:ListBucket": ["arn:aws:s3:::lake-dev"],
        "s3:DeleteObject s3:GetObject s3:PutObject": ["arn:aws:s3:::lake-dev/trades/*"],
        "s3:PutObject": ["arn:aws:s3:::lake-dev/quarantine/summaries/*"],
        **NOTICES,
    }
    assert rights(function, secret="elsewhere") == expected
    place = "eu-west-1:123456789012"
    secret = f"arn:aws:secretsmanager:{place}:secret:bot-dev/flow-??????"
    assert rights(function, table="bot-dev/flow") == expected | {
        "secretsmanager:GetSecretValue": [secret]
    }
    parameter = f"arn:aws:ssm:{place}:parameter/bot-dev/flow"
    assert rights(function, table="ssm:/bot-dev/flow") == expected | {
        "ssm:GetParameter": [parameter]
    }
    verbs = ("CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces")
    network = {" ".join(f"ec2:{verb}" for verb in verbs): ["*"]}
    assert rights(function, StageOutputs(**MADE, **PLACED_TABLE)) == expected | network


def test_who_ranks_and_who_collects_candles_have_their_own_parts_of_the_lake() -> None:
    bucket, place = "arn:aws:s3:::lake-dev", "eu-west-1:123456789012"
    ranking = {
        OWN_LOG: log_group("crypto_bot-dev-rank_markets"),
        "s3:ListBucket": [bucket],
        "s3:GetObject s3:PutObject": [f"{bucket}/top_marketcap/*"],
        **RUNS,
        **NOTICES,
    }
    assert rights("rank_markets") == ranking
    assert rights("rank_markets", ranking="bot-dev/gecko") == ranking | {
        "secretsmanager:GetSecretValue": [
            f"arn:aws:secretsmanager:{place}:secret:bot-dev/gecko-??????"
        ]
    }
    assert rights("rank_markets", ranking="ssm:/bot-dev/gecko") == ranking | {
        "ssm:GetParameter": [f"arn:aws:ssm:{place}:parameter/bot-dev/gecko"]
    }
    assert rights("collect_candles", ranking="bot-dev/gecko") == {
        OWN_LOG: log_group("crypto_bot-dev-collect_candles"),
        "s3:ListBucket": [bucket],
        "s3:GetObject": [f"{bucket}/top_marketcap/*"],
        "s3:DeleteObject s3:GetObject s3:PutObject": [f"{bucket}/candles/*"],
        "s3:GetObject s3:PutObject": [f"{bucket}/candle_gaps/*"],
        **RUNS,
        **NOTICES,
    }


def test_who_loads_and_who_analyses_share_the_table_of_the_time_series() -> None:
    bucket = "arn:aws:s3:::lake-dev"
    candles = {
        "s3:ListBucket": [bucket],
        "s3:DeleteObject s3:GetObject s3:PutObject": [f"{bucket}/candles/*"],
        "s3:GetObject s3:PutObject": [f"{bucket}/candle_gaps/*"],
        **NOTICES,
    }
    series = {"dynamodb:GetItem dynamodb:PutItem dynamodb:Query": SERIES}
    assert rights("load_candles", table="bot-dev/flow") == {
        OWN_LOG: log_group("crypto_bot-dev-load_candles"),
        "s3:PutObject": [f"{bucket}/quarantine/candles/*"],
        **candles,
        **series,
    }
    assert rights("compact_candles") == {
        OWN_LOG: log_group("crypto_bot-dev-compact_candles"),
        **candles,
        **RUNS,
    }
    listing = {"s3:ListBucket": [bucket], **series, **NOTICES}
    assert rights("analyse_markets", table="bot-dev/flow") == {
        OWN_LOG: log_group("crypto_bot-dev-analyse_markets"),
        **listing,
    }
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:bot-dev/flow-??????"
    assert rights("analyse_instruments", table="bot-dev/flow") == {
        OWN_LOG: log_group("crypto_bot-dev-analyse_instruments"),
        "secretsmanager:GetSecretValue": [secret],
        **listing,
    }


@pytest.mark.parametrize("function", MARKET_RIGHTS)
def test_of_the_trading_the_market_writes_notices_alone(function: str) -> None:
    statements = function_policy(function, OUTPUTS)["Statement"]
    [on_table] = [s for s in statements if TABLE in s["Resource"]]
    assert on_table["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["notice#*"]}
    }
    assert all("Condition" not in s for s in statements if s is not on_table)


def test_a_stage_has_the_market_functions_that_it_asks_for() -> None:
    own = ("api_handler", "tick", "report_performance")
    assert functions_of([]) == own
    assert functions_of(["sweep_summaries", "collect_trades"]) == (
        *own,
        "collect_trades",
        "sweep_summaries",
    )
    assert set(MARKET_FUNCTIONS) == set(MARKET_RIGHTS)


def test_only_who_uses_the_table_joins_its_network() -> None:
    outputs = StageOutputs(**MADE, **PLACED, **PLACED_TABLE)
    config = {"app_name": "crypto_bot"}
    found = configured(config, outputs, {}, tuple(MARKET_RIGHTS))
    functions = found["stages"]["dev"]["lambda_functions"]
    placed = {
        name: (f.get("subnet_ids"), f.get("security_group_ids")) for name, f in functions.items()
    }
    assert placed == {
        "api_handler": (None, None),
        "tick": (SUBNETS, GROUPS),
        "report_performance": (SUBNETS, GROUPS),
        "collect_trades": (None, None),
        "summarize_trades": (["subnet-4d"], ["sg-5e"]),
        "sweep_summaries": (["subnet-4d"], ["sg-5e"]),
        "rank_markets": (None, None),
        "collect_candles": (None, None),
        "load_candles": (None, None),
        "analyse_instruments": (["subnet-4d"], ["sg-5e"]),
        "analyse_markets": (None, None),
        "compact_candles": (None, None),
    }


def test_a_function_is_called_as_chalice_does() -> None:
    assert deployed_name("api_handler", "prod") == "crypto_bot-prod"
    assert deployed_name("tick", "prod") == "crypto_bot-prod-tick"


def test_the_webhooks_are_for_everybody_or_for_their_senders() -> None:
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke"}
    whole = {**anybody, "Resource": ["execute-api:/dev/*"]}
    assert gateway_policy("dev", []) == {"Version": "2012-10-17", "Statement": [whole]}
    hooks = ["execute-api:/dev/POST/hook/*", "execute-api:/dev/POST/receive_trade_signals"]
    others = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": hooks,
        "Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.1", "192.0.2.2"]}},
    }
    senders = ("192.0.2.1", "192.0.2.2")
    assert gateway_policy("dev", senders)["Statement"] == [whole, others]


# --- config.json ----------------------------------------------------------------------------


def test_a_new_stage_is_written_whole() -> None:
    config = {"version": "2.0", "app_name": "crypto_bot"}
    found = configured(config, OUTPUTS, {"tick": 1})
    assert config == {"version": "2.0", "app_name": "crypto_bot"}
    assert found["version"] == "2.0"
    assert found["stages"] == {
        "dev": {
            "api_gateway_stage": "dev",
            "api_gateway_policy_file": "gateway-dev.json",
            "environment_variables": {
                "CRYPTO_BOT_STAGE": "dev",
                "CRYPTO_BOT_REGION": "eu-west-1",
                "TABLE_NAME": "state",
                "SECRET_PREFIX": "bot-dev/",
                "PARAMETER_PREFIX": "/bot-dev/",
                "ALARM_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:alarms",
                "LAKE_BUCKET": "lake-dev",
                "SERIES_TABLE": "market-dev",
                "CLOUDWATCH_METRICS": "yes",
                "TICKS_ON": "schedule",
                "CANDLE_STAGES_ON": "schedule",
            },
            "lambda_functions": {
                "api_handler": {"iam_policy_file": "policy-dev-api_handler.json"},
                "tick": {"iam_policy_file": "policy-dev-tick.json", "reserved_concurrency": 1},
                "report_performance": {"iam_policy_file": "policy-dev-report_performance.json"},
            },
        }
    }


def test_what_the_owner_wrote_stays_and_what_is_terraforms_is_brought_up_to_date() -> None:
    own = {"TABLE_NAME": "old", "LOG_LEVEL": "debug"}
    functions = {
        "tick": {
            "lambda_memory_size": 512,
            "subnet_ids": ["subnet-old"],
            "security_group_ids": ["sg-old"],
            "reserved_concurrency": 7,
        },
        "other": {"lambda_timeout": 3},
    }
    stages = {
        "dev": {"environment_variables": own, "lambda_functions": functions},
        "prod": {"api_gateway_stage": "mine"},
    }
    config = {"app_name": "crypto_bot", "stages": stages}
    before = deepcopy(config)
    found = configured(config, OUTPUTS, {"tick": 0})
    assert config == before
    assert found["stages"]["prod"] == {"api_gateway_stage": "mine"}
    stage = found["stages"]["dev"]
    assert stage["environment_variables"] == variables(OUTPUTS) | {"LOG_LEVEL": "debug"}
    assert stage["lambda_functions"]["other"] == {"lambda_timeout": 3}
    assert stage["lambda_functions"]["tick"] == {
        "lambda_memory_size": 512,
        "iam_policy_file": "policy-dev-tick.json",
    }
    placed = configured(config, StageOutputs(**MADE, **PLACED), {})
    moved = placed["stages"]["dev"]["lambda_functions"]
    assert (moved["tick"]["subnet_ids"], moved["tick"]["security_group_ids"]) == (SUBNETS, GROUPS)
    assert moved["tick"]["reserved_concurrency"] == 7
    assert "subnet_ids" not in moved["api_handler"]


def test_the_table_of_summaries_is_terraforms_or_the_owners() -> None:
    own = {"TRADE_FLOW_URL": "mysql://own/d", "TRADE_FLOW_SECRET": "own"}
    config = {"app_name": "crypto_bot", "stages": {"dev": {"environment_variables": own}}}

    def found(outputs: StageOutputs) -> dict[str, Any]:
        written = configured(config, outputs, {})["stages"]["dev"]["environment_variables"]
        return {name: written[name] for name in own}

    assert found(OUTPUTS) == own
    made = {"trade_flow_url": "mysql://u@h/d", "trade_flow_secret": "rds!db-1"}
    told_of = parse_outputs(told(**made), "dev")
    assert found(told_of) == {"TRADE_FLOW_URL": "mysql://u@h/d", "TRADE_FLOW_SECRET": "rds!db-1"}


def test_the_copy_of_the_time_series_is_terraforms_alone() -> None:
    config = {"app_name": "crypto_bot"}
    there = parse_outputs(told(series_timestream="bot-dev.candles"), "dev")
    switched_on = configured(config, there, {}, ["load_candles"])
    given = switched_on["stages"]["dev"]["environment_variables"]
    assert given["SERIES_TIMESTREAM"] == "bot-dev.candles"
    switched_off = configured(switched_on, OUTPUTS, {}, ["load_candles"])
    assert "SERIES_TIMESTREAM" not in switched_off["stages"]["dev"]["environment_variables"]
    for name in functions_of(list(MARKET_RIGHTS)):
        rights = {
            action: statement["Resource"]
            for statement in function_policy(name, there)["Statement"]
            for action in statement["Action"]
            if action.startswith("timestream:")
        }
        table = "arn:aws:timestream:eu-west-1:123456789012:database/bot-dev/table/candles"
        wanted = {"timestream:WriteRecords": [table], "timestream:DescribeEndpoints": ["*"]}
        assert rights == (wanted if name == "load_candles" else {})
        assert "timestream" not in str(function_policy(name, OUTPUTS))


def test_a_function_of_which_nothing_else_is_said_gets_its_reserve() -> None:
    found = configured({"app_name": "crypto_bot"}, OUTPUTS, {"of_the_owner": 2})
    functions = found["stages"]["dev"]["lambda_functions"]
    assert functions["of_the_owner"] == {"reserved_concurrency": 2}


@pytest.mark.parametrize("config", [{"app_name": "mine"}, {}])
def test_another_name_of_the_application_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as refusal:
        configured(config, OUTPUTS, {})
    assert str(refusal.value) == (
        f"app_name of .chalice/config.json is {config.get('app_name')!r}; it must be "
        "'crypto_bot', as infra/ knows the functions"
    )


def test_every_policy_that_the_configuration_names_is_written() -> None:
    secrets = SecretNames(trading="elsewhere", table="bot-dev/flow")
    files = policy_files(OUTPUTS, ["192.0.2.1"], secrets, ["summarize_trades"])
    functions = ("api_handler", "tick", "report_performance", "summarize_trades")
    assert files == {
        **{f"policy-dev-{f}.json": function_policy(f, OUTPUTS, secrets) for f in functions},
        "gateway-dev.json": gateway_policy("dev", ["192.0.2.1"]),
    }
    assert "elsewhere" in json.dumps(files["policy-dev-tick.json"])
