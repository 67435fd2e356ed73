"""The policies of market data's functions against what these really ask of AWS, both ways.

As test_policies.py has it for the trading: the handlers run on moto, over a real database and a
venue of trades on the loopback, and every call that leaves for AWS is written down.
"""

import gzip
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import handlers
from botocore.exceptions import ConnectionError  # noqa: A004 - botocore's own

from chalicelib import bootstrap
from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.s3 import S3Lake
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.operation import notices
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.domain.deployment.policies import NOTICE_KEYS
from chalicelib.domain.deployment.rights import MARKET_RIGHTS, functions_of
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import Minute
from chalicelib.drivers.dynamodb_table import create_table
from chalicelib.functions import candles, market, series
from chalicelib.settings import Stage
from tests.functional.application import application_with
from tests.functional.iam import Recorder, covers
from tests.functional.stage_on_aws import OnAws, outputs_of, stage_on_aws, typed
from tests.functional.test_tick_events import Context
from tests.market.mariadb import PASSWORD, Server, mariadb
from tests.market.public_binance import PublicBinance, Publisher, candles_from, published, publisher
from tests.market.trades_venue import TradesVenue
from tests.trading_floor import HandClock

BTC = "BTCUSDT"
BUCKET = "crypto-bot-prod-lake-123456789012"
MARKET_TABLE = "crypto-bot-prod-market"
SECRET, GECKO_SECRET = "crypto-bot-prod/flow", "crypto-bot-prod/gecko"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(kw_only=True)
class MarketStage:
    """A stage with every function of market data, each called as a cold one."""

    on_aws: OnAws
    venue: TradesVenue
    exchange: PublicBinance
    lists: Publisher
    server: Server
    clock: HandClock
    recorder: Recorder
    outage: bool = False  # of the table of the time series
    rows: dict[str, set[str]] = field(default_factory=dict)

    @contextmanager
    def cold(self, function: str) -> Iterator[None]:
        settings = stage_settings(Stage.PROD)
        bootstrap.use(Choices(settings=settings, clock=self.clock))
        before = self.recorder.partitions.copy()
        self.recorder.caller = function
        try:
            yield
        finally:
            self.recorder.caller = ""
            new = {key for _, key in self.recorder.partitions - before}
            self.rows.setdefault(function, set()).update(new)
            bootstrap.reset()

    def collect(self) -> Any:
        with self.cold("collect_trades"):
            return market.collect_trades(Context())

    def summarize(self, key: str) -> Any:
        with self.cold("summarize_trades"):
            return market.summarize_trades(SimpleNamespace(key=key))  # type: ignore[arg-type]

    def sweep(self, age: timedelta = timedelta(0)) -> Any:
        event: Any = SimpleNamespace(time=f"{self.clock.now() - age:%Y-%m-%dT%H:%M:%SZ}")
        with self.cold("sweep_summaries"):
            return market.sweep_summaries(event)

    def put(self, start: datetime, content: bytes) -> str:
        key = f"{Minute(BTC, start).prefix}p0-0.jsonl.gz"
        self.on_aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)
        return key

    def rank(self) -> Any:
        with self.cold("rank_markets"):
            return candles.rank_markets(self.event())

    def collect_candles(self) -> Any:
        with self.cold("collect_candles"):
            return candles.collect_candles(self.event())

    def compact(self) -> Any:
        with self.cold("compact_candles"):
            return candles.compact_candles(self.event())

    def runs(self, function: str, *details: dict[str, str]) -> list[Any]:
        """One of those that load and analyse, one event after the other; the last in an outage."""
        with self.cold(function):
            found = [getattr(series, function)(self.event(**detail)) for detail in details]
            self.outage = True
            found.append(getattr(series, function)(self.event()))
            self.outage = False
        return found

    def event(self, **detail: str) -> Any:
        """Of its schedule."""
        return SimpleNamespace(source="aws.events", detail=detail, context=Context(seconds=300))

    @cached_property
    def lake(self) -> S3Lake:
        """As the owner looks into it."""
        return S3Lake(self.on_aws.client("s3"), BUCKET)

    def fail(self, params: dict[str, Any], **_: Any) -> None:
        """As when nothing answers."""
        if self.outage and params["TableName"] == MARKET_TABLE:
            raise ConnectionError(error="made up")

    def told(self) -> list[str]:
        with self.cold("nobody"):
            found = notices().recent(100)
        return sorted(notice.sentence for notice in found)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarketStage]:
    folder, recorder, clock = tmp_path_factory.mktemp("market"), Recorder(), HandClock()
    with ExitStack() as opened:
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        recorder.listen(patch)
        on_aws = opened.enter_context(stage_on_aws(folder / "clone", patch))
        venue = opened.enter_context(TradesVenue(now=clock.now, trades={BTC: []}))
        server = opened.enter_context(mariadb(folder))
        exchange = opened.enter_context(PublicBinance("BTC/USDT"))
        lists = opened.enter_context(publisher())
        _configure(on_aws, venue, server, patch)
        patch.setenv("CANDLE_VENUE_OPTIONS", json.dumps(exchange.options))
        for name in ("COINGECKO_URL", "BINANCE_LISTS_URL"):
            patch.setenv(name, lists.url)
        stage = MarketStage(
            on_aws=on_aws,
            venue=venue,
            exchange=exchange,
            lists=lists,
            server=server,
            clock=clock,
            recorder=recorder,
        )
        hook = ("provide-client-params.dynamodb.Query", stage.fail)
        patch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, hook])
        _live(stage)
        yield stage


