"""Bots over the API: written, refused, saved, tried on the past, deployed, and their replays."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import app as application
from chalicelib import bootstrap
from chalicelib.adapters.clock import ReplayClock
from chalicelib.bootstrap.bots import bot_ports
from chalicelib.bootstrap.candles import candle_lake
from chalicelib.bootstrap.jobs import jobs
from chalicelib.bootstrap.market import bus
from chalicelib.domain.bots.bot_template import template
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.worker.deployed_bots import deployed_bots
from tests.canaries import OWNER_TOKEN
from tests.functional.dashboard import JSON, Dashboard, dashboard
from tests.market.klines import FIRST, MINUTE, kline

PATIENCE = 40.0
BOT = """
from chalicelib.domain.bots import Bot, Param

class Mine(Bot):
    instruments = ("BTC/USDT",)
    interval = "1m"
    above = Param(100, 1, 1000)

    def on_candle(self, ctx):
        ctx.plot("level", self.above)
        if ctx.close > self.above and not ctx.position:
            ctx.target(0.5)
            ctx.log(f"in at {ctx.close:g}")
        elif ctx.close < self.above and ctx.position:
            ctx.target(0)
"""
OTHER = BOT.replace("target(0.5)", "target(0.25)")
ENDLESS = BOT.replace("ctx.plot(", "while ctx.close > 101: pass\n        ctx.plot(")
PAIR = """
from chalicelib.domain.bots import Bot

class Pair(Bot):
    instruments = ("BTC/USDT", "ETH/USDT")
    interval = "1m"
    together = True

    def on_candle(self, ctx):
        ctx.state["closes"] = ctx.state.get("closes", 0) + 1
        for symbol in self.instruments:
            ctx.target(0 if ctx[symbol].position else 0.25, symbol=symbol)
"""
LIST = """Trade #,Type,Date/Time,Signal,Price USDT,Position size (qty)
1,Entry long,2026-03-02 12:00,in,100,1
1,Exit long,2026-03-02 14:00,out,110,1
2,Entry long,2026-03-03 12:00,in,110,1
2,Exit long,2026-03-03 18:00,out,105,1
"""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Dashboard]:
    clock = ReplayClock(FIRST + timedelta(hours=1))
    with dashboard(tmp_path / "home", clock=clock) as opened:
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
            strategies=[Strategy(name="trend", instruments={"BTCUSDT": "BTC/USDT"})],
            subscriptions=[Subscription(account="paper", strategy="trend", weight=Decimal("0.5"))],
        )
        yield opened


def keep(closes: list[int]) -> None:
    """Minutes in the lake, from noon on."""
    rows = [
        Candle(FIRST + n * MINUTE, price, price, price, price, Decimal(1))
        for n, price in enumerate(map(Decimal, closes))
    ]
    candle_lake().write(candle_series("binance", "BTC/USDT", "1m"), rows)


def save(page: Dashboard, source: str, digest: str = "", status: int = 200) -> Any:
    headers = page.headers | JSON | ({"If-Match": f'"{digest}"'} if digest else {})
    body = json.dumps({"source": source}).encode()
    answer = page.client.http.post("/bots/mine", headers=headers, body=body)
    assert answer.status_code == status, answer.body
    return json.loads(answer.body)


def begin(page: Dashboard, path: str, **body: Any) -> str:
    job = page.act(path, status=202, **body)
    assert job["state"] == "running"
    return str(job["id"])


def ended(page: Dashboard, job_id: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while (job := page.get(f"/jobs/{job_id}"))["state"] == "running":
        assert time.monotonic() < deadline, job
        time.sleep(0.1)
    return job


def ask_as_lambda(template_path: str, **captured: str) -> Any:
    """The packaged handler's answer, through JSON as Lambda sends it on."""
    event = {
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": template_path,
            "identity": {"sourceIp": "203.0.113.7"},
        },
        "headers": {"authorization": f"Bearer {OWNER_TOKEN}"},
        "pathParameters": captured,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
    }
    return json.loads(json.dumps(application.app(event, None)))


def test_a_bot_is_saved_and_who_comes_late_loses_nothing_and_overwrites_nothing(page):
    begun = page.get("/bot_template", name="mine")
    assert begun["outline"]["parameters"][0]["name"] == "fast"
    first = save(page, begun["source"])
    assert (first["version"], first["is_locked"]) == ("1.0", False)
    second = save(page, BOT, first["digest"])
    assert second["version"] == "1.0"  # nothing was run: there is one version, and it changed
    late = save(page, OTHER, first["digest"], status=409)
    assert late["error"] == (
        "mine was saved as 1.0 at 2026-03-02 13:00 UTC, after you had opened it: open that version,"
        " and bring what you wrote into it"
    )
    unknowing = save(page, OTHER, status=409)
    assert "there is a bot mine already" in unknowing["error"]
    found = page.get("/bots/mine/source")
    assert (found["source"], found["digest"]) == (BOT, second["digest"])
    assert page.get("/bots")["bots"][0]["name"] == "mine"
    assert page.get("/bots/none", status=404)["error"].startswith("there is no bot 'none'")


