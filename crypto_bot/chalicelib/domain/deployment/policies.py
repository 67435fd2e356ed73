"""A function's rights -> its IAM policy, and who may call the webhooks -> the API's policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.domain.deployment.bot_functions import BOT_SANDBOX, WORK_ON_JOB
from chalicelib.domain.deployment.key_functions import TEND_KEYS
from chalicelib.domain.deployment.outputs import StageOutputs
from chalicelib.domain.deployment.rights import Right, Thing, rights_of

APP_NAME: Final = "crypto_bot"
API_HANDLER: Final = "api_handler"
PARAMETER: Final = "ssm:"  # what the name of a secret in Parameter Store begins with
NOTICE_KEYS: Final = "notice#*"  # of the state table's rows, those that are told to the owner
ANALYSIS_KEYS: Final = "analysis#*"  # of the market table's, what was analysed
# What a stranger may try: both take alerts, and nobody but their senders has business there.
WEBHOOKS: Final = ("POST/hook/*", "POST/receive_trade_signals")

Document = Mapping[str, Any]
_VERSION: Final = "2012-10-17"
# Where a right is to some rows of a table: what their keys begin with.
_ROWS: Final = {Thing.NOTICES: NOTICE_KEYS, Thing.ANALYSES: ANALYSIS_KEYS}


def deployed_name(function: str, stage: str) -> str:
    """The name that Chalice gives the function on AWS."""
    return f"{APP_NAME}-{stage}" if function == API_HANDLER else f"{APP_NAME}-{stage}-{function}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretNames:
    """`trading` is one outside of the stage's prefix; `table` opens the table of summaries.

    `ranking` is for who publishes capitalisations.
    """

    trading: str = ""
    table: str = ""
    ranking: str = ""


def function_policy(
    function: str,
    outputs: StageOutputs,
    secrets: SecretNames | None = None,
    asked: Sequence[str] = (),
) -> Document:
    """What the function's role may do, at a stage that asks for these beside what all have."""
    return {
        "Version": _VERSION,
        "Statement": [
            _statement(right, resources, outputs)
            for right in rights_of(function, asked)
            if (resources := _resources(right.thing, function, outputs, secrets or SecretNames()))
        ],
    }


def gateway_policy(stage: str, sources: Sequence[str]) -> Document:
    """Everybody may call, and only `sources` the webhooks; without any, they are open, too."""
    whole = f"execute-api:/{stage}/*"
    statements: list[Document] = [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": [whole]}
    ]
    if sources:
        statements.append(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": [f"execute-api:/{stage}/{path}" for path in WEBHOOKS],
                "Condition": {"NotIpAddress": {"aws:SourceIp": list(sources)}},
            }
        )
    return {"Version": _VERSION, "Statement": statements}


def _statement(right: Right, resources: list[str], outputs: StageOutputs) -> Document:
    effect = "Deny" if right.is_denied else "Allow"
    statement = {"Effect": effect, "Action": list(right.actions), "Resource": resources}
    if right.is_denied and outputs.sandbox_subnet_ids:
        # Lambda itself joins the function to its subnets in the function's name.
        caller = outputs.arn("lambda", f"function:{deployed_name(BOT_SANDBOX, outputs.stage)}")
        return {**statement, "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": caller}}}
    if right.thing in _ROWS:
        rows = {"dynamodb:LeadingKeys": [_ROWS[right.thing]]}
        return {**statement, "Condition": {"ForAllValues:StringLike": rows}}
    return statement


