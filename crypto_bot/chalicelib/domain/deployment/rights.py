"""The functions on AWS and what each may touch.

The names are those of app.py. A new function is added here, or `configure` leaves it without a
policy and it cannot be deployed. How long and how large each may be is in .chalice/config.json.
Every stage has those of RIGHTS, of MARKET_RIGHTS those that its MARKET_FUNCTIONS names, and of
BOT_RIGHTS those that its BOT_FUNCTIONS names, of KEY_RIGHTS those that its KEY_FUNCTIONS names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.domain.deployment.key_functions import TEND_KEYS


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
    NOTICES = "notices"  # the rows of the state table that are told to the owner
    LAKE = "lake"  # the bucket itself
    TRADES = "trades"  # objects of the lake
    REJECTED_TRADES = "rejected_trades"
    REJECTED_LINES = "rejected_lines"
    TABLE_LOGIN = "table_login"  # of the table of summaries
    TABLE_PARAMETER = "table_parameter"  # the same in Parameter Store
    RANKINGS = "rankings"
    CANDLES = "candles"
    CANDLE_GAPS = "candle_gaps"
    RANKING_LOGIN = "ranking_login"  # of who publishes capitalisations
    RANKING_PARAMETER = "ranking_parameter"  # the same in Parameter Store
    TABLE_NETWORK = "table_network"  # where the table of summaries is
    REJECTED_CANDLES = "rejected_candles"
    SERIES = "series"  # the table of the time series
    ANALYSES = "analyses"  # of its rows, what was analysed
    TIMESTREAM = "timestream"  # the copy of the time series
    TIMESTREAM_HOSTS = "timestream_hosts"  # where Timestream is reached
    SANDBOX = "sandbox"  # the function in which the code of bots runs
    SANDBOX_NETWORK = "sandbox_network"  # from which nothing leads anywhere
    EVERYTHING = "everything"
    SWEEPS = "sweeps"  # what is asked of sweeps
    TRIALS = "trials"  # what sweeps have found
    REPORTS = "reports"  # what came of backtests
    JOB_FILES = "job_files"  # what came with a job
    JOB_RESULTS = "job_results"  # what came of it
    WORK = "work"  # the function that works on jobs
    OWN_SECRETS = "own_secrets"  # those below the stage's prefix, and none besides
    OWN_PARAMETERS = "own_parameters"  # the same in Parameter Store
    KEYS = "keys"  # the function that keeps and tries keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Actions on one thing. `because` is for what our own code never calls.

    `is_denied`: whatever else is allowed, the code in the function may not do them.
    """

    thing: Thing
    actions: tuple[str, ...]
    because: str = ""
    is_denied: bool = False


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

_INTERFACES: Final = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
)
_JOINS: Final = "Lambda joins the function to the subnets in its name; AWS knows nothing narrower"
_NETWORK: Final = Right(thing=Thing.NETWORK, actions=_INTERFACES, because=_JOINS)

_NOTICES: Final = Right(thing=Thing.NOTICES, actions=("dynamodb:PutItem",))
_FIND_MISSING: Final = Right(
    thing=Thing.LAKE,
    actions=("s3:ListBucket",),
    because="S3 says that an object is missing only to who may list",
)
_LIST: Final = Right(thing=Thing.LAKE, actions=("s3:ListBucket",))
_TABLE_NETWORK: Final = Right(thing=Thing.TABLE_NETWORK, actions=_INTERFACES, because=_JOINS)
_SUMMARIES: Final = (
    _LOG,
    _LIST,
    Right(thing=Thing.TRADES, actions=("s3:DeleteObject", "s3:GetObject", "s3:PutObject")),
    Right(thing=Thing.REJECTED_LINES, actions=("s3:PutObject",)),
    Right(thing=Thing.TABLE_LOGIN, actions=("secretsmanager:GetSecretValue",)),
    Right(thing=Thing.TABLE_PARAMETER, actions=("ssm:GetParameter",)),
    _NOTICES,
    _TABLE_NETWORK,
)
# Each stage of candles notes there how it ran.
_RUNS: Final = Right(thing=Thing.SERIES, actions=("dynamodb:GetItem", "dynamodb:PutItem"))
# Whoever reads candles sets a damaged object aside, and marks its time as a gap.
_CANDLES: Final = (
    Right(thing=Thing.CANDLES, actions=("s3:DeleteObject", "s3:GetObject", "s3:PutObject")),
    Right(thing=Thing.CANDLE_GAPS, actions=("s3:GetObject", "s3:PutObject")),
)
_ANALYSING: Final = (
    _LOG,
    _LIST,
    Right(thing=Thing.SERIES, actions=("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")),
    _NOTICES,
)
_RUN_CODE: Final = Right(thing=Thing.SANDBOX, actions=("lambda:InvokeFunction",))
# Where a function works on jobs, the API wakes it, and shows what came of them.
_HAVE_JOBS_DONE: Final = (
    Right(thing=Thing.WORK, actions=("lambda:InvokeFunction",)),
    _FIND_MISSING,
    Right(thing=Thing.REPORTS, actions=("s3:GetObject",)),
    Right(thing=Thing.JOB_FILES, actions=("s3:PutObject",)),
    Right(thing=Thing.JOB_RESULTS, actions=("s3:GetObject",)),
)
# Where instruments are analysed, the tick sizes by what was found, and bots may ask for it.
_SIZING: Final = Right(thing=Thing.ANALYSES, actions=("dynamodb:Query",))

# Where a function keeps keys, the API has it do so.
_HAVE_KEYS_KEPT: Final = Right(thing=Thing.KEYS, actions=("lambda:InvokeFunction",))

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

