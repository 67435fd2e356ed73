"""A stage whose API begins jobs: the real handlers over moto, and a Lambda on loopback.

The bots' code really runs there. What the functions ask of AWS is written down.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from itertools import count, pairwise
from pathlib import Path
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
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.operation.role import AccessToken, Role
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.drivers.dynamodb_table import create_table
from chalicelib.functions import working
from chalicelib.services.bots.save_bot import save_bot
from chalicelib.settings import Stage
from tests.bot_function import BotFunction
from tests.canaries import OWNER_TOKEN
from tests.functional.iam import Recorder
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


@contextmanager
def job_house(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[House]:
    """With candles, three bots, and the owner's token."""
    lambdas, recorder = Functions(), Recorder()
    recorder.listen(patch)
    with stage_on_aws(folder / "clone", patch) as on_aws, lambdas.serving(patch):
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
