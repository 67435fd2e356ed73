"""What Terraform made -> the stage in Chalice's config.json, and the policies that it names.

Only what is Terraform's, or follows from it, is written; whatever else the owner has put there
stays, so that `configure` may be repeated at any time.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from chalicelib.domain.deployment.outputs import StageOutputs
from chalicelib.domain.deployment.policies import (
    APP_NAME,
    SecretNames,
    function_policy,
    gateway_policy,
)
from chalicelib.domain.deployment.rights import (
    calls_exchanges,
    functions_of,
    runs_bots,
    uses_table,
)
from chalicelib.domain.errors import SettingsError

Config = dict[str, Any]

_TIMESTREAM: Final = "SERIES_TIMESTREAM"
_SWEEPS: Final = "SWEEP_MACHINE"


def configured(
    config: Mapping[str, Any],
    outputs: StageOutputs,
    reserved: Mapping[str, int],
    asked: Sequence[str] = (),
) -> Config:
    """config.json with this stage as Terraform has it. `reserved` is concurrency; 0 ends it.

    Of the functions that are asked for, the stage has those named.
    """
    _check_name(config)
    changed: Config = deepcopy(dict(config))
    stage = changed.setdefault("stages", {}).setdefault(outputs.stage, {})
    stage["api_gateway_stage"] = outputs.stage
    stage["api_gateway_policy_file"] = _gateway_file(outputs.stage)
    stage["environment_variables"] = stage.get("environment_variables", {}) | variables(outputs)
    for name in {_TIMESTREAM, _SWEEPS} - variables(outputs).keys():  # there is none any more
        stage["environment_variables"].pop(name, None)
    functions = stage.setdefault("lambda_functions", {})
    for name in functions_of(asked):
        own = functions.setdefault(name, {})
        own["iam_policy_file"] = _policy_file(outputs.stage, name)
        if calls_exchanges(name):
            _join(own, "subnet_ids", outputs.function_subnet_ids)
            _join(own, "security_group_ids", outputs.function_security_group_ids)
        if uses_table(name):
            _join(own, "subnet_ids", outputs.database_subnet_ids)
            _join(own, "security_group_ids", outputs.database_security_group_ids)
        if runs_bots(name):
            _join(own, "subnet_ids", outputs.sandbox_subnet_ids)
            _join(own, "security_group_ids", outputs.sandbox_security_group_ids)
    for name, count in reserved.items():
        functions.setdefault(name, {}).pop("reserved_concurrency", None)
        if count:
            functions[name]["reserved_concurrency"] = count
    return changed


def _join(function: Config, name: str, ids: Sequence[str]) -> None:
    function.pop(name, None)
    if ids:
        function[name] = list(ids)


def _check_name(config: Mapping[str, Any]) -> None:
    """Terraform's alarms, log groups and the stream's mapping know the functions by their names."""
    name = config.get("app_name")
    if name != APP_NAME:
        raise SettingsError(
            f"app_name of .chalice/config.json is {name!r}; it must be {APP_NAME!r}, as infra/ "
            "knows the functions"
        )


def variables(outputs: StageOutputs) -> dict[str, str]:
    """What the stage's functions find in their environment."""
    opted_in = {
        "TRADE_FLOW_URL": outputs.trade_flow_url,
        "TRADE_FLOW_SECRET": outputs.trade_flow_secret,
        _TIMESTREAM: outputs.series_timestream,
        _SWEEPS: outputs.sweep_machine_arn,
    }
    return {
        "CRYPTO_BOT_STAGE": outputs.stage,
        "CRYPTO_BOT_REGION": outputs.region,
        "TABLE_NAME": outputs.state_table_name,
        "SECRET_PREFIX": outputs.secret_prefix,
        "PARAMETER_PREFIX": outputs.parameter_prefix,
        "ALARM_TOPIC_ARN": outputs.alarm_topic_arn,
        "LAKE_BUCKET": outputs.lake_bucket_name,
        "SERIES_TABLE": outputs.market_table_name,
        "CLOUDWATCH_METRICS": outputs.cloudwatch_metrics,
        "TICKS_ON": outputs.ticks_on,
        "CANDLE_STAGES_ON": outputs.candle_stages_on,
        **{name: value for name, value in opted_in.items() if value},
    }


def policy_files(
    outputs: StageOutputs,
    sources: Sequence[str],
    secrets: SecretNames,
    asked: Sequence[str] = (),
) -> dict[str, Mapping[str, Any]]:
    """Each policy under the file name by which config.json knows it."""
    documents = {
        _policy_file(outputs.stage, name): function_policy(name, outputs, secrets, asked)
        for name in functions_of(asked)
    }
    return documents | {_gateway_file(outputs.stage): gateway_policy(outputs.stage, sources)}


def _policy_file(stage: str, function: str) -> str:
    return f"policy-{stage}-{function}.json"


def _gateway_file(stage: str) -> str:
    return f"gateway-{stage}.json"