def _configure(
    on_aws: OnAws, venue: TradesVenue, server: Server, patch: pytest.MonkeyPatch
) -> None:
    where = {"LocationConstraint": "eu-west-1"}
    on_aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    create_table(on_aws.client("dynamodb"), MARKET_TABLE)
    password = json.dumps({"password": PASSWORD})
    vault = on_aws.client("secretsmanager")
    vault.create_secret(Name=SECRET, SecretString=password)
    vault.create_secret(Name=GECKO_SECRET, SecretString=json.dumps({"api_key": "made-up"}))
    variables = {
        "MARKET_FUNCTIONS": ",".join(MARKET_RIGHTS),
        "MARKETS": "BTC/USDT",
        "MARKET_REST_URL": venue.url,
        "TRADE_FLOW_URL": server.url.replace(f":{PASSWORD}@", "@"),
        "TRADE_FLOW_SECRET": SECRET,
        "CANDLE_VENUE": "binance",
        "COINGECKO_SECRET": GECKO_SECRET,
        "RANKING_MIN_VOLUME": "0",
    }
    on_aws.edit_config(**variables)
    again = typed("configure", "prod", "--outputs", "-", given=json.dumps(outputs_of("prod")))
    assert again.exit_code == 0, again.output
    of_terraform = {"LAKE_BUCKET": BUCKET, "SERIES_TABLE": MARKET_TABLE}
    for name, value in {**variables, **of_terraform}.items():
        patch.setenv(name, value)


def _live(stage: MarketStage) -> None:
    """Trades collected, good and odd; minutes summed up, and two that cannot be; candles."""
    _live_with_candles(stage)
    _live_with_series(stage)
    for number in range(3):
        for odd in ({}, {"p": "-1"}):
            stage.venue.trade(BTC, stage.clock.now() + timedelta(seconds=1), **odd)
        found = stage.collect()
        assert (found["behind"], bool(found["objects"])) == ([], number > 0)
        stage.clock.pass_time(minutes=1)
    hour = stage.clock.now().replace(minute=0, second=0, microsecond=0)
    for start in (hour - 2 * HOUR, hour - HOUR):
        damaged = stage.put(start, b"no gzip")
        odd_key = stage.put(
            start + MINUTE, gzip.compress(b"\n".join([*_lines(start + MINUTE), b"odd"]))
        )
        if start == hour - HOUR:  # what is left, the sweep finds
            continue
        with pytest.raises(StoreUnavailable):
            stage.summarize(damaged)
        assert stage.summarize(odd_key)["trades"] == 3
        assert stage.summarize(odd_key)["rejected"] == 1
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="cannot be read"):
            stage.sweep()


