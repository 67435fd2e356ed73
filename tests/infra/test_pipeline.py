"""The state machine of the candles' stages, as moto carries it out, with the functions it calls."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Event, Lock
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.app import CloudWatchEvent
from moto import mock_aws
from moto.awslambda.models import LambdaFunction
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl

from chalicelib.domain.deployment.policies import deployed_name
from chalicelib.drivers.boto3_session import aws_client
from tests.infra.costs import PRICES

MODULE = "module.pipeline[0]"
MACHINE = f"{MODULE}.aws_sfn_state_machine.candles"
MINUTES = {"version": "0", "time": "2026-11-21T09:03:00Z"}  # the schedule's event, as far as read
MIDNIGHT = {"version": "0", "time": "2026-11-21T00:03:00Z"}
INSTRUMENTS = [{"venue": "binance", "symbol": f"{coin}/USDT"} for coin in ("BTC", "ETH", "SOL")]
PATIENCE = 90  # seconds; a run takes a fraction of one
HOURS, FREE_STEPS, A_STEP = 730, 4000, Decimal("0.000025")

Answer = Callable[[Any], Any]


class Raised(Exception):
    """What a function ends with; `kind` is the name of the exception's class."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(kw_only=True)
class Functions:
    """Those of the stage, by their names in app.py: what each answers, and who was called."""

    answers: dict[str, Answer] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    runs: int = 0
    _turn: Lock = field(default_factory=Lock)

    def invoked(self, name: str, event: Any) -> tuple[str, bool, str]:
        """As Lambda says it: the answer, whether it failed, the log."""
        with self._turn:
            self.calls.append((name, CloudWatchEvent(event, None)))
        try:
            answer = self.answers.get(name, lambda _: {})(event)
        except Raised as error:
            told = {"errorMessage": "it cannot", "errorType": error.kind}
            return json.dumps(told), True, ""
        return json.dumps(answer), False, ""

    @property
    def named(self) -> list[str]:
        return [name for name, _ in self.calls]

    def waited(self, seconds: float) -> None:
        self.waits.append(seconds)

    def of(self, name: str) -> list[Any]:
        return [event.detail for called, event in self.calls if called == name]


@dataclass(frozen=True, kw_only=True)
class Machine:
    functions: Functions
    client: Any
    arn: str

    def run(self, given: Any) -> Any:
        """How the execution ended."""
        self.functions.runs += 1
        started = self.client.start_execution(
            stateMachineArn=self.arn, name=f"run-{self.functions.runs}", input=json.dumps(given)
        )
        for _ in range(PATIENCE * 50):
            found = self.client.describe_execution(executionArn=started["executionArn"])
            if found["status"] != "RUNNING":
                return found
            Event().wait(0.02)
        raise AssertionError(f"still running after {PATIENCE} s, calls: {self.functions.named}")

    def steps(self, execution: Any) -> int:
        """What AWS asks money for: states that were entered, and the start."""
        pages = self.client.get_paginator("get_execution_history")
        history = pages.paginate(executionArn=execution["executionArn"])
        kinds = [event["type"] for page in history for event in page["events"]]
        return 1 + sum(kind.endswith("StateEntered") for kind in kinds)


@pytest.fixture(scope="module")
def definition(plans) -> Any:
    return json.loads(plans["everything"].one(MACHINE)["definition"])


@pytest.fixture(scope="module")
def account(definition) -> Iterator[tuple[Functions, Any, str]]:
    """With the machine and its functions, whose package is never unpacked here."""
    functions = Functions()

    def invoke(function: Any, event: Any = None) -> tuple[str, bool, str]:
        return functions.invoked(function.function_name.removeprefix("crypto_bot-prod-"), event)

    with (
        pytest.MonkeyPatch.context() as patch,
        mock_aws(config={"stepfunctions": {"execute_state_machine": True}}),
    ):
        patch.setattr(LambdaFunction, "_invoke_lambda", invoke)
        # It sleeps before a retry: here that is written down.
        patch.setattr(retrier_decl, "time", SimpleNamespace(sleep=functions.waited))
        role = aws_client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")
        awslambda = aws_client("lambda", region="eu-west-1")
        for name in called(definition):
            awslambda.create_function(
                FunctionName=deployed_name(name, "prod"),
                Role=role["Role"]["Arn"],
                Handler="app.function",
                Runtime="python3.12",
                Code={"ZipFile": b"nothing"},
            )
        client = aws_client("stepfunctions", region="eu-west-1")
        made = client.create_state_machine(
            name="candles", definition=json.dumps(definition), roleArn=role["Role"]["Arn"]
        )
        yield functions, client, made["stateMachineArn"]