# What these need to be told is in market_functions.py, under the same names.
MARKET_RIGHTS: Final[Mapping[str, tuple[Right, ...]]] = {
    "collect_trades": (
        _LOG,
        _FIND_MISSING,
        Right(thing=Thing.TRADES, actions=("s3:GetObject", "s3:PutObject")),
        Right(thing=Thing.REJECTED_TRADES, actions=("s3:PutObject",)),
        _NOTICES,
    ),
    "summarize_trades": _SUMMARIES,
    "sweep_summaries": _SUMMARIES,
    "rank_markets": (
        _LOG,
        _FIND_MISSING,
        _RUNS,
        Right(thing=Thing.RANKINGS, actions=("s3:GetObject", "s3:PutObject")),
        Right(thing=Thing.RANKING_LOGIN, actions=("secretsmanager:GetSecretValue",)),
        Right(thing=Thing.RANKING_PARAMETER, actions=("ssm:GetParameter",)),
        _NOTICES,
    ),
    "collect_candles": (
        _LOG,
        _LIST,
        _RUNS,
        Right(thing=Thing.RANKINGS, actions=("s3:GetObject",)),
        *_CANDLES,
        _NOTICES,
    ),
    "load_candles": (
        *_ANALYSING,
        *_CANDLES,
        Right(thing=Thing.REJECTED_CANDLES, actions=("s3:PutObject",)),
        Right(thing=Thing.TIMESTREAM, actions=("timestream:WriteRecords",)),
        Right(thing=Thing.TIMESTREAM_HOSTS, actions=("timestream:DescribeEndpoints",)),
    ),
    "analyse_instruments": (
        *_ANALYSING,
        Right(thing=Thing.TABLE_LOGIN, actions=("secretsmanager:GetSecretValue",)),
        Right(thing=Thing.TABLE_PARAMETER, actions=("ssm:GetParameter",)),
        _TABLE_NETWORK,
    ),
    "analyse_markets": _ANALYSING,
    "compact_candles": (_LOG, _LIST, _RUNS, *_CANDLES, _NOTICES),
}


# What these need to be told is in bot_functions.py, under the same names.
BOT_RIGHTS: Final[Mapping[str, tuple[Right, ...]]] = {
    "run_bots": (
        _LOG,
        _STATE,
        _SHELF,  # what a bot that stops has waiting
        _LIST,
        Right(thing=Thing.RANKINGS, actions=("s3:GetObject",)),
        Right(
            thing=Thing.SERIES, actions=("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
        ),
        _RUN_CODE,
    ),
    "sweep_batch": (
        _LOG,
        Right(thing=Thing.SWEEPS, actions=("s3:GetObject",)),
        Right(thing=Thing.TRIALS, actions=("s3:PutObject",)),
        _RUN_CODE,
    ),
    "work_on_job": (
        _LOG,
        Right(thing=Thing.STATE, actions=("dynamodb:GetItem", "dynamodb:PutItem")),
        _LIST,
        Right(thing=Thing.CANDLES, actions=("s3:GetObject",)),
        Right(thing=Thing.RANKINGS, actions=("s3:GetObject",)),
        Right(thing=Thing.REPORTS, actions=("s3:PutObject",)),
        Right(thing=Thing.JOB_FILES, actions=("s3:GetObject",)),
        Right(thing=Thing.JOB_RESULTS, actions=("s3:PutObject",)),
        _RUN_CODE,
    ),
    "bot_sandbox": (
        Right(thing=Thing.SANDBOX_NETWORK, actions=_INTERFACES, because=_JOINS),
        Right(thing=Thing.EVERYTHING, actions=("*",), is_denied=True),
    ),
}

# What this is for is in key_functions.py. It deletes no secret: removed keys are written over.
KEY_RIGHTS: Final[Mapping[str, tuple[Right, ...]]] = {
    TEND_KEYS: (
        _LOG,
        _STATE,
        _SECRETS,
        _PARAMETERS,
        Right(
            thing=Thing.OWN_SECRETS,
            actions=("secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"),
        ),
        Right(thing=Thing.OWN_PARAMETERS, actions=("ssm:DeleteParameter", "ssm:PutParameter")),
        _ALARM_TOPIC,
        _NETWORK,
    ),
}

# What a function may besides at a stage that asks for another one.
_BESIDE: Final[Mapping[str, Mapping[str, tuple[Right, ...]]]] = {
    "api_handler": {TEND_KEYS: (_HAVE_KEYS_KEPT,), "work_on_job": _HAVE_JOBS_DONE},
    "tick": {"analyse_instruments": (_SIZING,)},
    "work_on_job": {"analyse_instruments": (_SIZING,)},
}


def functions_of(asked: Sequence[str]) -> tuple[str, ...]:
    """All that a stage has which asks for these."""
    return (
        *RIGHTS,
        *(name for name in (*MARKET_RIGHTS, *BOT_RIGHTS, *KEY_RIGHTS) if name in asked),
    )


def rights_of(function: str, asked: Sequence[str] = ()) -> tuple[Right, ...]:
    """Of any kind, at a stage that asks for these."""
    own = {**RIGHTS, **MARKET_RIGHTS, **BOT_RIGHTS, **KEY_RIGHTS}[function]
    more = _BESIDE.get(function, {})
    return (*own, *(right for name, rights in more.items() if name in asked for right in rights))


def runs_bots(function: str) -> bool:
    """Whether it is where the code of bots runs."""
    return any(right.is_denied for right in rights_of(function))


def calls_exchanges(function: str) -> bool:
    """Whether an exchange may want to know the address that its requests come from."""
    return _NETWORK in rights_of(function)


def uses_table(function: str) -> bool:
    """Whether it has to be where the table of summaries is."""
    return _TABLE_NETWORK in rights_of(function)
