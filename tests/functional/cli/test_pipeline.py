"""pipeline: the stages by hand, over a venue and publishers on this machine, and their record."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.market.candle_gaps import MOST_ASKED, Gap
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.stage_run import Outcome
from chalicelib.drivers.dynamodb_table import create_table
from chalicelib.local.pipeline.run_stage import alone, run_stage
from tests.functional.cli.owner_desk import NOON, Desk
from tests.functional.stage_on_aws import REGION, stage_on_aws, typed
from tests.market.public_binance import (
    PublicBinance,
    Publisher,
    candles_from,
    published,
    publisher,
)

HOUR = timedelta(hours=1)
FIRST = NOON - 101 * HOUR
BTC = candle_series("binance", "BTC/USDT", "1h")
STAGES = [
    *("rank_markets", "collect_candles", "load_candles", "analyse_instruments"),
    *("analyse_markets", "sweep_summaries", "compact_candles"),
]


@pytest.fixture
def venue() -> Iterator[PublicBinance]:
    with PublicBinance("BTC/USDT", "ETH/USDT") as venue:
        for name in ("BTCUSDT", "ETHUSDT"):
            venue.candles[name, "1h"] = candles_from(FIRST, 100)
            venue.volumes[name] = Decimal(2_000_000)
        yield venue


@pytest.fixture
def lists() -> Iterator[Publisher]:
    with publisher() as lists:
        published(lists, {"BTC": 900, "ETH": 300})
        yield lists


@pytest.fixture
def equipped(desk: Desk, venue: PublicBinance, lists: Publisher) -> Desk:
    environment = {
        "CANDLE_VENUE_OPTIONS": json.dumps(venue.options),
        "COINGECKO_URL": lists.url,
        "BINANCE_LISTS_URL": lists.url,
        "SERIES_INTERVALS": "1d",
        "SERIES_INDICATORS": "none",
    }
    bootstrap.use(replace(bootstrap.choices(), environment=environment))
    return desk


def given_environment(**changed: str) -> None:
    chosen = bootstrap.choices()
    bootstrap.use(replace(chosen, environment={**(chosen.environment or {}), **changed}))


def switched_on(*stages: str) -> None:
    chosen = bootstrap.choices()
    assert chosen.settings is not None
    bootstrap.use(replace(chosen, settings=replace(chosen.settings, market_functions=stages)))


def documents(desk: Desk, *words: str, code: int = 0) -> list[Any]:
    """The rows, however the verb ended."""
    rows: list[Any] = json.loads(desk.run("pipeline", *words, "--json", code=code).stdout)
    return rows


def by_stage(rows: list[Any], name: str) -> dict[str, Any]:
    return {row["stage"]: row[name] for row in rows}


def test_all_stages_run_in_their_order_and_are_recorded(equipped: Desk) -> None:
    assert set(by_stage(documents(equipped, "status"), "outcome").values()) == {"never"}
    made = documents(equipped, "run")
    assert [(row["stage"], row["outcome"], row["rows"]) for row in made] == [
        ("rank_markets", "done", 2),
        ("collect_candles", "done", 200),
        ("load_candles", "done", 200 + 2 * 4),
        ("analyse_instruments", "done", 2),
        ("analyse_markets", "done", 1),
        ("sweep_summaries", "done", 0),
        ("compact_candles", "done", 0),
    ]
    equipped.clock.advance_to(NOON + 90 * timedelta(minutes=1))
    known = documents(equipped, "status")
    assert by_stage(known, "rows") == by_stage(made, "rows")
    assert by_stage(known, "lag")["load_candles"] == "2:30:00"
    assert by_stage(known, "as_of")["collect_candles"] == "2026-03-02T11:00:00Z"
    again = documents(equipped, "run", "load-candles", "collect_candles")
    assert [row["stage"] for row in again] == ["collect_candles", "load_candles"]
    shown = equipped.run("pipeline", "status").stdout
    assert "rank_markets" in shown
    assert "2026-03-02T13:30:00Z" in shown


def test_a_stage_that_fails_leaves_the_others_alone(
    equipped: Desk, venue: PublicBinance, lists: Publisher
) -> None:
    documents(equipped, "run", "rank_markets", "collect_candles")
    lists.answers.clear()
    venue.candles["ETHUSDT", "1h"] = []
    given_environment(CANDLE_SYMBOLS="BTC/USDT NO/USDT")
    equipped.clock.advance_to(NOON + HOUR)
    result = equipped.run("pipeline", "run", code=1)
    assert "crypto-bot: collect_candles: binance has no spot market NO/USDT" in result.stderr
    known = documents(equipped, "status")
    outcomes = by_stage(known, "outcome")
    assert [outcomes[name] for name in STAGES] == ["partly", "partly", *["done"] * 5]
    assert by_stage(known, "failing_since")["rank_markets"] == "2026-03-02T13:00:00Z"
    assert by_stage(known, "done_at")["rank_markets"] == "2026-03-02T12:00:00Z"
    assert by_stage(known, "rows")["load_candles"] > 200
    # The owner is told as by the functions on AWS.
    told = [notice.sentence for notice in notices().recent(99)]
    assert any("markets could not be ranked, and the one of 2026-03-02 stays" in s for s in told)
    assert any("no spot market NO/USDT" in s for s in told)
    given_environment(CANDLE_SYMBOLS="BTC/USDT", CANDLE_VENUE="nowhere")
    result = equipped.run("pipeline", "run", "collect_candles", "load_candles", code=1)
    assert "crypto-bot: collect_candles: exchange 'nowhere' is unknown" in result.stderr
    assert by_stage(documents(equipped, "status"), "outcome")["collect_candles"] == "failed"


def test_without_words_those_run_that_are_switched_on(equipped: Desk) -> None:
    switched_on("compact_candles", "load_candles", "collect_trades")
    rows = documents(equipped, "run")
    assert [row["stage"] for row in rows] == ["load_candles", "compact_candles"]
    schedules = by_stage(documents(equipped, "status"), "schedule")
    assert schedules["load_candles"] == "rate(1 hour)"
    assert schedules["compact_candles"] == "cron(20 3 * * ? *)"
    assert schedules["rank_markets"] == ""


def test_the_past_is_made_complete(equipped: Desk, venue: PublicBinance) -> None:
    made = candles_from(FIRST, 100)
    venue.candles["BTCUSDT", "1h"] = made[:70] + made[75:]
    given_environment(CANDLE_SYMBOLS="BTC/USDT", CANDLE_SINCE=f"{made[60].start:%Y-%m-%dT%H:%M}")
    documents(equipped, "run", "collect_candles", "load_candles")
    with closing(FolderLake(equipped.home / "lake")) as lake:
        candles = ParquetCandles(lake)
        assert candles.first(BTC) == made[60]
        hole = Gap(made[70].start, made[75].start, MOST_ASKED)
        candles.mark_gaps(BTC, [hole])  # the venue never had them, so it seemed
        venue.candles["BTCUSDT", "1h"] = made
        rows = documents(equipped, "backfill", "--since", "2026-01-01")
        assert [(row["stage"], row["outcome"]) for row in rows] == [
            ("collect_candles", "done"),
            ("load_candles", "done"),
            ("sweep_summaries", "done"),
        ]
        assert candles.read(BTC, FIRST, NOON) == made
        assert candles.gaps(BTC) == []  # nor is there one before the first candle of all
    shown = equipped.read("series", "binance", "BTC/USDT", "--limit", "999")
    assert len(shown) == 100
    rows = documents(equipped, "backfill", "--since", "2026-03-01T00:30", "collect-candles")
    assert [(row["stage"], row["rows"]) for row in rows] == [("collect_candles", 1)]


def test_a_run_that_is_told_to_stop_goes_on_the_next_time(
    equipped: Desk, venue: PublicBinance
) -> None:
    start = NOON - 2501 * timedelta(minutes=1)
    venue.candles["BTCUSDT", "1m"] = made = candles_from(start, 2500, Interval.M1)
    since = f"{start:%Y-%m-%dT%H:%M}"
    given_environment(CANDLE_SYMBOLS="BTC/USDT", CANDLE_INTERVALS="1m", CANDLE_SINCE=since)
    stopping = Event()
    stopping.set()
    run = run_stage("collect_candles", stopping)
    assert (run.outcome, run.trouble) == (
        Outcome.PARTLY,
        ("it was told to stop; the next run goes on from there",),
    )
    minutes = candle_series("binance", "BTC/USDT", "1m")
    with closing(FolderLake(equipped.home / "lake")) as lake:
        candles = ParquetCandles(lake)
        assert len(candles.read(minutes, start, NOON)) == 1000  # one page, and no other
        documents(equipped, "run", "collect_candles")
        assert candles.read(minutes, start, NOON) == made
    loaded = run_stage("load_candles", stopping)
    assert (loaded.outcome, loaded.rows) == (Outcome.PARTLY, 0)  # not even this one series
    documents(equipped, "run", "load_candles")
    shown = equipped.read("series", "binance", "BTC/USDT", "--interval", "1m", "--limit", "9999")
    assert len(shown) == 2500


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "load"), "there is no stage load; there are rank_markets, collect_candles, "),
        (("backfill", "--since", "x"), "--since is 'x'; it must be a time"),
        (("backfill", "--since", "2027-01-01"), "--since is 2027-01-01; it must be a time that"),
        (
            ("backfill", "rank_markets", "--since", "2026-01-01"),
            "rank_markets has no past to fill; there are collect_candles, load_candles, ",
        ),
    ],
)
def test_what_was_meant_otherwise(desk: Desk, words: tuple[str, ...], told: str) -> None:
    assert desk.refusal("pipeline", *words).startswith(told)


def test_two_processes_never_run_stages_at_once(equipped: Desk) -> None:
    with alone():
        told = equipped.refusal("pipeline", "run", "load_candles", code=1)
    assert told.startswith(f"another process runs stages in {equipped.home}")
    assert by_stage(documents(equipped, "status"), "outcome")["load_candles"] == "never"
    documents(equipped, "run", "load_candles")


def test_a_stage_on_aws_has_its_own_record_and_lake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, venue: PublicBinance
) -> None:
    monkeypatch.setenv("CRYPTO_BOT_HOME", str(tmp_path / "home"))
    with stage_on_aws(tmp_path / "clone", monkeypatch, "dev") as dev:
        s3, bucket = dev.client("s3"), "crypto-bot-dev-lake-123456789012"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        create_table(dev.client("dynamodb"), "crypto-bot-dev-market")
        dev.edit_config(
            CANDLE_SYMBOLS="BTC/USDT",
            CANDLE_VENUE_OPTIONS=json.dumps(venue.options),
            CANDLE_SINCE=f"{FIRST:%Y-%m-%d}",
            SERIES_TABLE="crypto-bot-dev-market",
            MARKET_FUNCTIONS="collect_candles",
        )
        rows = json.loads(dev.run("pipeline", "run", "--json").stdout)
        assert [(row["stage"], row["outcome"], row["rows"]) for row in rows] == [
            ("collect_candles", "done", 100)
        ]
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="candles/")["Contents"]
        assert [found["Key"] for found in listed] == [
            BTC.key(BTC.part_of(FIRST)),
            BTC.key(BTC.part_of(NOON)),
        ]
        told = dev.run("pipeline", "run", "sweep_summaries", code=1).stderr
        assert "sweep_summaries: TRADE_FLOW_URL is not set" in told
        dev.run("pipeline", "run", "analyse_instruments")  # without the flow
        known = json.loads(dev.run("pipeline", "status", "--json").stdout)
        assert by_stage(known, "rows")["collect_candles"] == 100
        assert not (tmp_path / "home").exists()
        at_home = json.loads(typed("pipeline", "status", "--json").stdout)
        assert by_stage(at_home, "outcome")["collect_candles"] == "never"
        dev.edit_config(SERIES_TABLE="")
        for verb in ("status", "run"):
            told = dev.refusal("pipeline", verb)
            assert told.startswith("SERIES_TABLE is not set for stage dev; make configure sets it")