@pytest.fixture
def machine(account, caplog) -> Machine:
    """Where collect_candles has collected three instruments, and nothing was called yet."""
    caplog.set_level(logging.WARNING, logger="moto")  # it tells each step at great length
    functions, client, arn = account
    functions.answers = {"collect_candles": lambda _: {"instruments": INSTRUMENTS}}
    functions.calls, functions.waits = [], []
    return Machine(functions=functions, client=client, arn=arn)


def called(states: Any) -> set[str]:
    """Names of the functions that a definition calls, at any depth."""
    if isinstance(states, list):
        return set().union(*map(called, states))
    if not isinstance(states, dict):
        return set()
    named = states.get("FunctionName", "").rpartition("crypto_bot-prod-")[2]
    return ({named} if named else set()) | called(list(states.values()))


def test_an_hour_collects_loads_and_analyses_each_instrument_and_compares(machine: Machine):
    ended = machine.run(MINUTES)
    functions = machine.functions
    assert ended["status"] == "SUCCEEDED", ended
    assert functions.named[0] == "collect_candles"
    assert functions.named[-1] == "analyse_markets"
    for instrument in INSTRUMENTS:
        loaded, analysed = (
            functions.calls.index((name, event))
            for name in ("load_candles", "analyse_instruments")
            for called_name, event in functions.calls
            if called_name == name and event.detail == instrument
        )
        assert loaded < analysed
    assert functions.of("analyse_markets") == [{}]
    assert functions.waits == []


def test_every_function_is_told_the_time_as_by_its_own_schedule(machine: Machine):
    ended = machine.run(MIDNIGHT)
    for _, event in machine.functions.calls:
        assert event.source == "crypto-bot.pipeline"
        assert (event.region, event.account) == ("eu-west-1", "123456789012")
        assert event.detail_type == "Scheduled Event"
        assert event.time[:10] == f"{ended['startDate']:%Y-%m-%d}"
        assert event.event_id == ended["name"]


@pytest.mark.parametrize("given", [MIDNIGHT, {}], ids=["at midnight", "by hand"])
def test_a_run_at_midnight_or_by_hand_ranks_first(machine: Machine, given: Any):
    assert machine.run(given)["status"] == "SUCCEEDED"
    assert machine.functions.named[:2] == ["rank_markets", "collect_candles"]


def test_where_nothing_is_ranked_yet_it_ranks_and_collects_then(machine: Machine):
    def collect(_: Any) -> Any:
        if "rank_markets" not in machine.functions.named:
            raise Raised("SettingsError")
        return {"instruments": INSTRUMENTS[:1]}

    machine.functions.answers["collect_candles"] = collect
    assert machine.run(MINUTES)["status"] == "SUCCEEDED"
    begun = ["collect_candles", "rank_markets", "collect_candles", "load_candles"]
    assert machine.functions.named[:4] == begun
    assert machine.functions.waits == [], "to wait does not help the owner's settings"


def test_what_is_not_set_up_fails_with_a_word_and_not_for_ever(machine: Machine):
    def refuse(_: Any) -> Any:
        raise Raised("SettingsError")

    machine.functions.answers["collect_candles"] = refuse
    ended = machine.run(MINUTES)
    assert (ended["status"], ended["error"]) == ("FAILED", "NotSetUp")
    assert "its log says what is missing" in ended["cause"]
    assert machine.functions.named == ["collect_candles", "rank_markets", "collect_candles"]