def _live_with_candles(stage: MarketStage) -> None:
    """Markets ranked, and once not; candles with a gap and an odd one; a part that is damaged."""
    now = stage.clock.now().replace(minute=0, second=0, microsecond=0)
    made = candles_from(now - 30 * HOUR, 29)
    odd = made[9]._replace(high=made[9].low / 2)
    stage.exchange.candles[BTC, "1h"] = [*made[:5], *made[7:9], odd, *made[10:]]
    published(stage.lists, {"BTC": 900})
    assert stage.rank()["is_new"]
    stage.lists.answers.clear()
    assert not stage.rank()["is_new"]
    assert stage.collect_candles()["candles"] == 26
    s3 = stage.on_aws.client("s3")
    [part] = [
        found["Key"]
        for found in s3.list_objects_v2(Bucket=BUCKET, Prefix="candles/")["Contents"]
        if found["Key"].endswith(f"dt={now:%Y-%m}-01/candles.parquet")
    ]
    s3.put_object(Bucket=BUCKET, Key=part, Body=b"no parquet")
    stage.clock.pass_time(minutes=60)
    stage.exchange.candles[BTC, "1h"].append(made[-1]._replace(start=made[-1].start + HOUR))
    stage.collect_candles()


def _live_with_series(stage: MarketStage) -> None:
    """Loaded and analysed, with an absurd candle and a damaged part; and once there is no table."""
    assert stage.collect_candles()["instruments"] == [{"venue": "binance", "symbol": "BTC/USDT"}]
    start = stage.clock.now().replace(minute=0, second=0, microsecond=0) - 40 * HOUR
    made = candles_from(start, 39)
    absurd = made[20]._replace(
        **{name: 1000 * getattr(made[20], name) for name in ("open", "high", "low", "close")}
    )
    ether, damaged = (CandleSeries("binance", f"{c}/USDT", Interval.H1) for c in ("ETH", "XRP"))
    ParquetCandles(stage.lake).write(ether, [*made[:20], absurd, *made[21:]])
    stage.lake.put(damaged.key(damaged.part_of(start)), b"no parquet")
    eth = {"venue": "binance", "symbol": "ETH/USDT"}
    first, again, named, away = stage.runs("load_candles", {}, {}, eth)
    assert (first["rejected"], first["trouble"]) == (1, 1)
    assert (again["rejected"], again["trouble"]) == (0, 0)  # the odd day is loaded once
    assert 0 < named["rows"] < again["rows"] < first["rows"]
    assert (away["rows"], away["trouble"]) == (0, 2)
    both, named, away = stage.runs("analyse_instruments", {}, eth)
    assert set(both["analysed"]) == {"binance BTC/USDT", "binance ETH/USDT"}
    assert (named["analysed"], away["analysed"]) == (["binance ETH/USDT"], [])
    compared, away = stage.runs("analyse_markets", {})
    assert (compared["analysed"], away["trouble"]) == (["binance"], 1)
    _live_with_much(stage)


def _live_with_much(stage: MarketStage) -> None:
    """Days of minutes of a month that is over, of which one is damaged."""
    good, odd = (CandleSeries("binance", f"{c}/USDT", Interval.M1) for c in ("DOGE", "SOL"))
    month = stage.clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    before = (month - 20 * timedelta(days=1)).replace(day=1)
    for one in (good, odd):
        for day in (before, before + timedelta(days=1), month):
            ParquetCandles(stage.lake).write(one, candles_from(day, 3, Interval.M1))
    stage.lake.put(odd.key(before), b"no parquet")
    stage.clock.pass_time(days=14)
    found = stage.compact()
    stage.clock.pass_time(days=-14)
    assert (found["merged"], found["periods"], found["trouble"]) == (2, 1, 1)
    assert [o.key.rpartition("/")[2] for o in stage.lake.objects(good.prefix)] == [
        "compacted.parquet",
        "candles.parquet",
    ]


def _lines(start: datetime) -> list[bytes]:
    trade = {"e": "trade", "s": BTC, "p": "1", "q": "1", "m": True}
    at = int(start.timestamp() * 1000)
    return [json.dumps({**trade, "t": n, "T": at + n}).encode() for n in range(3)]


@pytest.mark.parametrize("asked", [list(MARKET_RIGHTS), [], ["collect_trades"]])
def test_the_application_has_the_functions_that_its_stage_asks_for(asked: list[str]) -> None:
    given = {"LAKE_BUCKET": "lake", "MARKETS": BTC, "TRADE_FLOW_URL": "mysql://h/d"}
    given["CANDLE_VENUE"] = "binance"
    application = application_with(MARKET_FUNCTIONS=",".join(asked), **given)
    assert application.functions == {*functions_of(asked)}


