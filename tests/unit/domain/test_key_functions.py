"""The function of keys: which stage has it, and what it and the API's may do there."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deployment.key_functions import TEND_KEYS, asked_key_functions
from chalicelib.domain.deployment.outputs import parse_outputs
from chalicelib.domain.deployment.policies import SecretNames, function_policy
from chalicelib.domain.deployment.rights import functions_of
from chalicelib.domain.deployment.stage_config import configured
from chalicelib.domain.errors import SettingsError
from tests.unit.domain.test_stage_files import told

ASKED = (TEND_KEYS,)
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:crypto_bot-dev-tend_keys"


def resources(policy: Any, action: str) -> list[str]:
    found = (s["Resource"] for s in policy["Statement"] if action in s["Action"])
    return [resource for several in found for resource in several]


def test_a_stage_has_it_where_it_asks_for_it() -> None:
    assert (asked_key_functions({}), asked_key_functions({"KEY_FUNCTIONS": ""})) == ((), ())
    assert asked_key_functions({"KEY_FUNCTIONS": "tend_keys,tend_keys"}) == ASKED
    assert TEND_KEYS not in functions_of(())
    assert functions_of(ASKED)[-1] == TEND_KEYS
    with pytest.raises(SettingsError) as refusal:
        asked_key_functions({"KEY_FUNCTIONS": "yes"})
    assert str(refusal.value) == "KEY_FUNCTIONS has 'yes'; it must be tend_keys, or empty"


def test_the_api_may_call_it_and_nothing_else_of_the_kind() -> None:
    outputs = parse_outputs(told(), "dev")
    without = function_policy("api_handler", outputs)
    assert resources(without, "lambda:InvokeFunction") == []
    with_it = function_policy("api_handler", outputs, asked=ASKED)
    assert resources(with_it, "lambda:InvokeFunction") == [FUNCTION]
    assert not any("secretsmanager" in a or "ssm" in a for a in str(with_it).split("'"))


def test_it_writes_below_the_prefix_alone_and_deletes_no_secret() -> None:
    outputs = parse_outputs(told(), "dev")
    policy = function_policy(TEND_KEYS, outputs, SecretNames(trading="my-own"), ASKED)
    own = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:bot-dev/*"
    assert resources(policy, "secretsmanager:PutSecretValue") == [own]
    assert resources(policy, "secretsmanager:CreateSecret") == [own]
    assert resources(policy, "secretsmanager:GetSecretValue") == [
        own,
        own.replace("bot-dev/*", "my-own-??????"),
    ]
    assert "DeleteSecret" not in str(policy)


def test_it_asks_exchanges_from_the_address_that_the_tick_has() -> None:
    outputs = replace(
        parse_outputs(told(), "dev"),
        function_subnet_ids=("subnet-1a",),
        function_security_group_ids=("sg-1",),
    )
    functions = configured({"app_name": "crypto_bot"}, outputs, {}, ASKED)["stages"]["dev"]
    mine, tick = (functions["lambda_functions"][name] for name in (TEND_KEYS, "tick"))
    for name in ("subnet_ids", "security_group_ids"):
        assert mine[name] == tick[name]
    assert mine["iam_policy_file"] == "policy-dev-tend_keys.json"