def test_a_ranking_that_fails_leaves_the_last_one(machine: Machine):
    def crash(_: Any) -> Any:
        raise Raised("RuntimeError")

    machine.functions.answers["rank_markets"] = crash
    assert machine.run(MIDNIGHT)["status"] == "SUCCEEDED"
    assert machine.functions.named.count("rank_markets") == 4
    assert "analyse_markets" in machine.functions.named


def test_a_call_that_crashes_is_tried_again_ever_later(machine: Machine):
    def crash_twice(_: Any) -> Any:
        if machine.functions.named.count("collect_candles") < 3:
            raise Raised("RuntimeError")
        return {"instruments": []}

    machine.functions.answers["collect_candles"] = crash_twice
    assert machine.run(MINUTES)["status"] == "SUCCEEDED"
    assert machine.functions.named == ["collect_candles"] * 3 + ["analyse_markets"]
    first, second = machine.functions.waits
    assert 0 <= first <= 15
    assert 0 <= second <= 30


def test_one_instrument_that_fails_stops_no_other_and_is_told(machine: Machine):
    def load(event: Any) -> Any:
        if event["detail"] == INSTRUMENTS[1]:
            raise Raised("RuntimeError")
        return {}

    machine.functions.answers["load_candles"] = load
    ended = machine.run(MINUTES)
    assert (ended["status"], ended["error"]) == ("FAILED", "SomeFailed")
    analysed = [detail["symbol"] for detail in machine.functions.of("analyse_instruments")]
    assert sorted(analysed) == ["BTC/USDT", "SOL/USDT"]
    assert machine.functions.of("load_candles").count(INSTRUMENTS[1]) == 4
    assert "analyse_markets" in machine.functions.named


def test_the_price_is_that_of_the_steps(machine: Machine):
    ten = [{"venue": "binance", "symbol": f"C{number}/USDT"} for number in range(10)]
    machine.functions.answers["collect_candles"] = lambda _: {"instruments": ten}
    steps = machine.steps(machine.run(MINUTES))
    [price] = [price for price in PRICES if price.variable == "pipeline"]
    month = (steps * HOURS - FREE_STEPS) * A_STEP
    assert round(month, 2) == next(iter(price.made_of.values()))
    assert f"{steps * HOURS - FREE_STEPS:,} steps" in next(iter(price.made_of))


# --- what is around it ----------------------------------------------------------------------


def test_it_may_call_those_functions_and_nothing_else(plans, definition):
    plan = plans["everything"]
    [right] = json.loads(plan.one(f"{MODULE}.aws_iam_role_policy.machine")["policy"])["Statement"]
    assert right["Action"] == ["lambda:InvokeFunction"]
    here = "arn:aws:lambda:eu-west-1:123456789012:function"
    wanted = {f"{here}:{deployed_name(name, 'prod')}" for name in called(definition)}
    assert set(right["Resource"]) == wanted


def test_the_schedule_may_start_it_and_nothing_else(plans):
    plan = plans["everything"]
    [right] = json.loads(plan.one(f"{MODULE}.aws_iam_role_policy.starter")["policy"])["Statement"]
    name = plan.one(MACHINE)["name"]
    assert right["Action"] == ["states:StartExecution"]
    assert right["Resource"] == [f"arn:aws:states:eu-west-1:123456789012:stateMachine:{name}"]
    rule = plan.one(f"{MODULE}.aws_cloudwatch_event_rule.hourly")
    assert rule["schedule_expression"] == "cron(3 * * * ? *)"
    for role, service in (("machine", "states"), ("starter", "events")):
        trust = json.loads(plan.one(f"{MODULE}.aws_iam_role.{role}")["assume_role_policy"])
        [statement] = trust["Statement"]
        assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_a_run_ends_before_the_next_one_begins(definition):
    assert definition["TimeoutSeconds"] < 3600


def test_where_it_is_on_the_stages_are_told_so(plans):
    assert plans["everything"].outputs["candle_stages_on"] == "pipeline"
    assert plans["prod"].outputs["candle_stages_on"] == "schedule"
