"""The functions on AWS and what each may touch.

The names are those of app.py. A new function is added here, or `configure` leaves it without a
policy and it cannot be deployed. How long and how large each may be is in .chalice/config.json.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Thing(StrEnum):
    """What a right is about; policies.py has its ARNs."""

    LOG = "log"
    STATE = "state"
    SHELF = "shelf"  # the index of the state table
    STREAM = "stream"  # of the state table
    SECRETS = "secrets"
    PARAMETERS = "parameters"
    ALARM_TOPIC = "alarm_topic"
    DEAD_LETTERS = "dead_letters"
    NETWORK = "network"  # of functions with a fixed address


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Actions on one thing. `because` is for what our own code never calls."""

    thing: Thing
    actions: tuple[str, ...]
    because: str = ""


_LOG: Final = Right(
    thing=Thing.LOG,
    actions=("logs:CreateLogStream", "logs:PutLogEvents"),
    because="Lambda writes the log in the function's name; Terraform owns the group",
)
_DEAD_LETTERS: Final = Right(
    thing=Thing.DEAD_LETTERS,
    actions=("sqs:SendMessage",),
    because="Lambda leaves there, in the function's name, the events that failed for good",
)
_STATE: Final = Right(
    thing=Thing.STATE, actions=("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
)
_SHELF: Final = Right(thing=Thing.SHELF, actions=("dynamodb:Query",))
_SECRETS: Final = Right(thing=Thing.SECRETS, actions=("secretsmanager:GetSecretValue",))
_PARAMETERS: Final = Right(thing=Thing.PARAMETERS, actions=("ssm:GetParameter",))
_STREAM: Final = Right(
    thing=Thing.STREAM,
    actions=(
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    ),
    because="Lambda reads the stream in tick's name, and wakes it for an urgent signal",
)
_ALARM_TOPIC: Final = Right(thing=Thing.ALARM_TOPIC, actions=("sns:Publish",))

_NETWORK: Final = Right(
    thing=Thing.NETWORK,
    actions=(
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
    ),
    because="Lambda joins the function to the subnets in its name; AWS knows no narrower resource",
)

RIGHTS: Final[Mapping[str, tuple[Right, ...]]] = {
    "api_handler": (_LOG, _STATE, _SHELF),
    "tick": (
        _LOG,
        _DEAD_LETTERS,
        _STATE,
        _SHELF,
        _STREAM,
        _SECRETS,
        _PARAMETERS,
        _ALARM_TOPIC,
        _NETWORK,
    ),
    "report_performance": (_LOG, _DEAD_LETTERS, _STATE, _SECRETS, _PARAMETERS, _NETWORK),
}


def calls_exchanges(function: str) -> bool:
    """Whether an exchange may want to know the address that its requests come from."""
    return _NETWORK in RIGHTS[function]