def _resources(
    thing: Thing, function: str, outputs: StageOutputs, secrets: SecretNames
) -> list[str]:
    bucket = f"arn:{outputs.partition}:s3:::{outputs.lake_bucket_name}"
    series_table = outputs.arn("dynamodb", f"table/{outputs.market_table_name}")
    by_thing = {
        Thing.LOG: [_log(function, outputs)],
        Thing.STATE: [outputs.state_table_arn],
        Thing.SHELF: [f"{outputs.state_table_arn}/index/shelf"],
        Thing.STREAM: [outputs.state_table_stream_arn],
        Thing.SECRETS: _secrets(outputs, secrets.trading),
        Thing.PARAMETERS: _parameters(outputs, secrets.trading),
        Thing.ALARM_TOPIC: [outputs.alarm_topic_arn],
        Thing.DEAD_LETTERS: [outputs.dead_letter_queue_arn],
        Thing.NETWORK: ["*"] if outputs.function_subnet_ids else [],
        Thing.NOTICES: [outputs.state_table_arn],
        Thing.LAKE: [bucket],
        Thing.TRADES: [f"{bucket}/trades/*"],
        Thing.REJECTED_TRADES: [f"{bucket}/quarantine/trades/*"],
        Thing.REJECTED_LINES: [f"{bucket}/quarantine/summaries/*"],
        Thing.RANKINGS: [f"{bucket}/top_marketcap/*"],
        Thing.CANDLES: [f"{bucket}/candles/*"],
        Thing.CANDLE_GAPS: [f"{bucket}/candle_gaps/*"],
        Thing.REJECTED_CANDLES: [f"{bucket}/quarantine/candles/*"],
        Thing.SERIES: [series_table],
        Thing.ANALYSES: [series_table],
        Thing.TABLE_LOGIN: _one_secret(outputs, secrets.table),
        Thing.TABLE_PARAMETER: _one_parameter(outputs, secrets.table),
        Thing.RANKING_LOGIN: _one_secret(outputs, secrets.ranking),
        Thing.RANKING_PARAMETER: _one_parameter(outputs, secrets.ranking),
        Thing.TABLE_NETWORK: ["*"] if outputs.database_subnet_ids else [],
        Thing.TIMESTREAM: _timestream(outputs),
        # AWS knows nothing narrower: hosts belong to no table.
        Thing.TIMESTREAM_HOSTS: ["*"] if outputs.series_timestream else [],
        Thing.SANDBOX: [
            outputs.arn("lambda", f"function:{deployed_name(BOT_SANDBOX, outputs.stage)}")
        ],
        Thing.SANDBOX_NETWORK: ["*"] if outputs.sandbox_subnet_ids else [],
        Thing.EVERYTHING: ["*"],
        Thing.SWEEPS: [f"{bucket}/sweeps/*/question.gz"],
        Thing.TRIALS: [f"{bucket}/sweeps/*/trials/*"],
        Thing.REPORTS: [f"{bucket}/bots/*"],
        Thing.JOB_FILES: [f"{bucket}/jobs/*/files.json.gz"],
        Thing.JOB_RESULTS: [f"{bucket}/jobs/*/result.json.gz"],
        Thing.WORK: [
            outputs.arn("lambda", f"function:{deployed_name(WORK_ON_JOB, outputs.stage)}")
        ],
        Thing.OWN_SECRETS: _secrets(outputs, ""),
        Thing.OWN_PARAMETERS: _parameters(outputs, ""),
        Thing.KEYS: [outputs.arn("lambda", f"function:{deployed_name(TEND_KEYS, outputs.stage)}")],
    }
    return by_thing[thing]


def _timestream(outputs: StageOutputs) -> list[str]:
    if not outputs.series_timestream:
        return []
    database, _, table = outputs.series_timestream.partition(".")
    return [outputs.arn("timestream", f"database/{database}/table/{table}")]


def _log(function: str, outputs: StageOutputs) -> str:
    name = deployed_name(function, outputs.stage)
    return outputs.arn("logs", f"log-group:/aws/lambda/{name}:*")


def _secrets(outputs: StageOutputs, secret_name: str) -> list[str]:
    """AWS ends a secret's ARN with a dash and six characters of its own."""
    own = outputs.arn("secretsmanager", f"secret:{outputs.secret_prefix}*")
    if not secret_name or secret_name.startswith((PARAMETER, outputs.secret_prefix)):
        return [own]
    return [own, outputs.arn("secretsmanager", f"secret:{secret_name}-??????")]


def _parameters(outputs: StageOutputs, secret_name: str) -> list[str]:
    own = outputs.arn("ssm", f"parameter{outputs.parameter_prefix}*")
    name = secret_name.removeprefix(PARAMETER)
    if not secret_name.startswith(PARAMETER) or name.startswith(outputs.parameter_prefix):
        return [own]
    return [own, outputs.arn("ssm", f"parameter/{name.lstrip('/')}")]


def _one_secret(outputs: StageOutputs, name: str) -> list[str]:
    if not name or name.startswith(PARAMETER):
        return []
    return [outputs.arn("secretsmanager", f"secret:{name}-??????")]


def _one_parameter(outputs: StageOutputs, name: str) -> list[str]:
    if not name.startswith(PARAMETER):
        return []
    return [outputs.arn("ssm", f"parameter/{name.removeprefix(PARAMETER).lstrip('/')}")]
