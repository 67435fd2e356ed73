"""Backtests and checks that the API of a stage has begun: done by a function, kept, and shown.

The real handlers over moto, and a Lambda on loopback in which the bots' code really runs. What the
functions ask of AWS is written down and held against their policies, both ways.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from itertools import count, pairwise, takewhile
from typing import Any

import pytest
from typing_extensions import override

import app as application
from chalicelib import bootstrap
from chalicelib.adapters.bot_files import bot_of
from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.s3 import S3Lake
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.access import access_tokens
from chalicelib.bootstrap.bots import bot_ports
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.bootstrap.trials import backtested, setup_of
from chalicelib.domain.deployment.rights import BOT_RIGHTS, RIGHTS
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.operation.role import AccessToken, Role
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.dynamodb_table import create_table
from chalicelib.functions import working
from chalicelib.ports.jobs import AT_ONCE
from chalicelib.reports.backtest_chart import backtest_chart
from chalicelib.services.bots.save_bot import save_bot
from chalicelib.settings import Stage
from tests.bot_function import BotFunction
from tests.canaries import OWNER_TOKEN
from tests.functional.iam import Call, Recorder, covers
from tests.functional.stage_on_aws import OnAws, outputs_of, stage_on_aws, typed
from tests.functional.test_tick_events import Context
from tests.trading_floor import MORNING, HandClock
from tests.venues.loopback import Answer, Request, json_answer

BUCKET, MARKET_TABLE = "crypto-bot-prod-lake-123456789012", "crypto-bot-prod-market"
WORKER = "crypto_bot-prod-work_on_job"
HOUR = timedelta(hours=1)
COUNT = 300
BOT = """
from chalicelib.domain.bots import Bot, Param

