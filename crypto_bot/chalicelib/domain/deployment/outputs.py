"""`terraform output -json` -> what a stage's functions have to know, or a sentence."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final

from chalicelib.domain.errors import SettingsError

_ARN: Final = re.compile(r"arn:[\w-]+:\w+:[\w-]+:\d{12}:\S+")
_SHAPES: Final = {
    "stage": (re.compile(r"dev|prod"), "dev or prod"),
    "region": (re.compile(r"[a-z]{2}(-[a-z]+)+-\d"), "a region such as eu-west-1"),
    "account_id": (re.compile(r"\d{12}"), "twelve digits"),
    "state_table_name": (re.compile(r"[\w.-]{3,255}"), "a table's name"),
    "secret_prefix": (re.compile(r"[\w+=.@-]+/"), "a name that ends in a slash"),
    "parameter_prefix": (re.compile(r"/[\w.-]+/"), "a name between two slashes"),
    "lake_bucket_name": (re.compile(r"[a-z0-9.-]{3,63}"), "a bucket's name"),
    "market_table_name": (re.compile(r"[\w.-]{3,255}"), "a table's name"),
    "cloudwatch_metrics": (re.compile("yes|no"), "yes or no"),
    "ticks_on": (re.compile("schedule|host"), "schedule or host"),
    "candle_stages_on": (re.compile("schedule|pipeline"), "schedule or pipeline"),
    "trade_flow_url": (re.compile(r"(mysql|mariadb)://\S+"), "an address such as mysql://u@h/d"),
    "trade_flow_secret": (re.compile(r"(ssm:)?[\w/+=.@!-]+"), "a secret's name"),
    "series_timestream": (re.compile(r"[\w-]{3,256}\.[\w-]{3,256}"), "a database.table"),
    "function_subnet_ids": (re.compile(r"subnet-\w+"), "ids of subnets"),
    "function_security_group_ids": (re.compile(r"sg-\w+"), "ids of security groups"),
    "sandbox_subnet_ids": (re.compile(r"subnet-\w+"), "ids of subnets"),
    "sandbox_security_group_ids": (re.compile(r"sg-\w+"), "ids of security groups"),
    "database_subnet_ids": (re.compile(r"subnet-\w+"), "ids of subnets"),
    "database_security_group_ids": (re.compile(r"sg-\w+"), "ids of security groups"),
}
_ARN_SHAPE: Final = (_ARN, "an ARN")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOutputs:
    """Each field is the output of that name in infra/outputs.tf; those with a value may be absent.

    `cloudwatch_metrics` says whether anybody looks at the figures there, which may cost something.
    `ticks_on` says who ticks: the functions' schedule, or a host; `candle_stages_on` whether the
    stages of candles have schedules of their own, or one state machine runs them. The address and
    the secret are those of the table of summaries, where Terraform has made it; `series_timestream`
    is database and table of the copy of the time series, where it has made that, and
    `sweep_machine_arn` the state machine of sweeps, where it has made that. Subnets and
    security groups are those of the functions that call exchanges, where they have a fixed address,
    of those that use the table of summaries, where it is in a network of its own, and of the one in
    which bots run, where that is in a network from which nothing leads anywhere.
    """

    stage: str
    region: str
    account_id: str
    state_table_name: str
    state_table_arn: str
    state_table_stream_arn: str
    secret_prefix: str
    parameter_prefix: str
    alarm_topic_arn: str
    dead_letter_queue_arn: str
    lake_bucket_name: str
    market_table_name: str
    cloudwatch_metrics: str = "yes"
    ticks_on: str = "schedule"
    candle_stages_on: str = "schedule"
    trade_flow_url: str = ""
    trade_flow_secret: str = ""
    series_timestream: str = ""
    sweep_machine_arn: str = ""
    function_subnet_ids: tuple[str, ...] = ()
    function_security_group_ids: tuple[str, ...] = ()
    sandbox_subnet_ids: tuple[str, ...] = ()
    sandbox_security_group_ids: tuple[str, ...] = ()
    database_subnet_ids: tuple[str, ...] = ()
    database_security_group_ids: tuple[str, ...] = ()

    @property
    def partition(self) -> str:
        """`aws`, or the name of one of AWS's separate clouds."""
        return self.state_table_arn.split(":")[1]

    def arn(self, service: str, resource: str) -> str:
        """Of something in this stage's region and account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"


def parse_outputs(document: object, stage: str) -> StageOutputs:
    """SettingsError says which output is missing, odd or another stage's, and what mends it."""
    found = _values(document, stage)
    missing = [f.name for f in fields(StageOutputs) if f.default is MISSING and f.name not in found]
    if missing:
        raise SettingsError(
            f"terraform's outputs lack {', '.join(missing)}; {_remedy(stage)} brings infra/ up to "
            "date"
        )
    if found["stage"] != stage:
        raise SettingsError(
            f"terraform's outputs are those of stage {found['stage']}, and {stage} is to be "
            f"configured; {_remedy(stage)} makes that one"
        )
    for name, value in found.items():
        for text in value if isinstance(value, tuple) else (value,):
            _check(name, text, stage)
    return StageOutputs(**found)


def _values(document: object, stage: str) -> dict[str, Any]:
    if not isinstance(document, Mapping):
        raise SettingsError(f"terraform's outputs are no JSON object; {_remedy(stage)} makes them")
    known = {field.name for field in fields(StageOutputs)}
    values = {
        name: output.get("value") if isinstance(output, Mapping) else None
        for name, output in document.items()
        if name in known
    }
    found = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
    return {name: value for name, value in found.items() if value}


def _check(name: str, value: object, stage: str) -> None:
    pattern, words = _SHAPES.get(name, _ARN_SHAPE)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise SettingsError(
            f"terraform's output {name} is {value!r}; it must be {words}: {_remedy(stage)} "
            "brings infra/ up to date"
        )


def _remedy(stage: str) -> str:
    return f"make infra STAGE={stage}"
