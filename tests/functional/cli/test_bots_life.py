"""The life of a bot at the keyboard: written, kept, tried, let run, changed, stopped, forgotten."""

import json
import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.bot_files import bot_of
from chalicelib.bootstrap.bots import bot_ports
from chalicelib.bootstrap.candles import candle_lake
from chalicelib.bootstrap.market import bus, lake
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.trading.account import Mode
from tests.functional.cli.owner_desk import Desk
from tests.market.klines import FIRST, MINUTE, kline, price_file

STRATEGY = """
[strategies.trend]
instruments = { BTCUSDT = "BTC/USDT", ETHUSDT = "ETH/USDT" }
timeframe = "1m"
sibling_wait = 0
"""
PAPER = """
[accounts.paper]
exchange = "virtual"
mode = "virtual"
quote = "USDT"

[accounts.paper.exchange_options.virtual.prices.files]
"BTC/USDT" = "prices.csv"
"ETH/USDT" = "prices.csv"

[accounts.paper.strategies.trend]
weight = 0.5
"""
BOT = """
from chalicelib.domain.bots import Bot, Param

class Mine(Bot):
    instruments = ("BTC/USDT",)
    interval = "1m"
    above = Param(100, 1, 1000)

    def on_candle(self, ctx):
        ctx.plot("close", ctx.close)
        if ctx.close > self.above and not ctx.position:
            ctx.target(0.5)
            ctx.log(f"in at {ctx.close:g}")
        elif ctx.close < self.above and ctx.position:
            ctx.target(0)
"""
OTHER = BOT.replace("target(0.5)", "target(0.25)")
PEEKING = BOT.replace("ctx.close > self.above", "__import__('random').random() < 0.5")


