"""crypto-bot backtest: candles of the lake in, a table, a JSON file and a page out."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from chalicelib import bootstrap
from chalicelib.bootstrap.candles import candle_lake
from chalicelib.bootstrap.market import lake as market_lake
from chalicelib.domain.bots.fill_model import ASSUMPTIONS
from chalicelib.domain.bots.metrics import Metrics
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.market.ranking import RankedMarket, Ranking, dated_key, ranking_document
from tests.functional.cli.owner_desk import Desk
from tests.market.public_binance import PublicBinance

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "backtest.schema.json").read_text())
SVG = "{http://www.w3.org/2000/svg}"
# Falls by 2 %, rises by 3 %, and once more falls by 2 %.
CLOSES = (100, 98, 98, 101, 101, 99, 99, 100)
TRY = ("backtest", "scalper", "--instrument", "BTC/USDT", "--interval", "1h")
FOLLOWER = """
from chalicelib.domain.bots import Bot, Param

class Follower(Bot):
    instruments = ("BTC/USDT", "ETH/USDT")
    interval = "1h"
    together = True
    length = Param(3, 2, 50)

    def start(self, ctx):
        self.lines = [ctx.sma(self.length, symbol=name) for name in ("BTC/USDT", "ETH/USDT")]

    def on_candle(self, ctx):
        if ctx["ETH/USDT"].start % 7_200_000:
            ctx.target(0.5, symbol="ETH/USDT")
"""
HOSTILE = """
from chalicelib.domain.bots import Bot

