"""Deployed bots on AWS: run by a schedule, their code in a function that may do nothing.

The real handlers over moto, and a Lambda on loopback in which the second of them really runs. What
they ask of AWS is written down and held against their policies, both ways.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.bot_files import bot_of
from chalicelib.adapters.lakes.s3 import S3Lake
from chalicelib.adapters.sandboxes import function_sandbox
from chalicelib.adapters.series.dynamodb import DynamoDbTimeSeries
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.bots import bot_ports, check_bot
from chalicelib.bootstrap.operation import notices
from chalicelib.bootstrap.series import stage_runs
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.cli.stage_checks import check_bot_sandbox
from chalicelib.domain.deployment.bot_functions import asked_bot_functions
from chalicelib.domain.deployment.rights import BOT_RIGHTS, functions_of
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.ranking import RankedMarket, Ranking, dated_key, ranking_document
from chalicelib.domain.market.series_day import KeptDay, SeriesDay, SeriesRow
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from chalicelib.functions import bots_run
from chalicelib.services.bots.deploy_bot import Wanted, deploy_bot, prepare_deployment
from chalicelib.services.bots.save_bot import save_bot
from chalicelib.services.bots.stop_deployment import stop_deployment
from chalicelib.settings import Stage
from tests.bot_function import BotFunction
from tests.functional.application import application_with
from tests.functional.iam import Recorder, covers
from tests.functional.stage_on_aws import OnAws, outputs_of, stage_on_aws, typed
from tests.functional.test_tick_events import Context
from tests.trading_floor import HandClock

BUCKET, MARKET_TABLE = "crypto-bot-prod-lake-123456789012", "crypto-bot-prod-market"
SINCE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOT = """
from chalicelib.domain.bots import Bot

