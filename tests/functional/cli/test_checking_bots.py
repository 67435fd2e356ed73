"""crypto-bot check-bot: a bot that would do something else live is told so, with exit code 1."""

import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.bootstrap.candles import candle_lake
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from tests.functional.cli.owner_desk import Desk
from tests.unit.bots.bot_prices import moving

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
GOOD = """
from chalicelib.domain.bots import Bot, Param

class Good(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"
    warmup = 5
    length = Param(5, 2, 50)

    def start(self, ctx):
        self.line = ctx.sma(self.length)

    def on_candle(self, ctx):
        ctx.target(1.0 if ctx.close > self.line.value else 0, band=0.1)
"""
FORGETFUL = """
from datetime import datetime
from chalicelib.domain.bots import every
seen = []

@every("1h", "BTC/USDT")
def forgetful(state, data):
    seen.append(data.close)
    if len(seen) % 7 == 0:
        data.buy(value=10)
    if datetime.now().year == 1970:
        data.sell()
"""


@pytest.fixture
def house(desk: Desk) -> Desk:
    """With 120 hours of BTC/USDT in the lake."""
    columns = moving(120)
    rows = [
        Candle(FIRST + number * HOUR, *(Decimal(str(value)) for value in row))
        for number, row in enumerate(zip(*columns.prices, strict=True))
    ]
    candle_lake().write(candle_series("binance", "BTC/USDT", "1h"), rows)
    return desk


def written(tmp_path: Path, source: str) -> str:
    file = tmp_path / "mine.py"
    file.write_text(source)
    return str(file)


@pytest.mark.parametrize("how", [(), ("--contained",)], ids=["here", "contained"])
def test_a_bot_that_stands_it_is_told_so(house: Desk, tmp_path: Path, how: tuple[str, ...]) -> None:
    if how and sys.platform == "win32":
        pytest.skip("processes cannot be limited there")
    told = house.run("check-bot", written(tmp_path, GOOD), *how)
    assert told.stdout.startswith("Good on binance does the same however it is run, on 120 candles")
    assert ("runs in this process" in told.stderr) is not bool(how)


@pytest.mark.parametrize("how", [(), ("--contained",)], ids=["here", "contained"])
def test_what_is_found_is_told_line_by_line(
    house: Desk, tmp_path: Path, how: tuple[str, ...]
) -> None:
    told = house.run("check-bot", written(tmp_path, FORGETFUL), *how, code=1)
    clock, memory = told.stdout.splitlines()
    assert clock == (
        "Wrong, source: line 11: datetime.datetime.now is the time where it runs; ctx.now is when"
        " the candle closed"
    )
    assert memory.startswith("Wrong, memory: it remembers outside of ctx.state")
    assert "01-01 05:00 a second run has buy BTC/USDT value 10 instead of nothing" in memory


def test_only_the_candles_that_were_named_are_looked_at(house: Desk, tmp_path: Path) -> None:
    words = ("--since", "2026-01-02", "--until", "2026-01-04", "--param", "length=4")
    told = house.run("check-bot", f"{written(tmp_path, GOOD)}:Good", *words)
    assert "on 48 candles with" in told.stdout


def test_without_candles_the_line_to_fetch_them_is_said(desk: Desk) -> None:
    told = desk.run("check-bot", "scalper", "--instrument", "BTC/USDT", code=2)
    assert "there are no candles of binance BTC/USDT 1m in the lake; to fetch them:" in told.stderr
    assert "crypto-bot candles download binance BTC/USDT --interval 1m" in told.stderr