@pytest.mark.parametrize("function", MARKET_RIGHTS)
def test_a_policy_grants_all_that_its_function_asks_for(stage: MarketStage, function: str) -> None:
    rights, calls = stage.on_aws.granted(function), stage.recorder.calls[function]
    assert sorted(c for c in calls if not any(covers(r, c) for r in rights)) == []


@pytest.mark.parametrize("function", MARKET_RIGHTS)
def test_a_policy_grants_nothing_that_is_never_asked_for(stage: MarketStage, function: str) -> None:
    calls = stage.recorder.calls[function]
    excused = {a for right in MARKET_RIGHTS[function] if right.because for a in right.actions}
    idle = [
        right
        for right in stage.on_aws.granted(function)
        if right[0] not in excused and not any(covers(right, call) for call in calls)
    ]
    assert idle == []
    assert excused & {action for action, _ in calls} == set()  # the excuse would be a wrong one


@pytest.mark.parametrize("function", MARKET_RIGHTS)
def test_of_the_trading_the_market_writes_notices_alone(stage: MarketStage, function: str) -> None:
    """IAM would refuse every other row: the policy says what their keys begin with."""
    assert stage.rows[function]
    assert all(fnmatchcase(row, NOTICE_KEYS) for row in stage.rows[function])
    conditions = [
        statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        for statement in stage.on_aws.document(f"policy-prod-{function}.json")["Statement"]
        if any(action.startswith("dynamodb:") for action in statement["Action"])
        and not any(resource.endswith(MARKET_TABLE) for resource in statement["Resource"])
    ]
    assert conditions == [[NOTICE_KEYS]]


@pytest.mark.parametrize("function", MARKET_RIGHTS)
def test_no_right_reaches_beyond_the_stage(stage: MarketStage, function: str) -> None:
    for action, resource in stage.on_aws.granted(function):
        assert "*" not in action
        assert "prod" in resource, (action, resource)
        assert resource not in {f"arn:aws:s3:::{BUCKET}/*", "*"}


def test_the_owner_is_told_of_each_occasion_once(stage: MarketStage) -> None:
    told = stage.told()
    counts = [
        sum(word in sentence for sentence in told)
        for word in ("cannot be read, and the", "are not in its summary", "are no trades; the lake")
    ]
    assert counts == [2, 2, 1], told
    of_candles = {
        "could not be ranked": 1,
        "cannot be right, such as": 1,
        "1 candles of binance ETH/USDT 1h cannot be right and are not in the time series": 1,
        "candles were not loaded, and will be tried again: binance XRP/USDT 1h: candles/": 1,
        f"tried again: binance ETH/USDT 1h: the DynamoDB table {MARKET_TABLE} did not answer": 1,
        "nothing new was analysed, and will be tried again: binance ETH/USDT: the DynamoDB": 1,
        "nothing new was analysed, and will be tried again: binance: the DynamoDB table": 1,
        "candles were not made into one file, and will be tried again: candles/venue=": 1,
    }
    found = {words: sum(words in sentence for sentence in told) for words in of_candles}
    assert found == of_candles, told


def test_a_database_that_is_down_for_long_is_told_once_a_day(stage: MarketStage) -> None:
    before = stage.told()
    stage.server.kill()
    for minutes in (0, 1):
        with pytest.raises(StoreUnavailable):
            stage.sweep(minutes * MINUTE)
    assert stage.told() == before, "AWS tries again"
    with pytest.raises(StoreUnavailable):
        stage.sweep(3 * MINUTE)
    assert len(stage.told()) == len(before) + 1
    with pytest.raises(StoreUnavailable):
        stage.sweep(3 * MINUTE)
    [new] = set(stage.told()) - set(before)
    assert new.startswith("minutes cannot be summed up: ")
    assert PASSWORD not in new


def test_a_venue_that_is_away_for_long_is_told_once(stage: MarketStage) -> None:
    before = stage.told()
    for minute in range(13):
        stage.venue.orders.append(None)
        assert stage.collect() == {"objects": 0, "behind": [BTC]}
        if minute in {9, 10}:
            assert (len(stage.told()) > len(before)) is (minute == 10)
        stage.clock.pass_time(minutes=1)
    [new] = set(stage.told()) - set(before)
    assert new.startswith(f"collecting trades of {BTC} fails since")