def test_what_could_not_run_is_refused_with_its_line_and_stays_unsaved(page):
    found = page.act("/bot_problems", source="x = (1\ndef")
    assert found["problems"] == [{"line": 1, "column": 5, "text": "'(' was never closed"}]
    found = page.act("/bot_problems", source="import os\n" + BOT)
    assert [(p["line"], "no files" in p["text"]) for p in found["problems"]] == [(1, True)]
    assert found["outline"]["parameters"] == [
        {"name": "above", "default": 100, "low": 1, "high": 1000, "step": None, "is_whole": True}
    ]
    refused = save(page, BOT.replace("class Mine(Bot):", "class Mine(Bot)"), status=422)
    assert refused["error"] == "mine 1.0, line 4: expected ':'"
    assert page.get("/bots")["bots"] == []


def test_the_ready_made_ones_are_read_and_a_copy_of_each_runs(page):
    for each in page.get("/bots")["ready_made"]:
        found = page.get(f"/bots/{each['name']}/source")
        assert (found["is_locked"], found["problems"]) == (True, [])
        if each["name"] == "grid":  # one stands for all: each takes a process
            assert save(page, found["source"])["version"] == "1.0"
    assert {word["of"] for word in page.get("/bot_words")["words"]} >= {"ctx", "indicator"}


def test_a_backtest_is_followed_kept_and_drawn_and_its_version_stays(page):
    save(page, BOT)
    keep([100, 102, 103, 99, 101, 98])
    (series,) = page.get("/candle_series")["series"]
    assert (series["symbol"], series["last"]) == ("BTC/USDT", "2026-03-02T12:05:00Z")
    job = begin(page, "/bots/mine/backtests", fee="0", cash="1000", parameters={"above": 101})
    assert ended(page, job)["error"] == ""
    about = page.get("/bots/mine")
    (test,) = about["tests"]
    assert (test["parameters"], test["candles"], test["terms"]["fee"]) == ({"above": 101}, 6, "0")
    assert about["versions"][0]["is_locked"]
    path = f"/bots/mine/backtests/1.0/{test['id']}"
    chart = page.get(path)
    assert chart["summary"] == test["summary"]
    drawn = chart["instruments"]["BTC/USDT"]
    assert drawn["close"] == [100, 102, 103, 99, 101, 98]
    assert [(fill["side"], fill["price"]) for fill in drawn["fills"]] == [
        ("buy", 103),
        ("sell", 101),
    ]
    assert drawn["curves"][0]["values"] == [101] * 6
    assert [line["text"] for line in chart["logs"]] == ["in at 102"]
    assert chart["trades_in_all"] == len(chart["trades"]) == 1
    # half of 1,000 at 102 when it decided, bought at 103 and sold at 101
    assert chart["equity"]["equity"][-1] == pytest.approx(1000 - 2 * 500 / 103, rel=1e-3)
    assert min(chart["equity"]["drawdown"]) == pytest.approx(
        test["summary"]["max_drawdown"], abs=1e-6
    )
    answer = ask_as_lambda(
        "/bots/{name}/backtests/{version}/{test_id}", name="mine", version="1.0", test_id=test["id"]
    )
    assert json.loads(answer["body"]) == chart
    report = page.client.http.get(f"{path}/report", headers=page.headers)
    assert report.body.startswith(b"<!DOCTYPE html>")
    page.get("/bots/mine/backtests/1.0/..", status=404)
    assert save(page, OTHER, about["versions"][0]["digest"])["version"] == "1.1"


def test_a_backtest_that_cannot_be_says_why_and_keeps_nothing(page):
    save(page, BOT)
    job = ended(page, begin(page, "/bots/mine/backtests"))
    assert (job["state"], "no candles of binance BTC/USDT 1m" in job["error"]) == ("failed", True)
    assert page.act("/bots/mine/backtests", status=400, cash="much")["field"] == "cash"
    page.act("/bots/other/backtests", status=404)
    assert page.get("/bots/mine")["tests"] == []


