"""The functions of candles over a lake on S3 and a table in DynamoDB, ranked to analysed."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters.clock import SystemClock
from chalicelib.domain.market.candle import Candle
from tests.market.public_binance import PublicBinance, candles_from, published, publisher

# In a process of its own: what functions there are is decided when the application is loaded.
PROGRAM = """
import json, sys
from moto import mock_aws
with mock_aws():
    from chalicelib.drivers.boto3_session import aws_client
    s3 = aws_client("s3", region="eu-west-1")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    from chalicelib.drivers.dynamodb_table import create_table
    create_table(aws_client("dynamodb", region="eu-west-1"), "series")
    from chalice.test import Client
    import app
    class Context:
        def get_remaining_time_in_millis(self):
            return 300_000
    said = {"before": sorted({"ccxt", "duckdb", "pandas"} & set(sys.modules)), "answers": []}
    with Client(app.app) as client:
        for name, source, detail in json.load(sys.stdin):
            event = client.events.generate_cw_event(source, "", detail, [], "eu-west-1")
            said["answers"].append(getattr(app, name)(event, Context()))
    listed = s3.list_objects_v2(Bucket="lake").get("Contents", [])
    said["keys"] = [found["Key"] for found in listed]
    from chalicelib.bootstrap.operation import notices
    said["notices"] = [notice.sentence for notice in notices().undone(99)]
    from chalicelib.bootstrap.series import analyses, stage_runs
    [analysis] = analyses().newest("binance", 1) or [None]
    said["analysis"] = analysis and analysis.figures
    said["runs"] = {run.stage: [run.outcome, run.rows] for run in stage_runs().all()}
    said["as_of"] = {run.stage: run.as_of and str(run.as_of) for run in stage_runs().all()}
    print(json.dumps(said))
"""
STAGES = (
    *("rank_markets", "collect_candles", "load_candles", "analyse_instruments", "analyse_markets"),
    "compact_candles",
)
HOUR = timedelta(hours=1)
BTC, ETH = ({"venue": "binance", "symbol": symbol} for symbol in ("BTC/USDT", "ETH/USDT"))
QUIET = {"rejected": 0, "behind": [], "trouble": 0}


def run(tmp_path: Any, names: list[Any], source: str = "aws.events", **environment: str) -> Any:
    """Names of functions, or such with an event's detail."""
    asked = [name if isinstance(name, tuple) else (name, {}) for name in names]
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([(name, source, detail) for name, detail in asked]),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={
            "PATH": "",
            "PYTHONPATH": "crypto_bot",
            "AWS_ACCESS_KEY_ID": "made-up",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "CRYPTO_BOT_REGION": "eu-west-1",
            "CRYPTO_BOT_HOME": str(tmp_path),
            "LAKE_BUCKET": "lake",
            "CANDLE_VENUE": "binance",
            "SERIES_TABLE": "series",
            "MARKET_FUNCTIONS": ",".join(STAGES),
            **environment,
        },
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_from_a_ranking_to_analyses(tmp_path: Any) -> None:
    now = SystemClock().now().replace(minute=0, second=0, microsecond=0)
    made = candles_from(now - 54 * HOUR, 53)  # ETH stops before the last day, whatever the hour
    with PublicBinance("BTC/USDT", "ETH/USDT") as venue, publisher() as lists:
        published(lists, {"BTC": 900, "ETH": 300})
        venue.candles["BTCUSDT", "1h"] = made
        venue.candles["ETHUSDT", "1h"] = [*made[:7], made[7]._replace(high=made[7].low / 2)]
        said = run(
            tmp_path,
            [
                *("rank_markets", "collect_candles", "collect_candles", "load_candles"),
                *("analyse_instruments", "analyse_markets", "compact_candles"),
            ],
            CANDLE_VENUE_OPTIONS=json.dumps(venue.options),
            COINGECKO_URL=lists.url,
            BINANCE_LISTS_URL=lists.url,
            RANKING_MIN_VOLUME="0",
        )
    ranked, collected, again, loaded, *analysed, compacted = said["answers"]
    assert said["before"] == []
    assert ranked == {"is_new": True, "source": "coingecko", "markets": 2}
    done = {"missing": 0, "behind": [], "trouble": 0, "instruments": [BTC, ETH]}
    assert collected == {"candles": 60, **done}
    assert again == {"candles": 2, **done}  # the last of each
    subjects = ["binance BTC/USDT", "binance ETH/USDT"]
    assert loaded["rows"] > 60  # and those of longer intervals
    assert {name: loaded[name] for name in ("rejected", "behind", "trouble")} == QUIET
    assert sorted(analysed[0].pop("analysed")) == subjects
    assert analysed == [
        {"behind": [], "trouble": 0},
        {"analysed": ["binance"], "behind": [], "trouble": 0},
    ]
    assert said["analysis"]["instruments"] == 1  # what ETH has is too old to compare
    assert compacted == {"merged": 0, "periods": 0, "finished": True, "trouble": 0}
    assert {stage: outcome for stage, (outcome, _) in said["runs"].items()} == dict.fromkeys(
        STAGES, "done"
    )
    assert said["runs"]["load_candles"][1] == loaded["rows"]
    behind, newest = made[6].start + HOUR, made[-1].start + HOUR  # ETH's seventh is the last good
    assert said["as_of"]["collect_candles"] == str(behind)
    assert said["as_of"]["load_candles"] == str(newest)
    assert None not in {said["as_of"][stage] for stage in STAGES[:-1]}
    assert_what_is_in_the_lake(said["keys"], made, now)
    (notice,) = said["notices"]
    assert notice.startswith("1 candles of binance ETH/USDT 1h cannot be right, such as")


