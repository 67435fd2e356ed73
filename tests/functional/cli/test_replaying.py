"""crypto-bot replay: exported lists of trades in, tables, a JSON file and a page out."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from chalicelib.bootstrap.candles import candle_lake
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.reports.style import STYLE
from tests.functional.cli.owner_desk import Desk
from tests.unit.replay.lists import newest
from tests.unit.replay.portfolios import hourly

BTC = [100 + 10 * (n % 10 < 5) + n % 3 for n in range(60)]
ETH = [50 + 10 * (n % 14 < 7) - n % 4 for n in range(60)]
SVG = "{http://www.w3.org/2000/svg}"


def listed(prices: list[int], *trips: tuple[int, int], side: str = "long") -> str:
    return newest(
        *((side, a, str(prices[a]), b, str(prices[b]), "2") for a, b in trips),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two lists, as TradingView names them, and the candles of their coins."""
    made = tmp_path / "user"
    made.mkdir()
    (made / "Trend_BINANCE_BTCUSDT_2024-01-03.csv").write_text(
        listed(BTC, (2, 8), (12, 18), (22, 28), (32, 38))
    )
    (made / "Majors_BINANCE_ETHUSDT_2024-01-03.csv").write_text(listed(ETH, (3, 9), (17, 24)))
    (made / "candles").mkdir()
    for name, opens in (("BTC", BTC), ("ETH", ETH)):
        rows = "".join(
            f"{row.start.isoformat()},{row.open},{row.high},{row.low},{row.close},1\n"
            for row in hourly(*opens)
        )
        path = made / "candles" / f"{name}-USDT.1h.csv"
        path.write_text(f"time,open,high,low,close,volume\n{rows}")
    return made


def files(folder: Path) -> list[str]:
    return [
        f"trend={folder}/Trend_BINANCE_BTCUSDT_2024-01-03.csv",
        f"majors={folder}/Majors_BINANCE_ETHUSDT_2024-01-03.csv",
    ]


def candles(folder: Path) -> tuple[str, str]:
    return ("--candles", str(folder / "candles"))


def test_policies_stand_side_by_side_and_nothing_is_stored(desk: Desk, folder: Path) -> None:
    told = desk.run("replay", *files(folder), *candles(folder))
    assert told.stdout.startswith("2 strategies, 12 alerts, 2024-01-01 01:00 to 2024-01-03 12:00")
    table = told.stdout.split("\n\n")[1].splitlines()
    assert [line.split()[0] for line in table] == [
        *("policy", "fixed", "boost", "equal", "inverse_volatility", "signal_sized")
    ]
    assert "Strategies under fixed:" in told.stdout
    assert not (desk.home / "state.sqlite3").exists()


def replayed(desk: Desk, folder: Path, *words: str, code: int = 0) -> Any:
    file = folder / "told.json"
    desk.run("replay", *files(folder), *words, "--json", str(file), code=code)
    return json.loads(file.read_text())


def test_the_document_has_everything(desk: Desk, folder: Path) -> None:
    weights = ("--weights", "trend=0.5,majors=0.3")
    costs = ("--fee", "0.002", "--slippage", "10", "--cash", "5000", "--lag", "5")
    read = replayed(desk, folder, *candles(folder), "--policy", "boost", *weights, *costs)
    assert (read["schema"], read["alerts"], read["lag_seconds"]) == (1, 12, 5)
    assert read["account"]["venue"]["virtual"] == {
        "balances": {"USDT": "5000"},
        "fee": "0.002",
        "slippage": "0.001",
        "instruments": {},
    }
    (policy,) = read["policies"]
    assert (policy["policy"], policy["weights"]) == ("boost", {"trend": "0.5", "majors": "0.3"})
    trend, majors = policy["strategies"]
    assert (trend["symbol"], trend["alerts"], majors["alerts"]) == ("BTC/USDT", 8, 4)
    won = sum(Decimal(part["profit"]) for part in policy["strategies"])
    assert policy["equity"][-1]["equity"] == pytest.approx(5000 + float(won))
    assert policy["summary"]["total_return"] == pytest.approx(float(won) / 5000)
    assert {each["slippage_bps"] for each in policy["alerts"]} == {"10"}
    assert [each["trades"] for each in read["lists"]] == [4, 2]
    assert read["lists"][0]["source"] == "Trend_BINANCE_BTCUSDT_2024-01-03.csv"