class Turn(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"
    warmup = 2

    def start(self, ctx):
        self.slow = ctx.sma(3)

    def on_candle(self, ctx):
        ctx.log(f"{ctx.close:g} {self.slow.value:g} {ctx.ranking and ctx.ranking[0]['symbol']}")
        ctx.target(0.5 if ctx.close > self.slow.value else 0, band=0.2)
"""
BROKEN = BOT.replace("0.5 if ctx.close >", "0.5 / (ctx.close - 104) if ctx.close >")
PAIR = """
from chalicelib.domain.bots import Bot

class Pair(Bot):
    instruments = ("BTC/USDT", "ETH/USDT")
    interval = "1h"
    together = True
    warmup = 2

    def on_candle(self, ctx):
        fresh = [symbol for symbol in self.instruments if ctx[symbol].is_fresh]
        ctx.log(f"{fresh} {[len(ctx[symbol].history(2)) for symbol in fresh]}")
        for symbol in fresh:
            ctx.target(0 if ctx[symbol].position else 0.25, symbol=symbol)
"""
CLOSES = [100, 100, 100, 100, 104, 108, 90, 91, 110]  # the first four have closed by SINCE


@dataclass(kw_only=True)
class House:
    """The stage, its clock, and Lambda."""

    on_aws: OnAws
    function: BotFunction
    recorder: Recorder
    clock: HandClock = field(default_factory=lambda: HandClock(SINCE + timedelta(minutes=5)))
    choices: Choices = field(init=False)

    def __post_init__(self) -> None:
        self.choices = Choices(settings=stage_settings(Stage.PROD), clock=self.clock)

    @cached_property
    def store(self) -> DynamoDbTimeSeries:
        return DynamoDbTimeSeries(DynamoDbTable(self.on_aws.client("dynamodb"), MARKET_TABLE))

    def candles(self, count: int, symbol: str = "BTC/USDT") -> None:
        """The series has so many of CLOSES, and the last of them has closed five minutes ago."""
        rows = []
        for number, close in enumerate(CLOSES[:count]):
            price = Decimal(close)
            start = SINCE + (number - 4) * HOUR
            rows.append(SeriesRow(Candle(start, price, price, price, price, Decimal(1)), {}))
        series = CandleSeries("binance", symbol, Interval.H1)
        self.store.replace(series, SeriesDay(KeptDay(SINCE.date(), {}), tuple(rows)))
        now = SINCE + (count - 4) * HOUR + timedelta(minutes=5)
        self.clock.pass_time(seconds=(now - self.clock.now()).total_seconds())

    @contextmanager
    def there(self, function: str = "") -> Iterator[None]:
        """As that function, which is cold where the owner has typed something before."""
        if bootstrap.choices() is not self.choices:
            bootstrap.use(self.choices)
        self.recorder.caller = function
        try:
            yield
        finally:
            self.recorder.caller = ""

    def run(self, seconds: float = 300) -> dict[str, Any]:
        event: Any = SimpleNamespace(context=Context(seconds=seconds))
        with self.there("run_bots"):
            return bots_run.run_bots(event)

    def sent(self) -> list[tuple[str, str, int]]:
        """Whose, which way, and of which candle."""
        with self.there():
            found = bootstrap.signals().recent(50)
        return sorted((s.strategy, s.state.value, (s.fired_at - SINCE) // HOUR) for s in found)

    def shown(self, name: str) -> Any:
        return json.loads(self.on_aws.run("bots", "show", name, "--json").stdout)

    def told(self) -> list[str]:
        with self.there():
            return [notice.sentence for notice in notices().recent(20)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder, function, recorder = tmp_path_factory.mktemp("bots"), BotFunction(), Recorder()
    with ExitStack() as opened:
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(function_sandbox, "_SECONDS", 25.0)  # this machine may be busy
        recorder.listen(patch)
        on_aws = opened.enter_context(stage_on_aws(folder / "clone", patch))
        opened.enter_context(function.serving(patch))
        where = {"LocationConstraint": "eu-west-1"}
        on_aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        create_table(on_aws.client("dynamodb"), MARKET_TABLE)
        variables = {"BOT_FUNCTIONS": "run_bots", "CANDLE_VENUE": "binance"}
        on_aws.edit_config(**variables)
        again = typed("configure", "prod", "--outputs", "-", given=json.dumps(outputs_of("prod")))
        assert again.exit_code == 0, again.output
        of_terraform = {"LAKE_BUCKET": BUCKET, "SERIES_TABLE": MARKET_TABLE}
        for name, value in {**variables, **of_terraform}.items():
            patch.setenv(name, value)
        house = House(on_aws=on_aws, function=function, recorder=recorder)
        _ranked(house)
        _deploy(house, folder)
        _live(house)
        yield house


def _ranked(house: House) -> None:
    coin = RankedMarket(
        rank=1,
        symbol="BTC",
        id="bitcoin",
        market="BTC/USDT",
        market_cap=Decimal(1),
        price=Decimal(1),
        volume_24h=Decimal(1),
    )
    ranking = Ranking(
        as_of=SINCE - timedelta(days=1), source="coingecko", quote="USDT", items=(coin,)
    )
    lake = S3Lake(house.on_aws.client("s3"), BUCKET)
    lake.put(dated_key(ranking.as_of), ranking_document(ranking))


def _deploy(house: House, folder: Path) -> None:
    """Two bots, one of which will stop, each for a strategy of its own."""
    symbols = {"BTCUSDT": "BTC/USDT", "ETHUSDT": "ETH/USDT"}
    strategies = [
        Strategy(name=name, instruments=symbols, sibling_wait=0)
        for name in ("trend", "odd", "pair")
    ]
    with house.there():
        bootstrap.strategies().apply(
            expected_version=0, accounts=[], strategies=strategies, subscriptions=[]
        )
        trusting = replace(bot_ports(), load=bot_of)
        save_bot(trusting, "broken", BROKEN)
        wanted = Wanted("broken", "broken", "odd", SINCE, cash=Decimal(1000))
        found = prepare_deployment(trusting, bootstrap.webhook(), wanted, check_bot)
        deploy_bot(trusting, found)
    path = folder / "turn.py"
    path.write_text(BOT, encoding="utf-8")
    house.on_aws.run("bots", "save", str(path))
    since = ("--since", SINCE.isoformat(), "--strategy", "trend")
    said = house.on_aws.run("bots", "deploy", "turn", *since).stdout
    assert said.endswith("The stage's function run_bots runs it, rate(5 minutes).\n"), said


def _live(house: House) -> None:
    """Hours in which this or that is away, and candles come."""
    nothing = house.run()
    assert (nothing["candles"], nothing["trouble"], nothing["behind"]) == (0, 2, [])
    house.candles(4)
    assert house.run()["signals"] == 0
    house.candles(5)
    house.function.answers = [None, None]  # where the code of each is asked what it is
    away = house.run()
    assert (away["signals"], away["trouble"], away["stopped"]) == (0, 2, [])
    late = house.run(seconds=45)
    assert (late["signals"], sorted(late["behind"])) == (0, ["broken", "turn"])
    first = house.run()
    assert (first["signals"], first["candles"], first["stopped"]) == (1, 2, ["broken"])
    house.candles(7)
    calls = house.function.calls
    both = house.run()
    assert (both["signals"], both["candles"], both["behind"]) == (1, 2, [])
    assert house.function.calls - calls == 4, "what it is, how it starts, and two candles"


def test_each_closed_candle_is_seen_once_and_its_wish_is_a_signal(house: House) -> None:
    assert house.sent() == [("trend", "flat", 3), ("trend", "long", 1)]
    again = house.run()
    assert (again["signals"], again["candles"], again["trouble"]) == (0, 0, 0)
    assert len(house.sent()) == 2
    logs = json.loads(house.on_aws.run("bots", "logs", "turn", "--json").stdout)
    assert [row["log"] for row in reversed(logs)] == [
        "104 101.333 BTC",
        "108 104 BTC",
        "90 100.667 BTC",
    ]


def test_how_far_it_is_stands_with_the_other_stages(house: House) -> None:
    with house.there():
        runs = stage_runs()
        assert runs is not None
        last = runs.last("run_bots")
    assert last is not None
    assert last.as_of == SINCE + 3 * HOUR
    listed = json.loads(house.on_aws.run("pipeline", "status", "--json").stdout)
    [row] = [each for each in listed if each["stage"] == "run_bots"]
    assert (row["outcome"], row["schedule"]) == ("done", "rate(5 minutes)")
    assert last.lag(house.clock.now()) == timedelta(minutes=5)


def test_one_whose_code_stops_stops_alone_and_the_owner_is_told(house: House) -> None:
    shown = house.shown("broken")
    assert "ZeroDivisionError" in json.dumps(shown)
    [told] = [sentence for sentence in house.told() if "broken" in sentence]
    assert told.startswith(
        "broken on BTC/USDT: line 14, Turn.on_candle at the candle of 2026-03-02"
    )
    assert "crypto-bot bots show broken" in told


def test_one_that_has_nobody_to_speak_for_is_stopped_and_not_for_a_function_that_is_away(
    house: House,
) -> None:
    house.candles(8)
    house.function.answers = [None]
    away = house.run()
    assert (away["trouble"], away["stopped"], away["signals"]) == (1, [], 0)
    assert house.run()["candles"] == 1
    with house.there():
        deployments = bot_ports().deployments
        turn = deployments.get("turn")
        assert turn is not None
        deployments.put(replace(turn, strategy="nobody"))
    gone = house.run()
    assert gone["stopped"] == ["turn"]
    assert any("there is no strategy nobody" in sentence for sentence in house.told())
    assert house.run() == {"signals": 0, "candles": 0, "behind": [], "stopped": [], "trouble": 0}


def test_one_that_trades_its_instruments_together_waits_for_all_of_them(house: House) -> None:
    house.candles(8)
    with house.there():
        for other in bot_ports().deployments.all():
            if other.is_running:
                stop_deployment(bot_ports(), bootstrap.webhook(), other.name, "enough")
        trusting = replace(bot_ports(), load=bot_of)
        save_bot(trusting, "pair", PAIR)
        wanted = Wanted("pair", "pair", "pair", SINCE + 2 * HOUR, cash=Decimal(1000))
        deploy_bot(trusting, prepare_deployment(trusting, bootstrap.webhook(), wanted, check_bot))
    waiting = house.run()  # at +4:05, and of ETH/USDT there is nothing yet
    assert (waiting["signals"], waiting["trouble"], waiting["behind"]) == (0, 1, [])
    house.candles(8, "ETH/USDT")
    both = house.run()
    assert (both["signals"], both["candles"], both["trouble"]) == (4, 4, 0)
    house.candles(9)
    alone = house.run()
    assert (alone["signals"], alone["candles"]) == (0, 1)
    house.clock.pass_time(hours=2, minutes=54)
    assert house.run()["signals"] == 0
    house.clock.pass_time(minutes=1)  # three hours after the close
    without = house.run()
    assert (without["signals"], without["behind"], without["stopped"]) == (1, [], [])
    sent = [(way, hour) for name, way, hour in house.sent() if name == "pair"]
    assert sent == [("flat", 4), ("flat", 4), ("long", 3), ("long", 3), ("long", 5)]
    rows = json.loads(house.on_aws.run("bots", "logs", "pair", "--json").stdout)
    assert [row["log"] for row in reversed(rows) if row["log"]] == [
        "['BTC/USDT', 'ETH/USDT'] [2, 2]",
        "['BTC/USDT', 'ETH/USDT'] [2, 2]",
        "without a candle of ETH/USDT | ['BTC/USDT'] [2]",
    ]
    assert house.run()["candles"] == 0


def test_the_policy_grants_all_that_is_asked_for_and_nothing_else(
    house: House, not_run_here: frozenset[str]
) -> None:
    rights = house.on_aws.granted("run_bots")
    calls = house.recorder.calls.get("run_bots", set())
    assert sorted(c for c in calls if not any(covers(r, c) for r in rights)) == []
    excused = {a for right in BOT_RIGHTS["run_bots"] if right.because for a in right.actions}
    idle = [r for r in rights if r[0] not in excused and not any(covers(r, c) for c in calls)]
    assert not idle or not_run_here
    invoked = [resource for action, resource in calls if action == "lambda:InvokeFunction"]
    assert {name.rpartition(":")[2] for name in invoked} <= {"crypto_bot-prod-bot_sandbox"}


def test_where_the_code_runs_everything_is_denied_and_nothing_is_asked(house: House) -> None:
    policy = house.on_aws.document("policy-prod-bot_sandbox.json")
    assert policy["Statement"] == [{"Effect": "Deny", "Action": ["*"], "Resource": ["*"]}]
    assert "bot_sandbox" not in house.recorder.calls


def test_the_doctor_says_what_the_code_of_bots_could_do_there(house: House) -> None:
    with house.there():
        check = check_bot_sandbox()
        house.function.answers = [None]
        away = check_bot_sandbox()
    assert check.ok is True
    assert check.detail.startswith("no files, no network, no other process")
    assert away.ok is None
    assert away.detail.startswith(
        "it cannot be told how it would run: the function crypto_bot-prod"
    )


@pytest.mark.parametrize("asked", ["", "run_bots", "bot_sandbox"])
def test_the_application_has_the_functions_that_its_stage_asks_for(asked: str) -> None:
    wanted = functions_of(asked_bot_functions({"BOT_FUNCTIONS": asked}))
    assert application_with(BOT_FUNCTIONS=asked).functions == {*wanted}
