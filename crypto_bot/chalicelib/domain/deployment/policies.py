"""A function's rights -> its IAM policy, and who may call the webhooks -> the API's policy."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chalicelib.domain.deployment.outputs import StageOutputs
from chalicelib.domain.deployment.rights import RIGHTS, Right, Thing

APP_NAME: Final = "crypto_bot"
API_HANDLER: Final = "api_handler"
PARAMETER: Final = "ssm:"  # what the name of a secret in Parameter Store begins with
# What a stranger may try: both take alerts, and nobody but their senders has business there.
WEBHOOKS: Final = ("POST/hook/*", "POST/receive_trade_signals")

Document = Mapping[str, Any]
_VERSION: Final = "2012-10-17"


def deployed_name(function: str, stage: str) -> str:
    """The name that Chalice gives the function on AWS."""
    return f"{APP_NAME}-{stage}" if function == API_HANDLER else f"{APP_NAME}-{stage}-{function}"


def function_policy(function: str, outputs: StageOutputs, secret_name: str = "") -> Document:
    """What the function's role may do. `secret_name` is one outside of the stage's prefix."""
    return {
        "Version": _VERSION,
        "Statement": [
            _statement(right, resources)
            for right in RIGHTS[function]
            if (resources := _resources(right.thing, function, outputs, secret_name))
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


def _statement(right: Right, resources: list[str]) -> Document:
    return {"Effect": "Allow", "Action": list(right.actions), "Resource": resources}


def _resources(thing: Thing, function: str, outputs: StageOutputs, secret_name: str) -> list[str]:
    by_thing = {
        Thing.LOG: [_log(function, outputs)],
        Thing.STATE: [outputs.state_table_arn],
        Thing.SHELF: [f"{outputs.state_table_arn}/index/shelf"],
        Thing.STREAM: [outputs.state_table_stream_arn],
        Thing.SECRETS: _secrets(outputs, secret_name),
        Thing.PARAMETERS: _parameters(outputs, secret_name),
        Thing.ALARM_TOPIC: [outputs.alarm_topic_arn],
        Thing.DEAD_LETTERS: [outputs.dead_letter_queue_arn],
        Thing.NETWORK: ["*"] if outputs.function_subnet_ids else [],
    }
    return by_thing[thing]


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
