"""Portfolios on recorded candles: a year of eight instruments, and TradingView's own lists.

The data is not part of the repository: it is looked for in ../shared/data, or in the folder that
CRYPTO_BOT_TEST_DATA names.
"""

import json
import shutil
import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from chalicelib import bootstrap
from chalicelib.domain.bots.candles import Candles, at_ms
from chalicelib.domain.replay.orders import orders_of
from chalicelib.domain.replay.telling import History, Teller, tellings
from chalicelib.domain.replay.trade_list import TradeList, read_trade_list
from tests.functional.cli.owner_desk import Desk
from tests.market.recorded import trades_folder
from tests.real.fold import fold
from tests.real.test_candles import recorded, rows
from tests.real.trade_list import alerts_of, read_rows

COINS = ("ADA", "AVAX", "BTC", "DOGE", "ETH", "LINK", "LTC", "SOL")
YEAR = "{}-USDT.15m.2023-04-01.2024-04-09.parquet"
NEW_YORK = ZoneInfo("America/New_York")
HEADER = "\ufeffTrade number,Type,Date and time,Signal,Price USDT,Size (qty),Size (value)"
FAST, SLOW = 400, 3200
FEE = Decimal("0.001")


class Deal(NamedTuple):
    """`exit_price` of an open one is None."""

    entered_ms: int
    entry_price: Decimal
    exit_price: Decimal | None
    left_ms: int
    quantity: Decimal


def crossing(candles: Sequence[Any]) -> list[Deal]:
    """Long while the fast average is above the slow one, filled at the next open, 1,000 USDT."""
    deals: list[Deal] = []
    inside: tuple[int, Decimal] | None = None
    fast = slow = 0.0
    closes = [float(candle.close) for candle in candles]
    for place, close in enumerate(closes[:-1]):
        fast += close - (closes[place - FAST] if place >= FAST else 0)
        slow += close - (closes[place - SLOW] if place >= SLOW else 0)
        wants = place >= SLOW and fast * SLOW > slow * FAST
        fill = candles[place + 1]
        at = int(fill.start.timestamp()) * 1000
        if wants and inside is None:
            inside = (at, fill.open)
        elif not wants and inside is not None:
            deals.append(Deal(*inside, fill.open, at, round(1000 / inside[1], 3)))
            inside = None
    if inside is not None:
        deals.append(Deal(*inside, None, 0, round(1000 / inside[1], 3)))
    return deals


def exported(deals: Sequence[Deal]) -> str:
    """As TradingView lists them on a chart in New York: newest first, exit rows first."""
    lines = []
    for number, deal in enumerate(deals, 1):
        left, price = local(deal.left_ms), deal.exit_price
        of_exit = f"{left},Out,{price}" if price else "Open,Open,"
        lines.append(f"{number},Entry long,{local(deal.entered_ms)},In,{deal.entry_price},")
        lines.append(f"{number},Exit long,{of_exit},")
        lines[-2:] = [f"{line}{deal.quantity},1000" for line in lines[-2:]]
    return "\r\n".join([HEADER, *reversed(lines), ""])


def local(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, NEW_YORK):%Y-%m-%d %H:%M}"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield Desk(tmp_path / "home")
    bootstrap.reset()


@pytest.mark.slow
def test_a_year_of_eight_instruments(desk: Desk, tmp_path: Path) -> None:
    paths = {coin: recorded(YEAR.format(coin)) for coin in COINS}
    files, expected, last = [], {}, {}
    for coin, path in paths.items():
        candles = rows(path)
        assert len(candles) == 35_999
        expected[coin], last[coin] = crossing(candles), candles[-1].close
        file = tmp_path / f"{coin.lower()}_BINANCE_{coin}USDT_2024-04-09.csv"
        file.write_text(exported(expected[coin]), encoding="utf-8")
        files.append(f"{coin.lower()}={file}")
    told = tmp_path / "told.json"
    folder = str(paths["BTC"].parent)
    words = ("--candles", folder, "--timezone", "America/New_York", "--timeframe", "15m")
    policies = ("--policy", "signal_sized", "--policy", "boost")
    desk.run("replay", *files, *words, *policies, "--step", "0.001", "--json", str(told))
    read = json.loads(told.read_text())
    sized, boosted = read["policies"]
    for part in sized["strategies"]:
        deals = expected[part["strategy"].upper()]
        close = last[part["strategy"].upper()]
        profit = sum(
            deal.quantity * ((deal.exit_price * (1 - FEE)) if deal.exit_price else close)
            - deal.quantity * deal.entry_price * (1 + FEE)
            for deal in deals
        )
        assert Decimal(part["profit"]) == profit
        assert part["alerts"] == part["executed"] == sum(1 + bool(d.exit_price) for d in deals)
    assert read["alerts"] == sum(part["alerts"] for part in sized["strategies"]) > 60
    assert {a["slippage"] for a in sized["alerts"]} == {"0"}
    won = sum(Decimal(part["profit"]) for part in boosted["strategies"])
    assert boosted["equity"][-1]["equity"] == pytest.approx(10_000 + float(won))
    filled = [alert for alert in boosted["alerts"] if alert["price"] is not None]
    assert {alert["listed_price"] == alert["price"] for alert in filled} == {True}
    assert len(filled) + sum(reason["alerts"] for reason in boosted["reasons"]) == read["alerts"]
    assert sum(part["resized_for_others"] for part in boosted["strategies"]) > 20