class Mine(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"
    warmup = 10
    fast = Param(3, 2, 9)

    def start(self, ctx):
        self.f, self.s = ctx.sma(self.fast), ctx.sma(9)

    def on_candle(self, ctx):
        ctx.state["seen"] = ctx.state.get("seen", 0) + 1
        ctx.plot("distance", self.f.value - self.s.value, panel="own")
        if self.f.crossed_above(self.s):
            ctx.log(f"in at {ctx.close:g}, {ctx.random.random():.3f}, {ctx.ranking}")
            ctx.buy(fraction=0.9, stop_loss=ctx.close * 0.97)
        elif self.f.crossed_below(self.s):
            ctx.target(0)
"""
STOPS = BOT.replace("ctx.plot(", 'if ctx.state["seen"] == 50: 1 / 0\n        ctx.plot(')
ODD = (
    BOT.replace("class Mine", "KEPT = []\n\nclass Mine")
    .replace("ctx.plot(", "KEPT.append(1)\n        ctx.plot(")
    .replace("=0.9", "=1 / len(KEPT)")
)
ASKED: dict[str, Any] = {
    **dict.fromkeys(("since", "until", "venue", "step", "minimum", "interval")),
    "cash": "2000",
    "fee": "0.0005",
    "slippage": "2",
    "tick": "0.1",
    "ask_venue": False,
    "instruments": (),
}


@dataclass(kw_only=True)
class Functions(BotFunction):
    """Those of the stage. What is woken waits in `woken` until the test lets it run."""

    deployed: bool = True
    woken: list[Any] = field(default_factory=list)
    meanwhile: Callable[[], object] | None = None
    answered: Callable[[Any], Any] | None = None

    @override
    def _serve(self, request: Request) -> Answer | None:
        if request.path.split("/")[3] != WORKER or not self.deployed:
            if self.meanwhile is not None and self.calls % 2:
                self.meanwhile()
            return super()._serve(request)
        event = json.loads(request.body)
        if request.headers["x-amz-invocation-type"] == "Event":
            self.woken.append(event)
            return json_answer({}, status=202)
        assert self.answered is not None
        return json_answer(self.answered(event))


@dataclass(kw_only=True)
class House:
    """The stage, its clock, and Lambda."""

    on_aws: OnAws
    lambdas: Functions
    recorder: Recorder
    clock: HandClock = field(default_factory=HandClock)
    choices: Choices = field(init=False)
    acts: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.choices = Choices(settings=stage_settings(Stage.PROD), clock=self.clock)
        self.lambdas.answered = self.work

    @contextmanager
    def there(self, function: str = "") -> Iterator[None]:
        if bootstrap.choices() is not self.choices:
            bootstrap.use(self.choices)
        before, self.recorder.caller = self.recorder.caller, function
        try:
            yield
        finally:
            self.recorder.caller = before

    def ask(self, route: str, status: int = 200, **body: Any) -> Any:
        """As API Gateway calls the API; values in braces of the route are those of the path."""
        method, _, path = route.partition(" ")
        values = re.findall(r"\{(\w+)=([^}]+)\}", path)
        event = {
            "requestContext": {
                "httpMethod": method,
                "resourcePath": re.sub(r"=[^}]+", "", path),
                "identity": {"sourceIp": "203.0.113.7"},
            },
            "headers": {
                "content-type": "application/json",
                "authorization": f"Bearer {OWNER_TOKEN}",
                "idempotency-key": f"act {next(self.acts)}",
            },
            "pathParameters": dict(values),
            "multiValueQueryStringParameters": None,
            "stageVariables": None,
            "body": json.dumps(body) if method == "POST" else None,
        }
        with self.there("api_handler"):
            answer = application.app(event, Context())
        assert answer["statusCode"] == status, answer
        return json.loads(answer["body"]) if answer["body"].startswith("{") else answer["body"]

    def begin(self, what: str, bot: str, **body: Any) -> str:
        job = self.ask(f"POST /bots/{{name={bot}}}/{what}", 202, **body)
        assert job["state"] == "running"
        return str(job["id"])

    def work(self, event: Any = None, seconds: float = 900) -> Any:
        """The function that was woken, or is asked."""
        with self.there("work_on_job"):
            return working.work_on_job(event or self.lambdas.woken.pop(0), Context(seconds=seconds))

    def job(self, job_id: str) -> Any:
        return self.ask(f"GET /jobs/{{job_id={job_id}}}")

    def tests(self, bot: str) -> list[Any]:
        found: list[Any] = self.ask(f"GET /bots/{{name={bot}}}")["tests"]
        return found

    def lake(self) -> S3Lake:
        return S3Lake(self.on_aws.client("s3"), BUCKET)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder, lambdas, recorder = tmp_path_factory.mktemp("jobs"), Functions(), Recorder()
    with ExitStack() as opened:
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        recorder.listen(patch)
        on_aws = opened.enter_context(stage_on_aws(folder / "clone", patch))
        opened.enter_context(lambdas.serving(patch))
        where = {"LocationConstraint": "eu-west-1"}
        on_aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        create_table(on_aws.client("dynamodb"), MARKET_TABLE)
        on_aws.edit_config(BOT_FUNCTIONS="work_on_job")
        again = typed("configure", "prod", "--outputs", "-", given=json.dumps(outputs_of("prod")))
        assert again.exit_code == 0, again.output
        for name, value in {"LAKE_BUCKET": BUCKET, "SERIES_TABLE": MARKET_TABLE}.items():
            patch.setenv(name, value)
        house = House(on_aws=on_aws, lambdas=lambdas, recorder=recorder)
        _furnish(house)
        yield house


def _furnish(house: House) -> None:
    """Candles, bots, and the owner's token."""
    swings = [0, 3, 5, 4, -1, -6, -8, -5, 1, 4, 2, -3]
    prices = [Decimal(1000 + 10 * swings[n % 12] + n % 7 + n // 3) / 10 for n in range(COUNT)]
    rows = [
        Candle(MORNING + (n - COUNT) * HOUR, last, max(last, price), min(last, price), price, price)
        for n, (last, price) in enumerate(pairwise(prices))
    ]
    ParquetCandles(house.lake()).write(candle_series("binance", "BTC/USDT", "1h"), rows)
    with house.there():
        trusting = replace(bot_ports(), load=bot_of)
        for name, source in {"mine": BOT, "stops": STOPS, "odd": ODD}.items():
            save_bot(trusting, name, source)
        token = AccessToken(name="owner", role=Role.OWNER, hash=hash_token(OWNER_TOKEN))
        access_tokens().change(lambda _: (token,))


def test_what_there_is_to_try_bots_on_is_asked_of_the_function(house: House) -> None:
    found = house.ask("GET /candle_series")
    [series] = found["series"]
    assert (series["venue"], series["symbol"], series["interval"]) == ("binance", "BTC/USDT", "1h")
    last = MORNING - 2 * HOUR
    assert series["last"] == f"{last:%Y-%m-%dT%H:%M:%SZ}"


def test_a_backtest_is_the_one_that_the_bot_has_here_and_is_kept_and_drawn(house: House) -> None:
    calls = house.lambdas.calls
    asked = {name: text for name, text in ASKED.items() if isinstance(text, str)}
    job = house.begin("backtests", "mine", parameters={"fast": 4}, **asked)
    assert house.job(job)["steps"] == 0
    assert house.tests("mine") == []
    event = house.lambdas.woken[0]
    assert house.work() == {"state": "done"}
    assert house.lambdas.calls - calls == 2, "what the bot is, and all of its run"
    done = house.job(job)
    assert (done["state"], done["error"]) == ("done", "")
    assert house.work(event) == {"state": ""}, "Lambda may deliver it twice"
    [test] = house.tests("mine")
    assert (test["parameters"], test["terms"]["cash"]) == ({"fast": 4}, "2000")
    path = f"GET /bots/{{name=mine}}/backtests/{{version=1.0}}/{{test_id={test['id']}}}"
    chart = house.ask(path)
    assert chart["fills_in_all"] > 10
    assert chart["logs"]
    with house.there():
        setup = setup_of(bot_of(BOT, "mine 1.0"), ASKED, {"fast": 4})
        here = backtest_chart(backtested(setup, ASKED))
    assert chart == json.loads(json.dumps(here))
    assert house.ask(f"{path}/report").startswith("<!DOCTYPE html>")
    listed = house.ask("GET /jobs")["jobs"]
    assert [each["id"] for each in listed] == [job]


def test_a_check_finds_what_it_finds_here(house: House) -> None:
    good, odd = house.begin("check", "mine"), house.begin("check", "odd")
    assert [house.work(), house.work()] == [{"state": "done"}] * 2
    assert house.job(good)["lines"][-1].startswith(
        "mine 1.0 does the same however it is run, on 299 candles of binance, with "
    )
    told = house.job(odd)["lines"]
    assert [line for line in told if line.startswith("Wrong: ")], told
    with house.there():
        said = typed("bots", "check", "odd", "--stage", "prod")
    assert said.exit_code == 1
    assert said.output.splitlines() == told


def test_a_bot_is_deployed_with_the_check_of_the_function(house: House) -> None:
    """It comes with the program, or is the owner's; what it is refused for is said."""
    with house.there():
        known = bootstrap.strategies().configuration().version
        trend = Strategy(name="trend", instruments={"BTCUSDT": "BTC/USDT"})
        bootstrap.strategies().apply(expected_version=known, strategies=[trend])
    wanted: dict[str, Any] = {"strategy": "trend", "instruments": ["BTC/USDT"], "interval": "1h"}
    for bot in ("mine", "sma-cross"):
        shown = house.ask("POST /deployments", name=f"of-{bot}", bot=bot, **wanted)
        [check] = shown["checks"]
        assert (check["venue"], check["candles"]) == ("binance", 299)
        given = wanted | {"digest": shown["digest"], "confirm": True}
        done = house.ask("POST /deployments", name=f"of-{bot}", bot=bot, **given)
        assert done["state"] == "running"
    odd = house.ask("POST /deployments", 409, name="of-odd", bot="odd", **wanted)
    assert "live, the bot is made anew and has forgotten it" in odd["error"]
    assert {one["bot"] for one in house.ask("GET /deployments")["deployments"]} == {
        "mine",
        "sma-cross",
    }


def test_why_one_failed_is_said_of_the_candle_and_the_field(house: House) -> None:
    stopped = house.begin("backtests", "stops")
    assert house.work() == {"state": "failed"}
    assert house.job(stopped)["error"].startswith(
        "line 15, Mine.on_candle at the candle of 2026-02-2"
    )
    assert "ZeroDivisionError" in house.job(stopped)["error"]
    wrong = house.begin("backtests", "mine", fee="2")
    house.work()
    assert house.job(wrong)["error"].startswith("fee is 2; it must be a fraction such as 0.001")
    away = house.begin("backtests", "mine")
    house.lambdas.answers = [None]
    house.work()
    assert "crypto_bot-prod-bot_sandbox did not answer" in house.job(away)["error"]
    assert house.tests("stops") == []


def test_no_more_than_two_are_under_way(house: House) -> None:
    jobs = [house.begin("backtests", "mine") for _ in range(AT_ONCE)]
    refused = house.ask("POST /bots/{name=mine}/check", 409)
    assert refused["error"].startswith("a backtest and a backtest are under way")
    for job in jobs:
        ended = house.ask(f"POST /jobs/{{job_id={job}}}/abort")
        assert ended["state"] == "aborted"
        assert house.work() == {"state": ""}, "it was aborted before it began"


def test_one_that_is_aborted_under_way_keeps_nothing(house: House) -> None:
    before = house.tests("mine")
    job = house.begin("backtests", "mine")

    def abort() -> None:
        house.lambdas.meanwhile = None
        house.ask(f"POST /jobs/{{job_id={job}}}/abort")

    house.lambdas.meanwhile = abort
    house.lambdas.calls = 1
    assert house.work() == {"state": "ended early"}
    assert house.job(job)["state"] == "aborted"
    assert house.tests("mine") == before


def test_one_whose_function_has_no_time_left_ends_and_says_so(house: House) -> None:
    job = house.begin("backtests", "mine")
    assert house.work(seconds=5) == {"state": "ended early"}
    assert house.job(job)["error"].startswith("it took longer than it may")


def test_a_function_that_is_not_deployed_is_told_and_nothing_is_under_way(house: House) -> None:
    house.lambdas.deployed = False
    refused = house.ask("POST /bots/{name=mine}/backtests", 409)
    assert refused["error"] == (
        "the function crypto_bot-prod-work_on_job is not deployed yet: make deploy STAGE=prod"
    )
    house.ask("GET /candle_series", 409)
    house.lambdas.deployed = True
    house.ask(f"POST /jobs/{{job_id={house.begin('check', 'mine')}}}/abort")
    house.lambdas.woken.clear()


def test_a_replay_is_not_done_there_and_says_where(house: House) -> None:
    one = {"name": "a", "symbol": "BTC/USDT", "text": "x"}
    refused = house.ask("POST /replays", 409, lists=[one])
    assert refused["error"] == (
        "the API on AWS does no replays: run it on a machine of yours, with crypto-bot replay"
        " --stage prod, or on the page that crypto-bot run --stage prod serves there"
    )


def test_a_stage_without_the_function_says_what_to_set(house: House) -> None:
    settings = replace(stage_settings(Stage.PROD), bot_functions=())
    whole, house.choices = house.choices, Choices(settings=settings, clock=house.clock)
    try:
        for route in ("POST /bots/{name=mine}/backtests", "GET /candle_series", "GET /jobs"):
            refused = house.ask(route, 409)
            assert refused["error"].startswith(
                "stage prod has no function for this: name work_on_job in BOT_FUNCTIONS of its"
                " environment_variables in .chalice/config.json, then make infra, make configure"
            )
    finally:
        house.choices = whole


def granted(house: House, function: str) -> list[Call]:
    return [
        (action, resource)
        for statement in house.on_aws.document(f"policy-prod-{function}.json")["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]


RAN: set[str] = set()


@pytest.fixture(autouse=True)
def noted(request: pytest.FixtureRequest) -> None:
    RAN.add(request.node.originalname)


def is_all_asked_for() -> bool:
    """Whether all tests above ran in this process: several may share them, in any way."""
    names = [name for name in globals() if name.startswith("test_")]
    above = takewhile(lambda name: not name.startswith("test_the_policies"), names)
    return {*above} <= RAN


def test_the_policies_grant_all_that_is_asked_for_and_nothing_else(house: House) -> None:
    for function, usual in (("work_on_job", ()), ("api_handler", RIGHTS["api_handler"])):
        rights, calls = granted(house, function), house.recorder.calls.get(function, set())
        assert sorted(c for c in calls if not any(covers(r, c) for r in rights)) == []
        if not is_all_asked_for():
            continue
        own = BOT_RIGHTS.get(function, ())
        excused = {a for right in (*own, *usual) if right.because for a in right.actions}
        asked_elsewhere = {a for right in usual for a in right.actions}
        assert [
            right
            for right in rights
            if right[0] not in excused | asked_elsewhere
            and not right[1].endswith("/top_marketcap/*")  # there were none
            and not any(covers(right, call) for call in calls)
        ] == []
    invoked = {
        function: {
            resource.rpartition(":")[2]
            for action, resource in house.recorder.calls.get(function, set())
            if action == "lambda:InvokeFunction"
        }
        for function in ("work_on_job", "api_handler")
    }
    known = {"work_on_job": {"crypto_bot-prod-bot_sandbox"}, "api_handler": {WORKER}}
    assert invoked == known or not is_all_asked_for()
    assert "bot_sandbox" not in house.recorder.calls


def test_the_application_has_the_function_where_it_is_asked_for_and_loads_nothing_for_it() -> None:
    program = (
        "import app, json, sys; print(json.dumps(["
        "sorted(app.app.handler_map), sorted({'duckdb', 'ccxt', 'chalicelib.functions.working'}"
        " & set(sys.modules))]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PATH": "", "PYTHONPATH": "crypto_bot", "BOT_FUNCTIONS": "work_on_job"},
    )
    handlers, loaded = json.loads(ended.stdout)
    assert {"work_on_job", "bot_sandbox"} <= set(handlers)
    assert loaded == []