def test_an_endless_bot_is_aborted_and_leaves_nothing_behind(page):
    save(page, ENDLESS)
    keep([100, 101, 102, 103])
    job = begin(page, "/bots/mine/backtests")
    deadline = time.monotonic() + PATIENCE
    while page.get(f"/jobs/{job}")["steps"] < 1:  # then it never comes back
        assert time.monotonic() < deadline
        time.sleep(0.1)
    aborted = page.act(f"/jobs/{job}/abort")
    assert (aborted["state"], aborted["done"]) == ("aborted", "the backtest is aborted")
    outcomes = {deed["outcome"] for deed in page.get("/audit")["deeds"]}
    assert {"the backtest is aborted", "the backtest of mine 1.0 has begun"} <= outcomes
    assert ended(page, job)["state"] == "aborted"
    assert page.get("/bots/mine")["tests"] == []
    begun = jobs().get(job)
    assert begun is not None
    assert page.get("/jobs", kind="backtest")["jobs"][0]["id"] == job


WANTED = {
    "name": "mine-paper",
    "bot": "mine",
    "strategy": "mine-paper",
    "account": "paper",
    "weight": "0.2",
    "since": FIRST.isoformat(),
}


def deploy(page: Dashboard, **body: Any) -> Any:
    """Looked at first, as the pages do: what is shown has the digest of the code that will run."""
    wanted = WANTED | body
    digest = page.act("/deployments", **wanted)["digest"]
    return page.act("/deployments", confirm=True, digest=digest, **wanted)


def publish(*closes: str, symbol: str = "BTCUSDT") -> None:
    opened = bus()
    messages = [kline(n, close, symbol) for n, close in enumerate(closes)]
    opened.publish("klines", [Record(f"{symbol}@1m".encode(), each) for each in messages])
    opened.close()


def test_a_dry_run_says_what_a_deployment_would_be_and_stores_nothing(page):
    save(page, BOT)
    choices = page.get("/deployment_choices")
    assert choices["accounts"] == [
        {"name": "paper", "mode": "virtual", "quote": "USDT", "free_share": "0.48"}
    ]
    would = page.act("/deployments", **WANTED)
    assert would["status"] == "dry run"
    assert "a new one that account paper (virtual) follows" in would["would"]
    assert would["checks"][0]["unchecked"] == ["there are no candles in the lake to check it on"]
    assert page.get("/deployments")["deployments"] == []
    assert "mine-paper" not in bootstrap.strategies().configuration().strategies


def test_what_is_deployed_sends_signals_for_a_strategy_of_its_own(page):
    save(page, BOT)
    deploy(page)
    assert tuple(bootstrap.strategies().configuration().followers("mine-paper")) == ("paper",)
    assert page.get("/bots/mine")["versions"][0]["is_locked"]
    publish("100", "102", "99")

    deployed_bots(Event(), once=True)

    shown = page.get("/deployments/mine-paper")
    assert [(s["state"], s["price"]) for s in shown["signals"]] == [("flat", "99"), ("long", "102")]
    assert shown["standing"][0]["close"] == "99"
    marks = page.get("/deployments/mine-paper/marks")
    assert marks["marks"][1]["lines"] == ["in at 102"]
    assert marks["marks"][0]["points"] == [{"name": "level", "panel": "price", "value": 100.0}]


def test_one_that_trades_its_instruments_together_is_deployed_as_one(page):
    save(page, PAIR)
    would = page.act("/deployments", **WANTED)
    assert [check["symbol"] for check in would["checks"]] == ["BTC/USDT, ETH/USDT"]
    deploy(page)
    made = bootstrap.strategies().configuration().strategies["mine-paper"]
    assert (made.symbols(), made.sibling_wait) == (("BTC/USDT", "ETH/USDT"), 5)
    publish("100", "102")
    publish("10", "11", symbol="ETHUSDT")

    assert deployed_bots(Event(), once=True) == 4

    [newest, *_] = page.get("/configuration/versions")["versions"]
    assert newest["by"] == "owner"
    shown = page.get("/deployments/mine-paper")
    assert shown["together"] is True
    assert {(s["symbol"], s["state"]) for s in shown["signals"]} == {
        (symbol, state) for symbol in ("BTC/USDT", "ETH/USDT") for state in ("long", "flat")
    }
    assert shown["states"] == {symbol: {"closes": 2} for symbol in ("BTC/USDT", "ETH/USDT")}
    assert [row["close"] for row in shown["standing"]] == ["102", "11"]
    assert {row["gain"] for row in shown["standing"]} == {0.03}  # 2 % and 10 % of a quarter each
    candles = page.get("/deployments/mine-paper/marks")["candles"]
    assert {symbol: columns["close"] for symbol, columns in candles.items()} == {
        "BTC/USDT": [102.0],
        "ETH/USDT": [11.0],
    }


