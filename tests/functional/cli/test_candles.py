"""rank-markets, collect-candles and candles, as processes with a venue on this machine."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.clock import SystemClock
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import Minute
from tests.market.floor import SECOND, market_floor, trade
from tests.market.program import Machine
from tests.market.public_binance import (
    GECKO,
    PublicBinance,
    Publisher,
    candles_from,
    published,
    publisher,
)
from tests.venues.loopback import Answer

HOUR = timedelta(hours=1)
NOW = SystemClock().now().replace(minute=0, second=0, microsecond=0)
FIRST = NOW - 50 * HOUR


@pytest.fixture
def venue() -> Iterator[PublicBinance]:
    with PublicBinance("BTC/USDT", "ETH/USDT", "DOGE/USDT") as venue:
        made = candles_from(FIRST, 49)
        for name in ("BTCUSDT", "ETHUSDT", "DOGEUSDT"):
            venue.candles[name, "1h"] = made
            venue.volumes[name] = Decimal(2_000_000)
        yield venue


@pytest.fixture
def lists() -> Iterator[Publisher]:
    with publisher() as lists:
        published(lists, {"BTC": 900, "ETH": 300, "USDT": 100, "NOWHERE": 50})
        yield lists


@pytest.fixture
def machine(tmp_path: Path, venue: PublicBinance, lists: Publisher) -> Machine:
    return Machine(
        home=tmp_path,
        environment={
            "CANDLE_VENUE_OPTIONS": json.dumps(venue.options),
            "COINGECKO_URL": lists.url,
            "BINANCE_LISTS_URL": lists.url,
        },
    )


def documents(machine: Machine, *words: str) -> Any:
    return json.loads(machine.command(*words, "--json"))


def test_ranked_markets_are_collected(machine: Machine, lists: Publisher) -> None:
    with pytest.raises(AssertionError, match="CANDLE_SYMBOLS is not set and no markets are ranked"):
        machine.command("collect-candles")
    ranked = documents(machine, "rank-markets")
    assert [(row["market"], row["market_cap"]) for row in ranked] == [
        ("BTC/USDT", "900"),
        ("ETH/USDT", "300"),
    ]
    said = machine.command("collect-candles").splitlines()
    assert sorted(said) == [
        "binance BTC/USDT 1h: 49 candles, 0 missing in gaps",
        "binance ETH/USDT 1h: 49 candles, 0 missing in gaps",
    ]
    listed = documents(machine, "candles", "show")
    assert [(row["symbol"], row["interval"], row["gaps"]) for row in listed] == [
        ("BTC/USDT", "1h", 0),
        ("ETH/USDT", "1h", 0),
    ]
    last = documents(machine, "candles", "show", "binance", "ETH/USDT", "--limit", "2")
    expected = candles_from(FIRST, 49)[-1]
    assert (len(last), last[0]["close"]) == (2, str(expected.close))
    assert datetime.fromisoformat(last[0]["start"]) == expected.start
    lists.answers[GECKO] = Answer(status=503)
    assert machine.command("rank-markets").startswith("by binance-symbols, ")


def test_configured_markets_are_collected(machine: Machine) -> None:
    machine.environment = {**machine.environment, "CANDLE_SYMBOLS": "DOGE/USDT,NO/USDT"}
    with pytest.raises(AssertionError) as failed:
        machine.command("collect-candles")
    assert "binance DOGE/USDT 1h: 49 candles, 0 missing in gaps" in str(failed.value)
    assert "crypto-bot: binance has no spot market NO/USDT" in str(failed.value)


def test_a_download_goes_on_and_shows_gaps(machine: Machine, venue: PublicBinance) -> None:
    made = candles_from(FIRST, 49)
    venue.candles["BTCUSDT", "1h"] = made[:20] + made[23:30]
    words = ("candles", "download", "binance", "BTC/USDT", "DOGE/USDT")
    since = f"{made[5].start:%Y-%m-%dT%H:%M}"
    assert machine.command(*words, "--since", since).splitlines() == [
        "binance BTC/USDT 1h: 22 candles, 3 missing in gaps",
        "binance DOGE/USDT 1h: 44 candles, 0 missing in gaps",
    ]
    (gap,) = documents(machine, "candles", "gaps", "binance", "BTC/USDT")
    assert (gap["missing"], gap["asked"]) == (3, 1)
    assert datetime.fromisoformat(gap["start"]) == made[20].start
    venue.candles["BTCUSDT", "1h"] = made
    machine.command(*words)
    said = machine.command("candles", "gaps", "binance", "BTC/USDT")
    assert said == "Nothing is missing of binance BTC/USDT 1h.\n"
    rows = documents(machine, "candles", "show", "binance", "BTC/USDT", "--limit", "99")
    assert [row["volume"] for row in rows] == [str(c.volume) for c in reversed(made[5:])]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("download", "binance", "NO/USDT"), "binance has no spot market NO/USDT"),
        (("download", "binance", "BTCUSDT"), "symbol is 'BTCUSDT'; it must be base and quote"),
        (("download", "bynance", "BTC/USDT"), "exchange 'bynance' is unknown: did you mean"),
        (("download", "binance", "BTC/USDT", "--since", "x"), "--since is 'x'; it must be a time"),
        (("show", "../x", "BTC/USDT"), "venue is '../x'"),
    ],
)
def test_what_was_meant_otherwise(machine: Machine, words: tuple[str, ...], told: str) -> None:
    with pytest.raises(AssertionError) as failed:
        machine.command("candles", *words)
    assert f"crypto-bot: {told}" in str(failed.value)


def test_files_are_imported(machine: Machine, tmp_path: Path) -> None:
    made = candles_from(FIRST, 10)
    rows = [f"{c.start.isoformat()},{','.join(map(str, c[1:]))}" for c in made[:4] + made[6:]]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(["time,open,high,low,close,volume", *rows, "2024-01-01,1,0,1,1,1"]))
    words = ("candles", "import", str(path), "--venue", "binance", "--symbol", "ADA/USDT")
    assert machine.command(*words) == (
        "binance ADA/USDT 1h: 8 candles kept, 1 refused; 1 gaps, 2 candles missing\n"
    )
    path.write_text(f"time,price,quantity\n{int(FIRST.timestamp())},5,7\n")
    assert "1 candles kept" in machine.command(*words, "--interval", "1m")
    (row,) = documents(machine, "candles", "show", "binance", "ADA/USDT", "--interval", "1m")
    assert (row["open"], row["close"], row["volume"]) == ("5", "5", "7")
    assert machine.command("candles", "show", "kraken", "ADA/USDT") == (
        "There are no candles of kraken ADA/USDT 1h yet.\n"
    )


def test_a_file_says_how_long_its_candles_are(machine: Machine, tmp_path: Path) -> None:
    made = candles_from(FIRST, 20)
    quarters = [FIRST + number * timedelta(minutes=15) for number in range(20)]
    rows = [
        f"{start.isoformat()},{','.join(map(str, c[1:]))}"
        for start, c in zip(quarters, made, strict=True)
    ]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(["time,open,high,low,close,volume", *rows]))
    words = ("candles", "import", str(path), "--venue", "binance", "--symbol", "ADA/USDT")
    for wrong in ("1h", "1m"):
        with pytest.raises(AssertionError) as failed:
            machine.command(*words, "--interval", wrong)
        told = f"crypto-bot: {path} holds candles 15m apart, not {wrong}; give --interval 15m"
        assert told in str(failed.value)
    assert machine.command("candles", "show") == "There are no candles yet.\n"
    assert machine.command(*words) == (
        "binance ADA/USDT 15m: 20 candles kept, 0 refused; 0 gaps, 0 candles missing\n"
    )
    assert machine.command(*words, "--interval", "15m").startswith("binance ADA/USDT 15m: 20 ")


def test_archived_trades_become_candles(machine: Machine) -> None:
    start = datetime(2024, 8, 8, 23, 55, tzinfo=UTC)
    with market_floor(machine.home) as floor:
        for number in (0, 1, 4):
            minute = Minute("BTCUSDT", start + number * timedelta(minutes=1))
            lines = [trade(n, minute.start + n * SECOND) for n in range(3)]
            floor.put(minute, "p0-0", lines)
    words = ("candles", "build", "--venue", "binance", "--symbol", "BTC/USDT")
    assert machine.command(*words, "--since", "2024-08-08") == (
        "binance BTC/USDT 1m: 3 candles made; 1 gaps\n"
    )
    shown = documents(
        machine, "candles", "show", "binance", "BTC/USDT", "--interval", str(Interval.M1)
    )
    assert [row["volume"] for row in shown] == ["1.5"] * 3
