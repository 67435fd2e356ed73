"""crypto-bot replay: the chart's interval, and times in which there are no candles."""

import json
from pathlib import Path

import pytest

from tests.functional.cli.owner_desk import Desk
from tests.unit.replay.lists import newest
from tests.unit.replay.portfolios import hourly

POLICY = ("--policy", "signal_sized")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hourly candles of eleven days; at ten o'clock of the tenth the price falls to 89."""
    made = tmp_path / "user"
    made.mkdir()
    rows = "".join(
        f"{row.start.isoformat()},{row.open},{row.high},{row.low},{row.close},1\n"
        for row in hourly(*[100] * (24 * 9 + 11), *[89] * 37)
    )
    (made / "BTC-USDT.1h.csv").write_text(f"time,open,high,low,close,volume\n{rows}")
    return made


def words(folder: Path, *trades: tuple[str, int, str, int | None, str, str]) -> tuple[str, ...]:
    path = folder / "mine_BTCUSDT.csv"
    path.write_text(newest(*trades))
    return (f"mine={path}", "--candles", str(folder), *POLICY)


def test_alerts_of_a_time_in_which_no_candle_closes_are_refused(desk: Desk, folder: Path) -> None:
    said = (
        "BTC/USDT has alerts between --since and --until, and no candle of it closes in that time:"
        " its candles are from 2024-01-01 00:00 to 2024-01-12 00:00, of 60 minutes each; take"
        " others with --candles or --interval, or more time"
    )
    asked = words(folder, ("long", 9_000, "100", 9_002, "90", "1"))
    beyond = (*asked, "--since", "2024-06-01")
    assert desk.refusal("replay", *beyond) == said
    assert desk.refusal("replay", *beyond, "--search", "2") == said


def test_a_search_needs_time_to_divide(desk: Desk, folder: Path) -> None:
    asked = words(folder, ("long", 2, "100", 9, "100", "1"))
    span = ("--since", "2024-01-01T02:00", "--until", "2024-01-01T03:00")
    assert desk.refusal("replay", *asked, *span, "--search", "2") == (
        "--search divides the time in two, and there is one moment alone of which prices are"
        " known, 2024-01-01 02:00; give it more time"
    )


def test_a_daily_charts_stop_is_not_sold_at_its_candles_open(desk: Desk, folder: Path) -> None:
    days = [("long", 24 * n, "100", 24 * n + 24, "100", "1") for n in (1, 3, 5)]
    asked = words(folder, *days, ("long", 24 * 8, "100", 24 * 9, "90", "1"))
    file = folder / "told.json"

    def last(*more: str) -> tuple[str, str, list[str]]:
        desk.run("replay", *asked, *more, "--json", str(file))
        read = json.loads(file.read_text())
        alert = read["policies"][0]["alerts"][-1]
        return alert["at"], alert["price"], read["notes"]

    at, price, notes = last()
    assert (at, price) == ("2024-01-10T11:00:00Z", "89")
    assert notes == [
        "mine: its times are those of a chart of 1d, which was taken for its timeframe; if it is"
        " another, say --timeframe"
    ]
    assert last("--timeframe", "1d") == (at, price, [])
    _, _, notes = last("--timeframe", "1h")
    assert notes == [
        "mine: --timeframe is 1h, and its times are those of a chart of 1d: if it is one, orders"
        " were told too early; say --timeframe 1d",
        "mine: no candle came to the listed price in 1 of 8 orders; such are told when the chart's"
        " candle has closed; are the candles of that market, and --timezone and --timeframe the"
        " chart's?",
    ]


def test_a_stop_that_another_venues_candles_did_not_come_to(desk: Desk, folder: Path) -> None:
    file = folder / "told.json"
    asked = words(folder, ("long", 24 * 9, "100", 24 * 9 + 10, "88.9", "1"))
    desk.run("replay", *asked, "--timeframe", "1h", "--until", "2024-01-11", "--json", str(file))
    read = json.loads(file.read_text())
    alert = read["policies"][0]["alerts"][-1]
    assert (alert["at"], alert["price"]) == ("2024-01-10T11:00:00Z", "89")
    assert read["notes"][0].startswith("mine: no candle came to the listed price in 1 of 2 orders")
    won = float(read["policies"][0]["strategies"][0]["profit"])
    assert read["policies"][0]["equity"][-1]["equity"] == pytest.approx(10_000 + won)


def test_notes_are_of_the_time_that_is_replayed(desk: Desk, folder: Path) -> None:
    hourly_ones = [("long", hour, "100", hour + 5, "100", "1") for hour in (31, 37)]
    asked = words(folder, ("long", 2, "100", 8, "50", "1"), *hourly_ones)
    file = folder / "told.json"
    desk.run("replay", *asked, "--json", str(file))
    (note,) = json.loads(file.read_text())["notes"]  # 1h is the usual one: nothing is said of it
    assert note.startswith("mine: no candle came to the listed price in 1 of 6 orders")
    desk.run("replay", *asked, "--since", "2024-01-02", "--json", str(file))
    assert json.loads(file.read_text())["notes"] == []


def test_with_the_lists_own_prices_nothing_is_said_of_charts(desk: Desk, folder: Path) -> None:
    file = folder / "told.json"
    asked = words(folder, ("long", 0, "100", 24, "100", "1"), ("long", 48, "1", None, "1", "1"))
    own = ("--symbol", "BTC/USDT", "--list-prices", *POLICY, "--json", str(file))
    desk.run("replay", asked[0], *own)
    assert json.loads(file.read_text())["notes"] == []