def test_a_deployment_is_stopped_started_changed_and_forgotten(page):
    save(page, BOT)
    deploy(page)
    page.act("/deployments/mine-paper/delete", status=409, confirm=True)
    page.act("/deployments/mine-paper/stop")
    assert page.get("/deployments/mine-paper")["state"] == "running"
    page.act("/deployments/mine-paper/stop", confirm=True, reason="enough")
    assert page.get("/deployments/mine-paper")["why"] == "enough"
    page.act("/deployments/mine-paper/start", confirm=True)
    told = page.act("/deployments/mine-paper/update", parameters={"above": 200})["would"]
    assert told == ["mine-paper would go from mine 1.0 on to mine 1.0", "above: 100 -> 200"]
    digest = page.get("/bots/mine")["versions"][0]["digest"]
    changed = {"parameters": {"above": 200}, "digest": digest}
    page.act("/deployments/mine-paper/update", confirm=True, **changed)
    same = page.act("/deployments/mine-paper/update", status=409, parameters={"above": 200})
    assert same["error"] == "mine-paper is mine 1.0 with these parameters already"
    assert page.get("/deployments/mine-paper")["parameters"] == {"above": 200}
    page.act("/deployments/mine-paper/stop", confirm=True)
    page.act("/deployments/mine-paper/delete", confirm=True)
    page.get("/deployments/mine-paper", status=404)


def test_a_deployment_without_room_or_strategy_is_refused_and_nothing_stored(page):
    save(page, BOT)
    wanted = {"name": "mine", "bot": "mine", "confirm": True}
    refused = page.act("/deployments", status=422, strategy="none", **wanted)
    assert (refused["field"], "account and weight" in refused["error"]) == ("strategy", True)
    refused = page.act(
        "/deployments", status=422, strategy="new", account="paper", weight="0.9", **wanted
    )
    assert "more than 1 - reserve" in refused["error"]
    assert bot_ports().deployments.all() == []
    assert set(bootstrap.strategies().configuration().strategies) == {"trend"}


def test_lists_are_replayed_under_each_policy_and_what_is_no_list_is_named(page):
    lists = [
        {"name": "a", "symbol": "BTC/USDT", "text": LIST},
        {"name": "b", "symbol": "BTC/USDT", "text": "one,two\n1,2\n"},
    ]
    job = begin(page, "/replays", lists=lists, list_prices=True, policies=["fixed", "boost"])
    found = ended(page, job)
    assert (found["state"], found["error"]) == ("done", "")
    result = page.get(f"/replays/{job}")
    assert [note.split(" ")[:3] for note in result["notes"]] == [["left", "out:", "2"]]
    assert [each["policy"] for each in result["policies"]] == ["fixed", "boost"]
    assert result["policies"][0]["alerts_in_all"] == result["alerts"] == 4
    profit = Decimal(result["policies"][0]["strategies"][0]["profit"])
    assert 300 < profit < 500  # 10 % up, 4.5 % down, fees both ways
    page.get("/replays/none", status=404)


@pytest.mark.parametrize(
    ("lists", "status", "told"),
    [
        ([], 400, "lists is empty"),
        ([{"name": "a", "symbol": "BTC/USDT", "text": " "}], 400, "lists[1].text is empty"),
        ([{"name": "--home=x", "symbol": "BTC/USDT", "text": "x"}], 400, "lists[1].name is"),
        (
            [{"name": "a", "symbol": "BTC/USDT", "text": "x"}] * 2,
            400,
            "lists[2].name is 'a'; it must be a name of its own",
        ),
        ([{"name": "a", "symbol": "BTC", "text": "x"}], 400, "lists do not say what they trade"),
        (
            [{"name": "a", "symbol": "BTC/USDT", "text": "x" * 4_000_001}],
            413,
            "the lists have 4,000,001 characters; at most 4,000,000",
        ),
    ],
    ids=["none", "empty", "option", "same", "symbol", "size"],
)
def test_lists_that_cannot_be_meant_are_refused(page, lists, status, told):
    refused = page.act("/replays", status=status, lists=lists)
    assert told in refused["error"]
    assert refused["field"] == "lists"


def test_weights_of_lists_that_are_not_there_are_refused(page):
    lists = [{"name": "a", "symbol": "BTC/USDT", "text": LIST}]
    refused = page.act("/replays", status=400, lists=lists, weights={"a": "0.5", "b": "0.1"})
    assert refused["error"] == "weights names 'b'; there are a"
    assert refused["field"] == "weights"


def test_the_template_of_any_name_is_a_bot(page):
    assert "class My2ndBot(Bot)" in page.get("/bot_template", name="my-2nd.bot")["source"]
    assert page.get("/bot_template", status=422, name="a b")["error"].startswith("the name 'a b'")
    assert template("mine") == page.get("/bot_template", name="mine")["source"]
