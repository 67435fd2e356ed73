"""rank_markets and collect_candles as functions over a lake on S3."""

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

from chalicelib.adapters.clock import SystemClock
from tests.market.public_binance import PublicBinance, candles_from, published, publisher

# In a process of its own: what functions there are is decided when the application is loaded.
PROGRAM = """
import json, sys
from moto import mock_aws
with mock_aws():
    from chalicelib.drivers.boto3_session import aws_client
    s3 = aws_client("s3", region="eu-west-1")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    from chalice.test import Client
    import app
    class Context:
        def get_remaining_time_in_millis(self):
            return 300_000
    said = {"before": sorted({"ccxt", "duckdb", "pandas"} & set(sys.modules)), "answers": []}
    with Client(app.app) as client:
        event = client.events.generate_cw_event("aws.events", "", {}, [], "eu-west-1")
        for name in json.load(sys.stdin):
            said["answers"].append(getattr(app, name)(event, Context()))
    listed = s3.list_objects_v2(Bucket="lake").get("Contents", [])
    said["keys"] = [found["Key"] for found in listed]
    from chalicelib.bootstrap.operation import notices
    said["notices"] = [notice.sentence for notice in notices().undone(99)]
    print(json.dumps(said))
"""
HOUR = timedelta(hours=1)


def run(tmp_path: Any, names: list[str], **environment: str) -> Any:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(names),
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": "",
            "PYTHONPATH": "crypto_bot",
            "AWS_ACCESS_KEY_ID": "made-up",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "CRYPTO_BOT_REGION": "eu-west-1",
            "CRYPTO_BOT_HOME": str(tmp_path),
            "LAKE_BUCKET": "lake",
            "CANDLE_VENUE": "binance",
            "MARKET_FUNCTIONS": "rank_markets,collect_candles",
            **environment,
        },
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_rank_and_collect(tmp_path: Any) -> None:
    now = SystemClock().now().replace(minute=0, second=0, microsecond=0)
    first = now - 30 * HOUR
    made = candles_from(first, 29)
    with PublicBinance("BTC/USDT", "ETH/USDT") as venue, publisher() as lists:
        published(lists, {"BTC": 900, "ETH": 300})
        venue.candles["BTCUSDT", "1h"] = made
        venue.candles["ETHUSDT", "1h"] = [*made[:7], made[7]._replace(high=made[7].low / 2)]
        said = run(
            tmp_path,
            ["rank_markets", "collect_candles", "collect_candles"],
            CANDLE_VENUE_OPTIONS=json.dumps(venue.options),
            COINGECKO_URL=lists.url,
            BINANCE_LISTS_URL=lists.url,
            RANKING_MIN_VOLUME="0",
        )
    ranked, collected, again = said["answers"]
    assert said["before"] == []
    assert ranked == {"is_new": True, "source": "coingecko", "markets": 2}
    assert collected == {"candles": 36, "missing": 0, "behind": [], "trouble": 0}
    assert again == {"candles": 2, "missing": 0, "behind": [], "trouble": 0}  # the last of each
    months = {f"{candle.start:%Y-%m-01}" for candle in made}
    stored = {key for key in said["keys"] if "BTC-USDT" in key}
    assert stored == {
        f"candles/venue=binance/symbol=BTC-USDT/interval=1h/dt={month}/candles.parquet"
        for month in months
    }
    assert {"top_marketcap/latest.json", f"top_marketcap/dt={now:%Y-%m-%d}/top.json"} <= {
        *said["keys"]
    }
    (notice,) = said["notices"]
    assert notice.startswith("1 candles of binance ETH/USDT 1h cannot be right, such as")


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
    assert collected == again == {"candles": 0, "missing": 0, "behind": [], "trouble": 1}
    first, second = sorted(said["notices"])
    assert first.startswith("candles were not collected, and will be tried again in an hour: bin")
    assert second.startswith("markets could not be ranked, and there is none at all: binance did")