def assert_what_is_in_the_lake(keys: Sequence[str], made: Sequence[Candle], now: datetime) -> None:
    months = {f"{candle.start:%Y-%m-01}" for candle in made}
    stored = {key for key in keys if "BTC-USDT" in key}
    assert stored == {
        f"candles/venue=binance/symbol=BTC-USDT/interval=1h/dt={month}/candles.parquet"
        for month in months
    }
    ranked = {"top_marketcap/latest.json", f"top_marketcap/dt={now:%Y-%m-%d}/top.json"}
    assert ranked <= set(keys)


def test_the_owner_hears_of_what_does_not_work(tmp_path: Any) -> None:
    with PublicBinance("BTC/USDT") as venue:
        options = json.dumps(venue.options)
    said = run(
        tmp_path,
        ["rank_markets", "collect_candles", "collect_candles"],
        CANDLE_VENUE_OPTIONS=options,
        CANDLE_SYMBOLS="BTC/USDT",
        COINGECKO_URL="http://127.0.0.1:9",
        BINANCE_LISTS_URL="http://127.0.0.1:9",
    )
    ranked, collected, again = said["answers"]
    assert ranked == {"is_new": False, "source": None, "markets": 0}
    nothing = {"candles": 0, "missing": 0, "behind": [], "trouble": 1, "instruments": []}
    assert collected == again == nothing
    first, second = sorted(said["notices"])
    assert first.startswith("candles were not collected, and will be tried again: binance")
    assert second.startswith("markets could not be ranked, and there is none at all: binance did")


def test_a_state_machine_runs_them_in_place_of_their_schedules(tmp_path: Any) -> None:
    start = SystemClock().now().replace(minute=0, second=0, microsecond=0) - 30 * HOUR
    with PublicBinance("BTC/USDT", "ETH/USDT") as venue:
        for each in ("BTCUSDT", "ETHUSDT"):
            venue.candles[each, "1h"] = candles_from(start, 29)
        told = {
            "CANDLE_VENUE_OPTIONS": json.dumps(venue.options),
            "CANDLE_SYMBOLS": "BTC/USDT ETH/USDT",
            "CANDLE_STAGES_ON": "pipeline",
        }
        left = run(tmp_path, list(STAGES[:-1]), **told)
        steps = ["collect_candles", ("load_candles", ETH), ("analyse_instruments", ETH)]
        said = run(tmp_path, steps, source="crypto-bot.pipeline", **told)
    assert left["answers"] == [{"outcome": "left to the pipeline"}] * 5
    assert (left["keys"], left["runs"]) == ([], {})
    collected, loaded, analysed = said["answers"]
    assert collected["instruments"] == [BTC, ETH]
    assert loaded["rows"] > 0
    assert analysed["analysed"] == ["binance ETH/USDT"]