def on_candle(self, ctx):
    ctx.log("</td><script>alert(1)</script>\\x00")
    ctx.plot("<img src=x>", ctx.close)
    ctx.plot("'\\"&", 1.0, panel="</svg><b>")

Evil = type("</title><script>alert('x')</script>", (Bot,), {
    "instruments": ("BTC/USDT",), "interval": "1h", "on_candle": on_candle,
})
"""


def keep(
    closes: Sequence[float] = CLOSES,
    symbol: str = "BTC/USDT",
    venue: str = "binance",
    without: Collection[int] = (),
) -> None:
    """Hours in the lake; each opens where the one before has closed."""
    rows = []
    for number, close in enumerate(closes):
        opened, closed = Decimal(str(closes[max(0, number - 1)])), Decimal(str(close))
        high, low = max(opened, closed), min(opened, closed)
        rows.append(Candle(FIRST + number * HOUR, opened, high, low, closed, Decimal(5)))
    kept = [row for number, row in enumerate(rows) if number not in without]
    candle_lake().write(candle_series(venue, symbol, "1h"), kept)


def wave(count: int) -> list[float]:
    return [100 + 7 * (number % 40 < 20) + number % 5 for number in range(count)]


def document(file: Path) -> Any:
    read = json.loads(file.read_text())
    Draft202012Validator(SCHEMA).validate(read)
    return read


def page(file: Path) -> ET.Element:
    """Well-formed, without anything that would be loaded or run."""
    content = file.read_text()
    assert set(re.findall(r"https?:[^\s\"'<]+", content)) <= {"http://www.w3.org/2000/svg"}
    read = ET.fromstring(content.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own
    assert not {each.tag for each in read.iter()} & {"script", "link", "img", "iframe", "object"}
    attributes = {name for each in read.iter() for name in each.attrib}
    assert not {name for name in attributes if name in {"src", "href"} or name.startswith("on")}
    assert not re.search(r"url\(|@import", words_of(next(read.iter("style"))))
    return read


def words_of(element: ET.Element) -> str:
    return " ".join(text.strip() for text in element.itertext())


def test_what_was_traded_is_told_three_times(desk: Desk, tmp_path: Path) -> None:
    keep()
    written, shown = tmp_path / "test.json", tmp_path / "test.html"
    said = desk.run(*TRY, "--json", str(written), "--html", str(shown)).stdout
    quantity = Decimal("10.20408163")  # a tenth of 10,000 at 98
    cash = 10_000 - quantity * 98 * Decimal("1.001") + quantity * 101 * Decimal("0.999")
    second = (cash / 10 / 99).quantize(Decimal("1E-8"), "ROUND_FLOOR")
    told = document(written)
    assert [(f["at"], f["side"], Decimal(f["quantity"]), f["price"]) for f in told["fills"]] == [
        ("2026-01-01T02:00:00Z", "buy", quantity, "98"),
        ("2026-01-01T04:00:00Z", "sell", quantity, "101"),
        ("2026-01-01T06:00:00Z", "buy", second, "99"),
    ]
    (trade,) = told["trades"]
    assert Decimal(trade["profit"]) == cash - 10_000
    assert told["positions"] == {"BTC/USDT": str(second)}
    assert Decimal(told["cash"]) == cash - second * 99 * Decimal("1.001")
    equity = float(told["cash"]) + float(second) * 100
    assert told["equity"] == [
        {"day": "2026-01-01", "equity": pytest.approx(equity), "benchmark": 10_000.0}
    ]
    assert told["summary"]["total_return"] == pytest.approx(equity / 10_000 - 1)
    assert told["summary"]["buy_and_hold"] == 0
    assert set(told["summary"]) == set(Metrics._fields)
    assert told["assumptions"] == dict(ASSUMPTIONS)
    assert told["parameters"] == {"threshold": 1, "percentage": 10, "purchases": 1}
    assert (told["trials"], told["candles"]["BTC/USDT"]["count"]) == (1, len(CLOSES))
    for name in Metrics._fields:
        assert re.search(rf"^  {name} +\S", said, re.M)
    assert f"total_return       {(equity / 10_000 - 1) * 100:.2f} %" in said
    assert all(sentence in said for _, sentence in ASSUMPTIONS)
    read = page(shown)
    marks = [
        kind for kind in ("buy", "sell") for _ in read.iter(f"{SVG}path") if _.get("class") == kind
    ]
    assert marks == ["buy", "buy", "sell"]
    assert f"{float(cash - 10_000):,.2f}" in words_of(read)
    assert all(sentence in words_of(read) for _, sentence in ASSUMPTIONS)


def test_its_trades_are_a_list_that_replay_takes(desk: Desk, tmp_path: Path) -> None:
    keep()
    written, replayed = tmp_path / "scalper_BTCUSDT.csv", tmp_path / "replay.json"
    said = desk.run(*TRY, "--fee", "0", "--trades", str(written))
    assert f"{written} is written\n" in said.stdout
    words = ("--symbol", "BTC/USDT", "--policy", "fixed", "--fee", "0", "--interval", "1h")
    desk.run("replay", str(written), *words, "--json", str(replayed))
    [result] = json.loads(replayed.read_text())["policies"]
    told = [(a["at"], a["state"], Decimal(a["listed_price"])) for a in result["alerts"]]
    assert told == [
        ("2026-01-01T02:00:00Z", "long", 98),
        ("2026-01-01T04:00:00Z", "flat", 101),
        ("2026-01-01T06:00:00Z", "long", 99),
    ]


def test_a_list_is_of_one_instrument(desk: Desk, tmp_path: Path) -> None:
    keep(wave(40))
    keep(wave(40), "ETH/USDT")
    bot, written = tmp_path / "follower.py", tmp_path / "mine.csv"
    bot.write_text(FOLLOWER, encoding="utf-8")
    desk.run("backtest", str(bot), "--trades", str(written))
    assert not written.exists()
    btc, eth = (tmp_path / f"mine_{symbol}USDT.csv" for symbol in ("BTC", "ETH"))
    assert len(btc.read_text(encoding="utf-8-sig").splitlines()) == 1
    assert "Entry long,2026-01-01 0" in eth.read_text(encoding="utf-8-sig")
    gone = tmp_path / "none" / "mine.csv"
    assert desk.refusal("backtest", str(bot), "--trades", str(gone)) == (
        f"{gone} cannot be written: there is no folder {gone.parent}"
    )


def test_of_two_venues_one_is_to_be_named(desk: Desk) -> None:
    keep()
    keep(CLOSES[:3], venue="kraken")
    told = "there are candles of binance, kraken: say which, such as --venue binance"
    assert desk.refusal(*TRY) == told
    assert " of kraken, " in desk.run(*TRY, "--venue", "kraken").stdout.splitlines()[0]


def test_terms_are_as_typed(desk: Desk, tmp_path: Path) -> None:
    keep()
    written = tmp_path / "test.json"
    words = ("--cash", "500", "--fee", "0.01", "--slippage", "50", "--param", "percentage=100")
    filters = ("--step", "0.1", "--tick", "0.5", "--minimum", "600")
    desk.run(*TRY, *words, "--step", "0.1", "--json", str(written))
    told = document(written)
    assert told["fills"][0]["price"] == "98.49"
    assert told["fills"][0]["quantity"] == "5"  # of 5.02 that 500 pays for, fee included
    desk.run(*TRY, *words, *filters, "--json", str(written))
    told = document(written)
    assert told["fills"] == []
    assert {denied["code"] for denied in told["denied"]} == {"NOTIONAL_BELOW_MINIMUM"}


def test_between_two_times(desk: Desk, tmp_path: Path) -> None:
    keep()
    written = tmp_path / "test.json"
    desk.run(
        *TRY, "--since", "2026-01-01T03:00", "--until", "2026-01-01T07:00", "--json", str(written)
    )
    candles = document(written)["candles"]["BTC/USDT"]
    assert (candles["first"], candles["last"]) == ("2026-01-01T03:00:00Z", "2026-01-01T06:00:00Z")


def test_what_is_missing_is_said(desk: Desk, tmp_path: Path) -> None:
    assert desk.refusal(*TRY, "--since", "2026-01-01") == (
        "there are no candles of binance BTC/USDT 1h in the lake from 2026-01-01 00:00 on; to fetch"
        " them: crypto-bot candles download binance BTC/USDT --interval 1h --since 2026-01-01T00:00"
    )
    keep(without=(3, 4, 6))
    shown, written = tmp_path / "test.html", tmp_path / "test.json"
    words = ("--since", "2025-12-31", "--until", "2026-01-02")
    told = desk.run(*TRY, *words, "--html", str(shown), "--json", str(written)).stderr.splitlines()
    fetch = "crypto-bot candles download binance BTC/USDT --interval 1h --since"
    assert told == [
        "crypto-bot: the candles of binance BTC/USDT 1h begin at 2026-01-01 00:00; to fetch earlier"
        f" ones: {fetch} 2025-12-31T00:00",
        "crypto-bot: the candles of binance BTC/USDT 1h end at 2026-01-01 07:00; to fetch later"
        f" ones: {fetch} 2026-01-01T07:00",
        "crypto-bot: 3 candles of binance BTC/USDT 1h are missing, in 2 gaps; the longest is from"
        " 2026-01-01 03:00 to 2026-01-01 05:00",
    ]
    assert "3 candles are missing, in 2 gaps" in words_of(page(shown))
    assert document(written)["candles"]["BTC/USDT"]["gaps"] == [
        {"start": "2026-01-01T03:00:00Z", "end": "2026-01-01T05:00:00Z"},
        {"start": "2026-01-01T06:00:00Z", "end": "2026-01-01T07:00:00Z"},
    ]


def test_a_bot_of_ones_own_on_two_instruments(desk: Desk, tmp_path: Path) -> None:
    keep(wave(500))
    keep([10 * price for price in wave(500)], "ETH/USDT")
    (tmp_path / "mine.py").write_text(FOLLOWER)
    shown, written = tmp_path / "test.html", tmp_path / "test.json"
    bot = f"{tmp_path / 'mine.py'}:Follower"
    told = desk.run("backtest", bot, "--html", str(shown), "--json", str(written))
    assert told.stderr.count("\n") == 1
    assert "runs in this process, with all that you may do" in told.stderr
    read = page(shown)
    titles = [words_of(title) for title in read.iter("h2")]
    assert [title for title in titles if "/USDT" in title] == [
        "BTC/USDT, the whole time",
        "BTC/USDT, the last 220 candles",
        "ETH/USDT, the whole time",
        "ETH/USDT, 220 candles up to the last fills",
    ]
    curves = [each.get("class") for each in read.iter(f"{SVG}path")]
    assert (curves.count("curve1"), curves.count("curve2")) == (2, 0)  # each its own
    drawn = [each.get("d", "") for each in read.iter(f"{SVG}path") if each.get("class") == "up"]
    assert all(path.count("z") <= 220 for path in drawn)
    equity = document(written)["equity"]
    assert equity[-1]["benchmark"] == pytest.approx(10_000 * wave(500)[-1] / wave(500)[0])
    assert {fill["symbol"] for fill in document(written)["fills"]} == {"ETH/USDT"}


def test_a_basket_goes_by_the_rankings_of_the_time(desk: Desk, tmp_path: Path) -> None:
    names = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
    for name in names:
        keep([100] * 72, name)
    for day, largest in ((0, ("BTC/USDT", "ETH/USDT")), (1, ("ETH/USDT", "SOL/USDT"))):
        at = FIRST + timedelta(days=day, hours=6)
        items = tuple(_ranked(rank, name) for rank, name in enumerate(largest, 1))
        made = Ranking(as_of=at, source="tests", quote="USDT", items=items)
        market_lake().put(dated_key(at), ranking_document(made))
    written = tmp_path / "test.json"
    words = [word for name in names for word in ("--instrument", name)]
    few = ("--param", "size=2", "--param", "every=1", "--interval", "1h")
    desk.run("backtest", "top-basket", *words, *few, "--json", str(written))
    told = document(written)
    assert [(fill["at"][:13], fill["symbol"], fill["side"]) for fill in told["fills"]] == [
        ("2026-01-01T06", "BTC/USDT", "buy"),
        ("2026-01-01T06", "ETH/USDT", "buy"),
        ("2026-01-02T06", "BTC/USDT", "sell"),
        ("2026-01-02T06", "SOL/USDT", "buy"),
    ]


def _ranked(rank: int, name: str) -> RankedMarket:
    coin = name.partition("/")[0]
    return RankedMarket(
        rank=rank,
        symbol=coin,
        id=coin,
        market=name,
        market_cap=None,
        price=Decimal(1),
        volume_24h=Decimal(1),
    )


def test_nothing_that_a_bot_says_is_markup(desk: Desk, tmp_path: Path) -> None:
    keep()
    (tmp_path / "evil.py").write_text(HOSTILE)
    shown = tmp_path / "test.html"
    desk.run("backtest", f"{tmp_path / 'evil.py'}:Evil", "--html", str(shown))
    read = page(shown)
    (title,) = read.iter("h1")
    assert title.text == "</title><script>alert('x')</script>"
    assert "</td><script>alert(1)</script>\N{REPLACEMENT CHARACTER}" in words_of(read)
    assert "</svg><b>" in words_of(read)


def test_the_venue_says_steps_and_fees(desk: Desk, tmp_path: Path) -> None:
    keep()
    written = tmp_path / "test.json"
    with PublicBinance("BTC/USDT") as venue:
        environment = {"CANDLE_VENUE_OPTIONS": json.dumps(venue.options)}
        bootstrap.use(replace(bootstrap.choices(), environment=environment))
        desk.run(*TRY, "--ask-venue", "--minimum", "7", "--json", str(written))
        (filters,) = document(written)["terms"]["instruments"].values()
        bootstrap.reset()
    assert filters == {
        "quantity_step": "0.00001",
        "price_tick": "0.01",
        "minimum_quantity": "0.00001",
        "minimum_notional": "7",
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nobody",), "there is no bot 'nobody'; there is: scalper"),
        (("scalper",), "Scalper is a bot for each of BTC/USDT, ETH/USDT, DOGE/USDT: say which"),
        ((*TRY[1:], "--param", "treshold=1"), "Scalper has no parameter treshold; it has: thres"),
        ((*TRY[1:], "--param", "threshold"), "--param is 'threshold'; it must be such as"),
        ((*TRY[1:], "--fee", "10"), "--fee is 10; it must be a fraction such as 0.001"),
        ((*TRY[1:], "--cash", "-1"), "--cash is -1; it must be above zero"),
        ((*TRY[1:], "--slippage", "x"), "--slippage: 'x' is not a decimal number"),
        ((*TRY[1:], "--step", "0"), "--step is 0; it must be above zero"),
        ((*TRY[1:], "--venue", "../x"), "venue is '../x'"),
        ((*TRY[1:], "--since", "x"), "--since is 'x'; it must be a time such as"),
        (
            (*TRY[1:], "--html", "no/such.html"),
            "no/such.html cannot be written: there is no folder",
        ),
    ],
)
def test_slips(desk: Desk, words: tuple[str, ...], told: str) -> None:
    keep()
    assert desk.refusal("backtest", *words).startswith(told)


@pytest.mark.parametrize(
    ("code", "exit_code", "told"),
    [
        ("class A(:", 2, ", line 1: invalid syntax"),
        ("x = 1\nimport nowhere_at_all", 1, "line 2, {file}: ModuleNotFoundError: No module"),
        ("A = 1", 2, "{file} has no bot: write class MyBot(Bot)"),
        (
            FOLLOWER + FOLLOWER.replace("Follower", "Other"),
            2,
            "{file} has several bots; name one such as {file}:Follower",
        ),
        (
            FOLLOWER.replace("start % 7_200_000", "start // 0"),
            1,
            "line 14, Follower.on_candle at the candle of 2026-01-01 00:00: ZeroDivisionError",
        ),
    ],
)
def test_a_file_that_is_no_bot(
    desk: Desk, tmp_path: Path, code: str, exit_code: int, told: str
) -> None:
    keep()
    keep(symbol="ETH/USDT")
    file = tmp_path / "mine.py"
    file.write_text(code)
    result = desk.run("backtest", str(file), code=exit_code)
    assert result.stdout == ""
    assert told.format(file=file) in result.stderr.splitlines()[-1]


def test_one_bot_in_a_file_needs_no_name(desk: Desk, tmp_path: Path) -> None:
    keep()
    keep(symbol="ETH/USDT")
    file = tmp_path / "mine.py"
    file.write_text(FOLLOWER)
    assert desk.run("backtest", str(file)).stdout.startswith("Follower on BTC/USDT, ETH/USDT 1h")
    told = desk.run("backtest", f"{file}:Follwer", code=2).stderr.splitlines()[-1]
    assert told == f"crypto-bot: {file} has no bot 'Follwer'; name one such as {file}:Follower"
