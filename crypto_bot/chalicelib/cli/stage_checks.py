"""doctor --stage: what a deployed stage needs of AWS, asked with the owner's own credentials."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.bootstrap.sandbox import function_caller
from chalicelib.bootstrap.stage import project
from chalicelib.cli.aws_trouble import aws_sentence
from chalicelib.cli.checks import Check
from chalicelib.domain.bots.refusals import BotFailed
from chalicelib.domain.deployment.bot_functions import BOT_SANDBOX
from chalicelib.domain.deployment.policies import deployed_name
from chalicelib.domain.deployment.rights import functions_of
from chalicelib.domain.errors import SandboxUnavailable
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import SHELF_INDEX

# AWS keeps so many free of any reservation, and a small account has no more than these.
_NEVER_RESERVED: Final = 10
_PLANS_ARE_KEPT_IN: Final = "us-east-1"
_MISSING: Final = "ResourceNotFoundException"
_ACTIVE: Final = "ACTIVE"
_LONGEST_PROBE: Final = 65.0

Answer = tuple[bool | None, str]


def check_stage(*, asks_functions: bool = True, asks_venues: bool) -> Iterator[Check]:
    """Credentials, table, functions, concurrency, plan, and the venues as the functions see them;
    where bots run, what their code could do there.

    Without credentials there is nothing else to ask; who is about to deploy asks no functions.
    """
    first = asked("credentials", _credentials, if_unknown=False)
    yield first
    if not first.ok:
        return
    yield asked("table", _table, if_unknown=False)
    yield asked("urgent alerts", _stream)
    known = functions_of(bootstrap.settings().opted_functions)
    for name in known if asks_functions else ():
        yield asked(f"function {name}", partial(_function, name))
    if asks_functions:
        yield from _sweeps()
    if asks_functions and BOT_SANDBOX in known:
        yield check_bot_sandbox()
    yield asked("concurrency", _concurrency)
    yield asked("AWS plan", _plan)
    if asks_venues:
        yield from _venues()


def asked(name: str, ask: Callable[[], Answer], *, if_unknown: bool | None = None) -> Check:
    """What `ask` finds; `if_unknown` where AWS does not tell the caller."""
    try:
        ok, detail = ask()
    except (BotoCoreError, ClientError) as error:
        return Check(name=name, ok=if_unknown, detail=aws_sentence(error) or str(error))
    return Check(name=name, ok=ok, detail=detail)


def _credentials() -> Answer:
    found = bootstrap.aws("sts").get_caller_identity()
    whose, settings = found["Account"], bootstrap.settings()
    own = settings.alarm_topic.split(":")[4] if settings.alarm_topic else whose
    if whose != own:
        return False, (
            f"they are of the AWS account {whose}, and stage {settings.stage} is in {own}; set "
            "AWS_PROFILE, or make configure again"
        )
    return True, f"{found['Arn']}, region {settings.region}"


def _table() -> Answer:
    name = bootstrap.settings().table_name
    try:
        found = _described(name)
    except ClientError as error:
        if error.response["Error"]["Code"] != _MISSING:
            raise
        stage = bootstrap.settings().stage
        return False, f"there is no DynamoDB table {name}: make infra STAGE={stage} makes it"
    indexes = {i["IndexName"]: i["IndexStatus"] for i in found.get("GlobalSecondaryIndexes", [])}
    if found["TableStatus"] != _ACTIVE or indexes.get(SHELF_INDEX) != _ACTIVE:
        shelf = indexes.get(SHELF_INDEX, "missing")
        return False, f"{name} is {found['TableStatus']}, its index {SHELF_INDEX} is {shelf}"
    return True, f"{name} and its index are there"


def _stream() -> Answer:
    name = bootstrap.settings().table_name
    if not _described(name).get("StreamSpecification", {}).get("StreamEnabled"):
        return False, f"{name} has no stream, so they wait for the schedule: make infra"
    return True, "the table's stream is there to wake the tick"


def _described(name: str) -> Any:
    return bootstrap.aws("dynamodb").describe_table(TableName=name)["Table"]


def _function(name: str) -> Answer:
    stage = bootstrap.settings().stage
    deployed = deployed_name(name, stage)
    try:
        found = bootstrap.aws("lambda").get_function_configuration(FunctionName=deployed)
    except ClientError as error:
        if error.response["Error"]["Code"] != _MISSING:
            raise
        return None, f"{deployed} is not deployed yet: make deploy STAGE={stage}"
    has = found.get("Environment", {}).get("Variables", {})
    wanted = project().environment(stage)
    differs = sorted(key for key in wanted.keys() | has.keys() if wanted.get(key) != has.get(key))
    if wanted and differs:
        return False, (
            f"{deployed} has other variables than config.json ({', '.join(differs)}): make deploy "
            f"STAGE={stage}"
        )
    return True, f"{deployed}, {found['Runtime']}, {found['MemorySize']} MB, {found['Timeout']} s"


def _sweeps() -> Iterator[Check]:
    """Where one half of them is switched on: state machine and function need each other."""
    from chalicelib.bootstrap.market import market_settings

    settings, machine = bootstrap.settings(), market_settings().sweep_machine
    has_function = "sweep_batch" in settings.bot_functions
    if machine and has_function:
        yield asked("sweeps", partial(_machine, machine))
    elif machine:
        detail = "the state machine calls sweep_batch, which BOT_FUNCTIONS does not name"
        yield Check(name="sweeps", ok=None, detail=detail)
    elif has_function:
        detail = f"sweep_batch has no state machine: sweeps = true in {settings.stage}.tfvars"
        yield Check(name="sweeps", ok=None, detail=f"{detail}, then make infra and make configure")


def _machine(arn: str) -> Answer:
    try:
        found = bootstrap.aws("stepfunctions").describe_state_machine(stateMachineArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "StateMachineDoesNotExist":
            raise
        stage = bootstrap.settings().stage
        return False, f"there is no state machine {arn}: make infra STAGE={stage} makes it"
    return found["status"] == _ACTIVE, f"the state machine {found['name']} is {found['status']}"


def check_bot_sandbox() -> Check:
    """A process is begun there that runs nothing, and says what could not be taken from it."""
    return asked("code of bots", _sandbox)


def _sandbox() -> Answer:
    try:
        lacking = function_caller().lacking()
    except (SandboxUnavailable, BotFailed) as error:
        return None, f"it cannot be told how it would run: {error}"
    if not lacking:
        return True, "no files, no network, no other process, no credentials: all is taken from it"
    return None, (
        f"WARNING: {'; '.join(lacking)}. Its function's role may do nothing all the same;"
        " bot_network = true of infra/ takes the network from it, too"
    )


def _concurrency() -> Answer:
    limit = bootstrap.aws("lambda").get_account_settings()["AccountLimit"]
    most, free = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
    if most <= _NEVER_RESERVED:
        return None, (
            f"{most} functions of this account may run at once, too few to reserve any: leave "
            "reserved_concurrency out, or ask AWS for more"
        )
    return True, f"{most} functions may run at once, {free} of them unreserved"


def _plan() -> Answer:
    client = aws_client("freetier", region=_PLANS_ARE_KEPT_IN, connect_timeout=5, read_timeout=10)
    found = client.get_account_plan_state()
    if found["accountPlanType"] != "FREE":
        return True, "a paid plan: the account stays open"
    ends = found.get("accountPlanExpirationDate")
    when = f" on {ends:%Y-%m-%d}" if ends else ""
    return None, (
        f"WARNING: AWS closes an account on the free plan{when} or when its credits are used up, "
        "and the bot with it; upgrade to a paid plan before real money is traded"
    )


def _venues() -> Iterator[Check]:
    """Some exchanges refuse whole countries: what counts is where the functions run."""
    try:
        found = _probe()
    except (BotoCoreError, ClientError) as error:
        told = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
        where = "the functions are not deployed yet" if told == _MISSING else aws_sentence(error)
        yield Check(name="venues from the region", ok=None, detail=f"cannot be told: {where}")
        return
    region = bootstrap.settings().region
    for account, trouble in sorted(found.items()):
        detail = trouble or f"its exchange answers to functions in {region}"
        yield Check(name=f"account {account}: from the region", ok=not trouble, detail=detail)


def _probe() -> Mapping[str, str]:
    """What the deployed tick says when it is asked to look and not to trade."""
    settings = bootstrap.settings()
    client = aws_client(
        "lambda",
        region=settings.region or None,
        connect_timeout=5,
        read_timeout=_LONGEST_PROBE,
        attempts=1,
    )
    answer: Any = client.invoke(
        FunctionName=deployed_name("tick", settings.stage), Payload=b'{"check": "venues"}'
    )
    said = json.loads(answer["Payload"].read() or b"null")
    if not isinstance(said, dict) or "venues" not in said:  # what it raised
        return {"all": f"the function failed: {str(said)[:200]}"}
    found: Mapping[str, str] = said["venues"]
    return found
