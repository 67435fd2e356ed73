"""What the page about markets asks for: candles by the page, own fills, minutes, a ranking."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import app as application
from chalicelib import bootstrap
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.services.trading.tick import tick
from chalicelib.settings import Settings, Stage
from tests.canaries import OWNER_TOKEN, PATH_TOKEN
from tests.functional.dashboard import JSON, Dashboard, dashboard
from tests.market.shown import START, analyse, candles, collect, load, rank, sum_up

BTC = {"venue": "binance", "symbol": "BTC/USDT", "interval": "1h"}
LAMBDAS_MOST = 6_291_556


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Dashboard]:
    with dashboard(tmp_path / "home") as opened:
        yield opened


def paper_account() -> None:
    """Follows a strategy of BTC by made-up prices."""
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[
            Account(
                name="paper",
                exchange="virtual",
                mode=Mode.VIRTUAL,
                quote="USDT",
                prices_from="synthetic",
            )
        ],
        strategies=[
            Strategy(
                name="btc",
                instruments={"BTCUSDT": "BTC/USDT"},
                sibling_wait=0,
                token_hashes=(hash_token(PATH_TOKEN),),
            )
        ],
        subscriptions=[Subscription(account="paper", strategy="btc", weight=Decimal("0.5"))],
    )


def test_where_there_is_nothing_the_next_steps_are_told_and_no_file_is_made(page):
    assert page.get("/markets") == {
        "markets": [],
        "flow": [],
        "steps": [
            "crypto-bot candles download binance BTC/USDT",
            "crypto-bot load-candles",
            "crypto-bot run --market BTC/USDT",
        ],
    }
    empty = page.get("/markets/candles", **BTC)
    assert (empty["start"], empty["next"]) == ([], None)
    assert page.get("/markets/flow", symbol="BTCUSDT") == {"minutes": []}
    assert page.get("/rankings/latest")["as_of"] is None
    assert page.get("/markets/analyses", venue="binance", symbol="BTC/USDT")["at"] is None
    assert {path.name for path in page.home.rglob("*.sqlite3")} == {"state.sqlite3"}


def test_the_markets_are_those_with_candles_and_those_of_made_up_prices(page):
    collect(page.home, candles(5))
    sum_up(page.home, 2)
    paper_account()

    found = page.get("/markets")

    assert [(m["venue"], m["symbol"], m["account"]) for m in found["markets"]] == [
        ("binance", "BTC/USDT", ""),
        ("synthetic", "BTC/USDT", "paper"),
    ]
    assert (found["markets"][0]["intervals"], found["markets"][0]["made"]) == (["1h"], ["4h", "1d"])
    assert (found["flow"], found["steps"]) == (["BTCUSDT"], [])


def test_candles_come_by_the_page_with_every_digit(page):
    whole = candles(250)
    collect(page.home, whole)
    newest = page.get("/markets/candles", **BTC, limit=100)
    middle = page.get("/markets/candles", **BTC, limit=100, cursor=newest["next"])
    oldest = page.get("/markets/candles", **BTC, limit=100, cursor=middle["next"])
    assert oldest["next"] is None
    starts = oldest["start"] + middle["start"] + newest["start"]
    closes = oldest["close"] + middle["close"] + newest["close"]
    assert starts == [f"{one.start:%Y-%m-%dT%H:%M:%SZ}" for one in whole]
    assert [Decimal(text) for text in closes] == [one.close for one in whole]


def test_indicators_are_there_by_name_where_they_are_known(page):
    collect(page.home, candles(30))
    load(page.home, "rsi:14", "bollinger:20:2")

    plain = page.get("/markets/candles", **BTC)
    asked = page.get("/markets/candles", **BTC, columns="rsi_14,nonsense", limit=20)

    assert plain["derived"] == {}
    assert {"rsi_14", "bollinger_20_2_upper", "return"} <= set(plain["columns"])
    assert set(asked["derived"]) == {"rsi_14"}
    assert len(asked["derived"]["rsi_14"]) == 20
    assert None in asked["derived"]["rsi_14"]
    assert all(0 <= value <= 100 for value in asked["derived"]["rsi_14"] if value is not None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"venue": "../.."}, "venue"),
        ({"venue": ""}, "venue"),
        ({"symbol": "BTC"}, "symbol"),
        ({"symbol": "../x/USDT"}, "symbol"),
        ({"interval": "7m"}, "interval"),
        ({"limit": "5001"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"cursor": "bm8gdGltZQ"}, "cursor"),
        ({"cursor": "%%%"}, "cursor"),
        ({"until": "yesterday"}, "until"),
        ({"nonsense": "1"}, "nonsense"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_its_field(page, change, field):
    found = page.get("/markets/candles", status=400, **(BTC | change))

    assert (found["status"], found["field"]) == ("refused", field)


def test_made_up_candles_need_an_account_that_has_them(page):
    paper_account()
    asked = {"venue": "synthetic", "symbol": "BTC/USDT", "interval": "1m", "limit": 5}

    assert len(page.get("/markets/candles", **asked, account="paper")["start"]) == 5
    refused = page.get("/markets/candles", status=422, **asked, account="main")
    assert refused["error"].startswith("account is 'main'; it must be a virtual account")


def test_own_fills_say_whose_and_of_what_mode(page):
    paper_account()
    fire(page)

    [fill] = page.get("/markets/fills", symbol="BTC/USDT")["fills"]

    assert (fill["account"], fill["mode"], fill["venue"]) == ("paper", "virtual", "synthetic")
    assert fill["side"] == "buy"
    assert fill["strategies"] == ["btc"]
    assert Decimal(fill["price"]) > 0
    assert page.get("/markets/fills", symbol="ETH/USDT")["fills"] == []


def fire(page: Dashboard) -> None:
    """One alert, traded."""
    body = json.dumps({"ticker": "BTCUSDT", "market_position": "long"}).encode()
    answer = page.client.http.post(f"/hook/btc/{PATH_TOKEN}", headers=JSON, body=body)
    assert answer.status_code == 200
    ports = bootstrap.trading()
    tick(ports, owner="test", deadline=ports.clock.now() + timedelta(minutes=1))


def test_minutes_tell_counts_amounts_and_the_spread(page):
    sum_up(page.home, 12)

    rows = page.get("/markets/flow", symbol="BTCUSDT", limit=3)["minutes"]

    assert [row["minute"] for row in rows] == [f"2026-03-02T00:{at:02}:00Z" for at in (9, 10, 11)]
    assert [row["spread"] for row in rows] == [None, "0", "-1"]
    assert rows[0] == {
        "minute": "2026-03-02T00:09:00Z",
        "total_count_b": 11,
        "total_count_s": 0,
        "total_btc_b": "1.5",
        "total_btc_s": "0",
        "total_usd_b": "90015",
        "total_usd_s": "0",
        "avg_b": "60010",
        "avg_s": None,
        "spread": None,
    }
    assert page.get("/markets/flow", status=400)["field"] == "symbol"


def test_the_ranking_and_the_analysis_of_an_instrument(page):
    rank(page.home)
    analyse(page.home)

    ranking = page.get("/rankings/latest")
    analysis = page.get("/markets/analyses", venue="binance", symbol="BTC/USDT")

    assert (ranking["as_of"], ranking["source"]) == ("2026-03-02T00:00:00Z", "coingecko")
    assert [item["market"] for item in ranking["items"]] == ["BTC/USDT", "ETH/USDT", "SOL/USDT"]
    assert (ranking["items"][0]["market_cap"], ranking["items"][2]["market_cap"]) == (
        "1000000000000",
        None,
    )
    assert analysis["figures"] == {
        "volatility_day": 0.0213,
        "trend": {"slope": None, "above_sma": 1.5},
    }
    assert page.get("/markets/analyses", venue="binance")["at"] is None


def test_the_largest_page_fits_a_function_and_its_tag_spares_the_second(page):
    collect(page.home, candles(5_000))
    load(page.home, "rsi:14", "macd:12:26:9", "bollinger:20:2")
    columns = page.get("/markets/candles", **BTC, limit=1)["columns"]
    event: dict[str, Any] = {
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": "/markets/candles",
            "identity": {"sourceIp": "203.0.113.7"},
        },
        "headers": {"authorization": f"Bearer {OWNER_TOKEN}"},
        "pathParameters": None,
        "multiValueQueryStringParameters": {
            **{name: [value] for name, value in BTC.items()},
            "limit": ["5000"],
            "columns": [",".join(columns)],
        },
        "stageVariables": None,
        "body": None,
    }
    sent = json.dumps(application.app(event, None))
    answer = json.loads(sent)

    assert len(sent) < LAMBDAS_MOST
    assert len(json.loads(answer["body"])["start"]) == 5_000
    event["headers"]["if-none-match"] = answer["headers"]["ETag"]
    again = application.app(event, None)
    assert (again["statusCode"], again["body"]) == (304, "")


PROGRAM = """
import sys
import app
from chalicelib import bootstrap
print(*sorted(sys.modules.keys() & {"duckdb", "ccxt", "msgspec"}))
"""


def test_the_routes_load_nothing_heavy_until_they_are_asked(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={
            "PYTHONPATH": str(Path(application.__file__).parent),
            "CRYPTO_BOT_HOME": str(tmp_path),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == []


def test_the_start_of_the_candles_is_a_time_of_the_series(page):
    collect(page.home, candles(3))

    found = page.get("/markets/candles", **BTC, since=START.isoformat())

    assert found["start"][0] == "2026-03-02T00:00:00Z"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/markets", {}),
        ("/markets/candles", BTC),
        ("/markets/flow", {"symbol": "BTCUSDT"}),
        ("/markets/analyses", {"venue": "binance"}),
        ("/rankings/latest", {}),
        ("/pipelines", {}),
    ],
)
def test_a_function_on_aws_says_where_market_data_is_shown(tmp_path, path, query):
    """It has no right to any of it, and asks AWS for nothing."""
    table = SqliteTable(":memory:")
    with dashboard(tmp_path) as page:
        deployed = Settings(stage=Stage.PROD, table_name="state")
        chosen = replace(bootstrap.choices(), home=None, settings=deployed, table=table)
        bootstrap.use(chosen)

        refused = page.get(path, status=409, **query)

        assert refused["error"].endswith("as crypto-bot run --stage prod serves it")
        assert page.get("/markets/fills", symbol="BTC/USDT")["fills"] == []
    table.close()