@pytest.fixture
def house(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A strategy for the bot to speak for, on a machine whose owner stands in an empty folder."""
    folder = tmp_path / "bots"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "strategies.toml").write_text(STRATEGY, encoding="utf-8")
    price_file(folder / "prices.csv", ["100"] * 9)
    (folder / "accounts.toml").write_text(PAPER, encoding="utf-8")
    desk.run("strategies", "apply", "strategies.toml")
    desk.run("accounts", "apply", "accounts.toml")
    desk.clock.advance_to(FIRST + timedelta(minutes=5))
    # A process for each source takes a while; those that need one say so.
    bootstrap.use(replace(bootstrap.choices(), load_bot=bot_of))
    return desk


@pytest.fixture
def contained(house: Desk) -> Desk:
    """Whose bots run as they do everywhere else: in a sandbox."""
    bootstrap.use(replace(bootstrap.choices(), load_bot=None))
    return house


def save(house: Desk, source: str = BOT, name: str = "mine", *words: str) -> str:
    Path(f"{name}.py").write_text(source, encoding="utf-8")
    return house.run("bots", "save", f"{name}.py", *words).stdout


def publish(closes: Sequence[str], first: int = 0, symbol: str = "BTCUSDT") -> None:
    opened = bus()
    messages = [kline(first + n, close, symbol) for n, close in enumerate(closes)]
    opened.publish("klines", [Record(f"{symbol}@1m".encode(), each) for each in messages])
    opened.close()


def keep(closes: Sequence[int], end: int = 0) -> None:
    """Minutes in the lake, of which the last ends at this minute."""
    first = FIRST + (end - len(closes)) * MINUTE
    rows = [
        Candle(first + n * MINUTE, price, price, price, price, Decimal(1))
        for n, price in enumerate(map(Decimal, closes))
    ]
    candle_lake().write(candle_series("binance", "BTC/USDT", "1m"), rows)


def deploy(house: Desk, *words: str) -> None:
    said = house.run("bots", "deploy", "mine", "--strategy", "trend", *words).stdout
    assert "is deployed as" in said


def work(house: Desk) -> str:
    return house.run("worker", "bots", "--once").stdout


def deployment(house: Desk, name: str = "mine") -> Any:
    (row,) = house.read("bots", "show", name)["deployment"]
    return row


def test_from_an_empty_folder_to_a_signal_and_back(house: Desk) -> None:
    assert "crypto-bot bots save mine.py" in house.run("bots", "new", "mine").stdout
    assert "mine 1.0 is stored" in house.run("bots", "save", "mine.py").stdout
    save(house)
    assert [row["version"] for row in house.read("bots", "show", "mine")["versions"]] == ["1.0"]
    deploy(house, "--since", FIRST.isoformat(), "--param", "above=101", "--cash", "1000")
    publish(["100", "102", "103", "99"])
    assert work(house) == "2 signals\n"
    shown = house.read("bots", "show", "mine")
    assert [(s["state"], s["price"], s["status"]) for s in shown["signals"]] == [
        ("flat", "99", "RECEIVED"),
        ("long", "102", "RECEIVED"),
    ]
    (standing,) = shown["standing"]
    assert (standing["seen"], standing["quantity"]) == ("2026-03-02T12:03:00Z", "0")
    quantity = Decimal("4.901960784313")  # half of 1,000 at 102, which is sold again at 99
    assert Decimal(standing["cash"]) == 1000 - 3 * quantity
    marks = house.read("bots", "logs", "mine")
    assert [(mark["candle"][-6:-1], mark["log"]) for mark in marks] == [
        ("03:00", ""),
        ("02:00", ""),
        ("01:00", "in at 102"),
        ("00:00", ""),
    ]
    assert marks[1]["plots"] == [{"name": "close", "panel": "price", "value": 103.0}]
    assert [mark["signal"] for mark in marks] == [
        shown["signals"][0]["id"],
        "",
        shown["signals"][1]["id"],
        "",
    ]
    house.run("bots", "stop", "mine")
    house.run("bots", "delete", "mine", "--yes")
    assert house.read("bots", "list")["deployments"] == []
    assert len(house.read("signals")) == 2


def test_what_became_of_its_signals_is_shown_with_them(house: Desk) -> None:
    save(house)
    deploy(house, "--since", FIRST.isoformat())
    publish(["100", "102"], first=3)
    work(house)
    assert house.read("bots", "show", "mine")["orders"] == []
    house.run("tick")
    shown = house.read("bots", "show", "mine")
    assert [s["status"] for s in shown["signals"]] == ["EXECUTED"]
    assert [(o["account"], o["side"], o["symbol"], o["status"]) for o in shown["orders"]] == [
        ("paper", "buy", "BTC/USDT", "FILLED")
    ]
    assert "paper" in house.run("bots", "show", "mine").stdout
    publish(["99"], first=5)
    work(house)
    house.run("tick")
    assert [o["side"] for o in house.read("bots", "show", "mine")["orders"]] == ["sell", "buy"]


def test_a_file_that_bots_new_writes_runs_and_stands_its_check(house: Desk) -> None:
    house.run("bots", "new", "my-2nd.bot")
    assert "class My2ndBot(Bot)" in Path("my-2nd.bot.py").read_text(encoding="utf-8")
    assert house.refusal("bots", "new", "my-2nd.bot", code=1).startswith("my-2nd.bot.py is there")
    closes = [100 + (n % 90 if n // 90 % 2 else 90 - n % 90) for n in range(800)]
    keep(closes)
    house.run("bots", "save", "my-2nd.bot.py")
    words = ("--interval", "1m")
    checked = house.run("bots", "check", "my-2nd.bot", *words).stdout
    assert "does the same however it is run" in checked
    assert "round_trips" in house.run("bots", "backtest", "my-2nd.bot", *words).stdout


def test_a_backtest_is_kept_with_its_version_which_then_stays(house: Desk) -> None:
    save(house)
    keep([100, 102, 103, 99, 101])
    house.clock.advance_to(FIRST + timedelta(hours=1))
    said = house.run("bots", "backtest", "mine", "--param", "above=101", "--fee", "0").stdout
    assert "Kept with mine 1.0; the page is bots/mine/1.0/" in said
    assert "mine 1.1 is stored" in save(house, OTHER)
    house.run("bots", "backtest", "mine")
    shown = house.read("bots", "show", "mine")
    assert [(row["version"], row["used_at"] is None) for row in shown["versions"]] == [
        ("1.1", False),
        ("1.0", False),
    ]
    newer, older = shown["tests"]
    assert (newer["version"], older["version"]) == ("1.1", "1.0")
    assert (older["parameters"], older["candles"]) == ({"above": 101}, 5)
    assert older["since"] == "2026-03-02T11:55:00Z"
    assert older["terms"] == {"cash": "10000", "fee": "0", "slippage_bps": "0"}
    document = lake().get(f"{older['report']}/report.json")
    assert document is not None
    assert json.loads(document)["summary"]["total_return"] == older["total_return"]
    page = lake().get(f"{older['report']}/report.html")
    assert page is not None
    assert page.startswith(b"<!DOCTYPE html>")
    assert "target(0.5)" in house.run("bots", "show", "mine", "--version", "1.0", "--source").stdout
    assert "target(0.25)" in house.run("bots", "show", "mine", "--source").stdout


def test_a_backtest_that_fails_leaves_nothing(house: Desk) -> None:
    save(house, BOT.replace("ctx.target(0.5)", "ctx.buy(quantity=float('nan'))"))
    keep([100, 102])
    told = house.run("bots", "backtest", "mine", code=1).stderr.splitlines()[-1]
    assert told.startswith("crypto-bot: line 12, Mine.on_candle at the candle of 2026-03-02 11:59")
    assert "quantity is nan; it must be a finite number" in told
    shown = house.read("bots", "show", "mine")
    assert (shown["tests"], shown["versions"][0]["used_at"]) == ([], None)
    assert lake().objects("bots/") == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = 1\nclass Mine(Bot)\n", "mine 1.0, line 2: expected ':'"),
        ("x = 1\ny = 1 / 0\n", "line 2, mine 1.0: ZeroDivisionError: division by zero"),
        ("x = 1\n", "mine 1.0 has no bot; one is needed, such as class MyBot(Bot)"),
        (BOT + "\nclass Too(Mine):\n    pass\n", "mine 1.0 has several bots (Mine, Too)"),
        (BOT.replace('"1m"', '"7m"'), "interval is '7m'; it must be one of"),
        (
            BOT + "\n    def start(self, ctx):\n        self.x = ctx.sma(-1)\n",
            "line 18, Mine.start: sma(-1)",
        ),
    ],
    ids=["syntax", "fails", "none", "two", "interval", "start"],
)
def test_what_could_not_even_begin_is_not_stored(house: Desk, source: str, told: str) -> None:
    Path("mine.py").write_text(source, encoding="utf-8")
    assert told in house.refusal("bots", "save", "mine.py", code=1)
    assert house.read("bots", "list")["bots"] == []


def test_another_bots_instrument_and_a_nan_stop_it_with_line_and_cause(house: Desk) -> None:
    save(house, BOT.replace("ctx.target(0.5)", "ctx.target(0.5, symbol='ETH/USDT')"), "foreign")
    save(house, BOT.replace("ctx.target(0.5)", "ctx.target(float('nan'))"), "nan")
    save(house)
    for name in ("foreign", "nan", "mine"):
        words = ("--strategy", "trend", "--since", FIRST.isoformat())
        house.run("bots", "deploy", name, *words)
    publish(["100", "102", "99"])
    assert work(house) == "2 signals\n"  # of the one that is right
    for name, cause in (("foreign", "ETH/USDT"), ("nan", "nan")):
        row = deployment(house, name)
        assert row["state"] == "stopped"
        assert row["why"].startswith("it has stopped: line 12, Mine.on_candle at the candle of")
        assert cause in row["why"]
        assert house.read("bots", "show", name)["signals"] == []
    assert deployment(house)["state"] == "running"
    notices = [notice["sentence"] for notice in house.read("notify")["notices"]]
    assert sum("bots update nan, or bots start nan" in sentence for sentence in notices) == 1
    assert len(notices) == 2


def test_one_instrument_rests_and_the_other_goes_on(house: Desk) -> None:
    save(house, BOT.replace("ctx.target(0.5)", "ctx.target(1 / (ctx.close - 200))"))
    deploy(house, "--instrument", "BTC/USDT", "--instrument", "ETH/USDT", "--since", "2026-01-01")
    publish(["100", "200", "201"])
    publish(["100", "201", "99"], symbol="ETHUSDT")
    assert work(house) == "2 signals\n"
    row = deployment(house)
    assert (row["state"], row["why"].partition(": line")[0]) == ("running", "BTC/USDT")
    publish(["99", "201"], first=3)
    ended = house.run("worker", "bots", "--once")
    assert (ended.stdout, ended.stderr) == ("0 signals\n", "")  # it is not tried again
    save(house)
    house.run("bots", "update", "mine")
    assert deployment(house)["why"] == ""
    assert work(house) == "3 signals\n"  # what came while it rested, it sees now


def test_a_source_runs_where_it_can_do_nothing_else(contained: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("abc", encoding="utf-8")
    Path("mine.py").write_text(f"x = open({str(secret)!r}).read(){BOT}", encoding="utf-8")
    assert "line 1, mine 1.0" in contained.refusal("bots", "save", "mine.py", code=1)
    stealing = BOT.replace("ctx.target(0.5)", f"ctx.log(open({str(secret)!r}).read())")
    save(contained, stealing)
    deploy(contained, "--since", FIRST.isoformat())
    publish(["102"])
    assert work(contained) == "0 signals\n"
    row = deployment(contained)
    assert (row["state"], "line 12, Mine.on_candle" in row["why"]) == ("stopped", True)
    assert "abc" not in str(contained.read("bots", "logs", "mine"))
    save(contained, OTHER)
    contained.run("bots", "update", "mine")
    contained.run("bots", "start", "mine")
    assert work(contained) == "1 signals\n"


def test_a_bot_that_decides_by_chance_is_not_deployed(house: Desk) -> None:
    save(house, PEEKING)
    keep([100 + n % 5 for n in range(60)])
    told = house.refusal("bots", "deploy", "mine", "--strategy", "trend", code=1)
    assert told.startswith("mine 1.0 is not deployed; on BTC/USDT of binance: ")
    assert house.read("bots", "list")["deployments"] == []
    assert house.run("bots", "check", "mine", code=1).stdout.startswith("Wrong: ")
    save(house)
    assert "the same however it is run" in house.run("bots", "check", "mine").stdout
    deploy(house)


def test_without_candles_it_says_that_nothing_was_checked(house: Desk) -> None:
    save(house)
    ended = house.run("bots", "deploy", "mine", "--strategy", "trend")
    assert "there are no candles of BTC/USDT 1m in the lake: the bot is not checked" in ended.stderr


def test_a_deployment_is_updated_and_keeps_what_it_holds(house: Desk) -> None:
    save(house)
    deploy(house, "--since", FIRST.isoformat())
    publish(["102"])
    assert work(house) == "1 signals\n"
    assert "mine 1.1 is stored" in save(house, OTHER)
    assert house.run("bots", "update", "mine").stdout == "mine is mine 1.1 now.\n"
    publish(["99", "103"], first=1)
    assert work(house) == "2 signals\n"
    first, sold, again = sorted(house.read("signals"), key=lambda signal: signal["fired_at"])
    assert [s["state"] for s in (first, sold, again)] == ["long", "flat", "long"]
    assert house.refusal("bots", "update", "mine", code=1) == (
        "mine is mine 1.1 with these parameters already"
    )
    house.run("bots", "update", "mine", "--version", "1.0", "--param", "above=200")
    row = deployment(house)
    assert (row["bot"], row["parameters"]) == ("mine 1.0", {"above": 200})
    house.run("bots", "update", "mine", "--version", "1.1")
    row = deployment(house)
    assert (row["bot"], row["parameters"]) == ("mine 1.1", {"above": 200})
    house.run("bots", "update", "mine", "--version", "1.0")
    house.run("bots", "stop", "mine", "--reason", "enough")
    said = house.run("bots", "update", "mine").stdout
    assert said == "mine is mine 1.1 now; it is stopped: crypto-bot bots start mine.\n"
    assert (deployment(house)["state"], deployment(house)["why"]) == ("stopped", "enough")


def test_a_parameter_that_a_version_has_no_more_goes(house: Desk) -> None:
    save(house)
    deploy(house, "--param", "above=200")
    save(house, BOT.replace("above = Param", "limit = Param").replace("self.above", "self.limit"))
    house.run("bots", "update", "mine")
    assert deployment(house)["parameters"] == {"limit": 100}


def test_what_is_stopped_is_shown_nothing_and_hears_of_it_when_it_goes_on(house: Desk) -> None:
    save(house)
    deploy(house, "--since", FIRST.isoformat())
    house.run("bots", "stop", "mine")
    publish(["102"])
    assert work(house) == "0 signals\n"
    house.run("bots", "start", "mine")
    assert work(house) == "1 signals\n"


@pytest.mark.parametrize(("end", "told"), [(5, "1 signals\n"), (-200, "0 signals\n")])
def test_a_bot_that_begins_is_warmed_by_the_lake_unless_too_much_is_missing(
    house: Desk, end: int, told: str
) -> None:
    source = BOT.replace("ctx.target(0.5)", "ctx.target(0.5 if self.line.value else 0)")
    start = "    def start(self, ctx):\n        self.line = ctx.sma(20)\n"
    save(house, source.replace("    def on_candle", f"    warmup = 20\n{start}\n    def on_candle"))
    keep([90 + n % 3 for n in range(100)], end=end)
    deploy(house)
    publish(["102"], first=5)
    assert work(house) == told


def test_a_bot_that_comes_with_the_program_is_deployed_too(house: Desk) -> None:
    words = ("--name", "fast", "--strategy", "trend", "--instrument", "BTC/USDT")
    house.run("bots", "deploy", "scalper", *words, "--since", FIRST.isoformat())
    publish(["100", "98"])
    assert work(house) == "1 signals\n"
    assert deployment(house, "fast")["bot"] == "scalper"


def test_real_money_is_asked_for(house: Desk) -> None:
    save(house)
    store = bootstrap.strategies()
    configuration = store.configuration()
    live = replace(configuration.accounts["paper"], mode=Mode.LIVE, exchange="binance")
    store.apply(expected_version=configuration.version, accounts=[live])
    words = ("bots", "deploy", "mine", "--strategy", "trend")
    assert "Dry run: paper would trade its wishes with real money" in house.run(*words).stdout
    assert house.read("bots", "list")["deployments"] == []
    house.run(*words, "--yes")
    save(house, OTHER)
    assert "--yes updates it" in house.run("bots", "update", "mine").stdout
    assert deployment(house)["bot"] == "mine 1.0"
    house.run("bots", "update", "mine", "--yes")
    assert deployment(house)["bot"] == "mine 1.1"


def test_slips_are_sentences(house: Desk) -> None:
    save(house)
    slips: list[tuple[tuple[str, ...], str, int]] = [
        (("deploy", "mine"), "there is no strategy mine for the bot to speak for", 2),
        (("deploy", "yours"), "there is no bot yours; there are mine, ", 1),
        (("deploy", "mine", "--version", "2.0"), "mine has no version 2.0; it has 1.0", 1),
        (("deploy", "mine", "--version", "new"), "the version is 'new'; it must be such as", 1),
        (("deploy", "mine", "--name", "a b", "--strategy", "trend"), "the name 'a b' is not", 1),
        (("deploy", "mine", "--strategy", "trend", "--param", "over=1"), "no parameter over", 1),
        (("update", "mine"), "there is no deployment mine; there is none", 1),
        (("stop", "mine"), "there is no deployment mine", 1),
        (("start", "mine"), "there is no deployment mine", 1),
        (("delete", "mine"), "there is no deployment mine", 1),
        (("logs", "mine"), "there is no deployment mine", 1),
        (("check", "mine"), "there are no candles to check mine 1.0 on", 1),
        (("backtest", "scalper"), "scalper comes with the program and has no history", 1),
        (("edit", "scalper"), "scalper comes with the program", 1),
        (("save", "nowhere.py"), "nowhere.py cannot be read", 1),
        (("new", "a b"), "the name 'a b' is not possible", 1),
        (("show", "yours"), "there is no bot and no deployment yours; there is mine", 1),
    ]
    for words, told, code in slips:
        assert told in house.refusal("bots", *words, code=code), words


def test_a_second_of_the_same_name_and_one_that_runs(house: Desk) -> None:
    save(house)
    deploy(house)
    words = ("bots", "deploy", "mine", "--strategy", "trend")
    assert "there is a deployment mine already" in house.refusal(*words, code=1)
    assert house.refusal("bots", "start", "mine", code=1) == "mine is running already"
    assert "Dry run: --yes forgets mine" in house.run("bots", "delete", "mine").stdout
    told = house.refusal("bots", "delete", "mine", "--yes", code=1)
    assert told == "mine is running, and nothing is deleted: crypto-bot bots stop mine"
    assert deployment(house)["state"] == "running"


def test_the_worker_without_a_bot_takes_no_words_of_one(house: Desk) -> None:
    told = house.refusal("worker", "bots", "--once", "--param", "a=1")
    assert told.startswith("--param goes with --bot; without it all deployments run")


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An editor in which somebody types what is in a file, and who sees what was there."""
    typed, program = tmp_path / "typed", tmp_path / "editor"
    program.write_text(f'#!/bin/sh\ncp "$1" {tmp_path}/seen\ncp {typed} "$1"\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(program))
    return typed


def test_a_source_is_edited_where_it_is_kept(house: Desk, editor: Path, tmp_path: Path) -> None:
    save(house)
    deploy(house)
    editor.write_text(OTHER, encoding="utf-8")
    os.utime(editor, (2e9, 2e9))
    assert "mine 1.1 is stored" in house.run("bots", "edit", "mine").stdout
    assert (tmp_path / "seen").read_text(encoding="utf-8") == BOT
    assert "mine 2.0 is stored" in house.run("bots", "edit", "mine", "--major").stdout


def test_what_does_not_run_is_not_lost(house: Desk, editor: Path, tmp_path: Path) -> None:
    save(house)
    editor.write_text("class Mine\n", encoding="utf-8")
    told = house.refusal("bots", "edit", "mine", code=1)
    assert told.startswith("mine 1.0, line 1: expected ':'. Nothing is stored; what you")
    assert bot_ports().bots.source("mine", bot_ports().bots.all()[0].newest.number) == BOT
    editor.write_text(OTHER, encoding="utf-8")
    house.run("bots", "edit", "mine")
    assert (tmp_path / "seen").read_text(encoding="utf-8") == "class Mine\n"
    editor.write_text(BOT, encoding="utf-8")
    house.run("bots", "edit", "mine")
    assert (tmp_path / "seen").read_text(encoding="utf-8") == OTHER