@pytest.fixture
def lists() -> Path:
    folder = trades_folder().parent / "tradingview"
    if not folder.is_dir():
        pytest.skip(f"no exported trade lists: there is no folder {folder}")
    return folder


def listed(folder: Path, name: str) -> TradeList:
    path = folder / f"{name}.csv"
    return read_trade_list(path.read_text(encoding="utf-8-sig"), path.name, UTC)


@pytest.mark.parametrize(
    ("name", "trades", "orders"),
    [
        ("rsi_trades", 194, 194),
        ("macd_trades", 1808, 1808),
        ("bollinger_trades", 579, 579),
        ("supertrend_trades", 602, 602),
    ],
)
def test_exported_lists_become_the_alerts_that_they_imply(lists, name, trades, orders) -> None:
    found = listed(lists, name)
    assert (len(found.trades), found.currency) == (trades, "USD")
    assert found.trades[-1].exit is None  # open when the list was exported
    teller = Teller(name, "EURUSD", "60", timedelta(hours=1), None)
    told = list(tellings(orders_of(found), teller))
    others = alerts_of(name, "EURUSD", read_rows(lists / f"{name}.csv"))
    assert len(told) == orders
    for ours, theirs in zip(told, others, strict=True):
        shared = ours.message.keys() & theirs.message.keys()
        assert len(shared) == 13
        numbers = {key for key in shared if key.endswith(("price", "size", "contracts"))}
        for key in shared - numbers:
            assert ours.message[key] == theirs.message[key], key
        for key in numbers:
            assert Decimal(ours.message[key]) == Decimal(theirs.message[key]), key


@pytest.mark.slow
def test_tradingviews_lists_win_what_the_bare_fold_says(
    desk: Desk, lists: Path, tmp_path: Path
) -> None:
    names = ("rsi", "supertrend")
    cash = Decimal(10_000_000)
    books = fold(
        {name: read_rows(lists / f"{name}_trades.csv") for name in names}, cash=cash, fee_rate=FEE
    )
    candles, told = tmp_path / "EUR-USD.1h.csv", tmp_path / "told.json"
    shutil.copy(lists / "ohlcv.csv", candles)
    last = Decimal(candles.read_text().splitlines()[-1].split(",")[4])
    files = [f"{name}={lists}/{name}_trades.csv" for name in names]
    words = ("--symbol", "EUR/USD", "--candles", str(candles), "--policy", "signal_sized")
    amounts = ("--cash", str(cash), "--step", "0.1", "--json", str(told))
    desk.run("replay", *files, *words, *amounts)
    (policy,) = json.loads(told.read_text())["policies"]
    for part in policy["strategies"]:
        name = part["strategy"]
        held = books.quantities[name]
        assert Decimal(part["held"]) == held
        worth = books.realized[name] - books.costs[name] + held * last
        assert Decimal(part["profit"]) == pytest.approx(worth, abs=Decimal("1e-15"))
    assert {r["code"] for r in policy["reasons"]} == {"SHORT_NOT_ENABLED"}


def test_a_list_with_stops_is_read_and_none_is_told_too_early(lists: Path) -> None:
    found = listed(lists, "bar_magnifier_tv_trades")
    assert (len(found.trades), found.currency) == (56, "USDT")
    packed = (lists / "bar_magnifier_60m.ohlcv").read_bytes()
    columns = list(zip(*struct.iter_unpack("<I5f", packed), strict=True))
    start = [second * 1000 for second in columns[0]]
    prices = [[round(value, 2) for value in column] for column in columns[1:]]
    history = History(Candles(start, *prices), 3_600_000)
    orders = orders_of(found)
    told = list(tellings(orders, Teller("a", "BTCUSDT", "1d", timedelta(days=1), history)))
    inside, before = 0, orders[0].at
    for order, each in zip(orders, told, strict=True):
        begin, end = (bisect_left(start, at_ms(at)) for at in (order.at, each.at))
        seen = any(
            low <= float(order.price) <= high
            for high, low in zip(prices[1][begin:end], prices[2][begin:end], strict=True)
        )
        if each.at > order.at:
            inside += 1
            assert seen or each.at == before
        before = each.at
    assert inside > 40