def test_the_page_stands_alone(desk: Desk, folder: Path) -> None:
    file, words = folder / "told.html", ("--search", "2", "--policy", "fixed", "--policy", "boost")
    desk.run("replay", *files(folder), *candles(folder), *words, "--html", str(file))
    page = file.read_text()
    root = ET.fromstring(page.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own
    assert {element.tag for element in root.iter()}.isdisjoint({"script", "img", "link", "iframe"})
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    titles = [h2.text for h2 in root.iter("h2")]
    assert titles[:3] == ["Policies side by side", "Equity", "fixed: strategies"]
    assert {"boost: alerts", "Weights searched", "What was assumed"} <= set(titles)
    assert len(list(root.iter(f"{SVG}svg"))) == 1 + 2 * 2


def test_no_two_policies_have_one_colour(desk: Desk, folder: Path) -> None:
    file = folder / "told.html"
    desk.run("replay", *files(folder), *candles(folder), "--html", str(file))
    root = ET.fromstring(file.read_text().removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own
    equity = next(root.iter(f"{SVG}svg"))
    drawn = [str(path.get("class")) for path in equity.iter(f"{SVG}path")]
    assert sorted(drawn) == ["curve1", "curve2", "curve3", "curve4", "curve5"]
    coloured = dict(re.findall(r"\.(curve\d) \{ stroke: (\S+);", STYLE))
    assert len({coloured[kind] for kind in drawn}) == 5


def test_names_of_files_cannot_break_the_page(desk: Desk, folder: Path) -> None:
    odd = folder / "<b>&'.csv"
    odd.write_text(listed(BTC, (2, 8)))
    file = folder / "told.html"
    words = ("--symbol", "BTC/USDT", "--policy", "fixed")
    desk.run("replay", str(odd), *candles(folder), *words, "--html", str(file))
    ET.fromstring(file.read_text().removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own


def test_a_list_that_cannot_be_read_is_left_out_and_said(desk: Desk, folder: Path) -> None:
    bad = folder / "bad.csv"
    bad.write_text("Nr,Typ,Datum\n1,Kauf,heute\n")
    words = (*candles(folder), "--policy", "fixed")
    told = desk.run("replay", str(bad), *files(folder), *words, code=1)
    assert "crypto-bot: left out: bad.csv, line 1: no column that is known says" in told.stderr
    assert "  left out: bad.csv, line 1" in told.stdout
    assert "2 strategies, 12 alerts" in told.stdout
    assert desk.refusal("replay", str(bad)).startswith("bad.csv, line 1: no column that is known")


def test_what_a_list_trades_is_asked_for_where_no_name_says_it(desk: Desk, folder: Path) -> None:
    plain = folder / "mine.csv"
    plain.write_text(listed(BTC, (2, 8)))
    words = ("--list-prices", "--policy", "fixed")
    assert desk.refusal("replay", str(plain), *words) == (
        "mine.csv does not say what it trades: give --symbol mine=BTC/USDT, or --symbol BTC/USDT"
        " for all files"
    )
    told = desk.run("replay", str(plain), "--symbol", "mine=btc/usdt", *words)
    assert "those of the lists themselves" in told.stdout
    assert "BTC/USDT" in told.stdout


def test_candles_of_the_lake_count_where_no_file_is_named(desk: Desk, folder: Path) -> None:
    words = ("--policy", "fixed", "--interval", "1h", "--symbol", "BTC/USDT")
    refused = desk.refusal("replay", files(folder)[0], *words)
    assert "crypto-bot candles download binance BTC/USDT --interval 1h" in refused
    candle_lake().write(candle_series("binance", "BTC/USDT", "1h"), hourly(*BTC))
    by_lake = desk.run("replay", files(folder)[0], *words).stdout
    assert by_lake == desk.run("replay", files(folder)[0], *words, *candles(folder)).stdout


def test_an_account_of_the_owners_lends_its_terms(desk: Desk, folder: Path) -> None:
    desk.configure()
    symbols = ("--symbol", "trend=BTC/USD", "--symbol", "majors=ETH/USD", "--list-prices")
    read = replayed(desk, folder, *symbols, "--account", "paper", "--policy", "fixed")
    assert read["account"]["name"] == "paper"
    (policy,) = read["policies"]
    assert policy["weights"] == {"trend": "0.5", "majors": "0.48"}
    assert desk.read("orders") == []
    assert desk.refusal("replay", *files(folder), *candles(folder), "--account", "paper") == (
        "account paper pays in USD, and the lists in USDT"
    )
    assert "no account papers" in desk.refusal(
        "replay", *files(folder), *candles(folder), "--account", "papers"
    )


def test_a_search_says_how_many_were_tried(desk: Desk, folder: Path) -> None:
    file = folder / "told.json"
    words = ("--policy", "fixed", "--search", "1", "--seed", "7", "--split", "0.5")
    told = desk.run("replay", *files(folder), *candles(folder), *words, "--json", str(file)).stdout
    assert "2 sets of weights were tried before 2024-01-02T06:30:00Z (seed 7)" in told
    read = json.loads(file.read_text())["search"]
    assert (read["trials"], read["seed"], len(read["tried"])) == (2, 7, 2)
    assert read["best"] in read["tried"]
    assert read["after"].keys() == {"best", "given"}


def test_since_and_until_bound_the_alerts(desk: Desk, folder: Path) -> None:
    words = (*candles(folder), "--policy", "fixed", "--since", "2024-01-01T10:00")
    assert replayed(desk, folder, *words)["alerts"] == 8
    assert replayed(desk, folder, *words, "--until", "2024-01-01T20:00")["alerts"] == 3
    assert desk.refusal("replay", *files(folder), *words, "--until", "2024-01-01T11:00") == (
        "no alert of the lists lies between --since and --until"
    )


def test_the_charts_time_zone_moves_the_alerts(desk: Desk, folder: Path) -> None:
    symbols = ("--symbol", "trend=BTC/USDT", "--symbol", "majors=ETH/USDT")
    words = (*symbols, "--list-prices", "--policy", "signal_sized", "--timezone")
    there = replayed(desk, folder, *words, "America/New_York")["policies"][0]["alerts"][0]
    here = replayed(desk, folder, *words, "UTC")["policies"][0]["alerts"][0]
    assert (there["at"], here["at"]) == ("2024-01-01T07:00:00Z", "2024-01-01T02:00:00Z")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--weights", "trend=0.5"), "--weights gives majors none; write majors=0 if it is to"),
        (("--weights", "trend=0.5,x=0.1"), "--weights names x; there are trend, majors"),
        (
            ("--weights", "trend=0.5,majors=0.49"),
            "--weights adds up to 0.99, more than 1 - reserve",
        ),
        (
            ("--weights", "trend=0.1,majors=0.3,trend=0.2"),
            "--weights gives trend twice, 0.1 and 0.2; give it one",
        ),
        (("--weights", "much"), "--weights has 'much'; it must be such as trend=0.5,majors=0.4"),
        (("--fee", "1"), "--fee is 1; it must be from 0 to below 1"),
        (("--slippage", "10000"), "--slippage is 10000; it must be from 0 to below 10000"),
        (("--cash", "0"), "--cash is 0; it must be above zero"),
        (("--minimum", "x"), "--minimum: 'x' is not a decimal number"),
        (("--timezone", "Mars/Base"), "--timezone is 'Mars/Base'; it must be the chart's, such as"),
        (("--timeframe", "soon"), "--timeframe: timeframe 'soon' is not a number with"),
        (("--symbol", "other=BTC/USDT"), "--symbol names other, and no file is called so"),
        (("--symbol", "BTCUSDT"), "--symbol is 'BTCUSDT'; it must be such as BTC/USDT"),
        (("--symbol", "trend=SOL/USDT"), "--candles has no file of SOL/USDT; there are BTC/USDT"),
        (("--list-prices",), "--candles and --list-prices are two sources; give one of them"),
        (("--candles", "nowhere"), "--candles is nowhere, and there is no such file or folder"),
        (("--json", "nowhere/a.json"), "nowhere/a.json cannot be written: there is no folder"),
    ],
)
def test_what_cannot_be_meant_is_refused(desk: Desk, folder: Path, words, said: str) -> None:
    refused = desk.refusal("replay", *files(folder), *candles(folder), *words)
    assert refused.startswith(said)
    assert not (desk.home / "state.sqlite3").exists()


def test_a_folder_without_candles_is_not_passed_over(desk: Desk, folder: Path) -> None:
    empty = folder / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("none yet")
    assert desk.refusal("replay", *files(folder), "--candles", str(empty)) == (
        f"--candles is {empty}, and no file in it is named like BTC-USDT.15m.csv or"
        " BTC-USDT.15m.parquet"
    )


def test_one_account_has_one_currency(desk: Desk, folder: Path) -> None:
    words = ("--list-prices", "--symbol", "trend=BTC/EUR", "--symbol", "majors=ETH/USDT")
    assert desk.refusal("replay", *files(folder), *words) == (
        "BTC/EUR, ETH/USDT are paid in EUR, USDT; one account has one currency"
    )


def test_two_files_need_two_names(desk: Desk, folder: Path) -> None:
    twice = [files(folder)[0]] * 2
    assert desk.refusal("replay", *twice, *candles(folder)).startswith("two files are called trend")


def test_candles_that_do_not_fit_are_named(desk: Desk, folder: Path) -> None:
    path = folder / "candles" / "BTC-USDT.1h.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[1]]))
    refused = desk.refusal("replay", *files(folder), *candles(folder))
    assert f"{path}: BTC/USDT 1h, candle 2 of 61, 2024-01-01 00:00:00: there are two of" in refused


def test_of_several_candle_files_the_interval_is_meant(desk: Desk, folder: Path) -> None:
    coarse = folder / "candles" / "BTC-USDT.4h.csv"
    coarse.write_text("time,open,high,low,close,volume\n2024-01-01T00:00:00Z,1,1,1,1,1\n")
    words = (*files(folder), *candles(folder), "--policy", "fixed")
    refused = desk.refusal("replay", *words)
    assert refused.endswith("of BTC/USDT: give one, or say which with --interval")
    assert "12 alerts" in desk.run("replay", *words, "--interval", "1h").stdout


def test_more_slippage_than_a_usual_limit_lets_in_is_still_filled(desk: Desk, folder: Path) -> None:
    words = (*candles(folder), "--policy", "fixed", "--slippage", "150")
    (policy,) = replayed(desk, folder, *words)["policies"]
    assert [part["executed"] for part in policy["strategies"]] == [8, 4]
    assert {alert["slippage_bps"] for alert in policy["alerts"]} == {"150"}
