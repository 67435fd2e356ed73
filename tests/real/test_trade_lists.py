"""TradingView's own exported trade lists, posted as alerts to the real program over HTTP.

The data is not part of the repository: it is looked for in ../shared/data, or in the folder that
CRYPTO_BOT_TEST_DATA names.
"""

import csv
import io
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.real.fold import Books, fold
from tests.real.program import House
from tests.real.trade_list import FLAT, LONG, SHORT, Alert, Row, alerts_of, merged, read_rows

NAMES = ("rsi", "macd", "supertrend")
TICKER = "EURUSD"
CASH = Decimal(10_000_000)
FEE_RATE = Decimal("0.001")
KILL_AFTER = 0.01  # seconds: in the middle of the tick that an alert sets off
REPOSITORY = Path(__file__).resolve().parents[2]
# The books realise a part sale by a quotient; all other amounts are compared to the last digit.
NOISE = Decimal("1e-20")

STRATEGY = """
[strategies.{name}]
instruments = {{ EURUSD = "EUR/USD" }}
timeframe = "1h"
"""
ACCOUNT = """
[accounts.replay]
exchange = "virtual"
mode = "virtual"
quote = "USD"
policy = "signal_sized"
prices_from = "synthetic"  # the run's --prices go before these, or no amount would be right

[accounts.replay.exchange_options.virtual]
balances = {{ USD = "{cash}" }}
fee = "{fee}"

[accounts.replay.exchange_options.virtual.instruments."EUR/USD"]
quantity_step = "0.1"
price_tick = "0.00001"
"""

Lists = dict[str, list[Row]]
Record = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What the program made of the lists, as its commands say it after it has been stopped."""

    alerts: Sequence[Alert]
    summary: str
    seconds: float
    ledger: str
    signals: Sequence[Record]
    positions: Mapping[str, Record]
    balances: Sequence[Record]

    @property
    def postings(self) -> list[dict[str, str]]:
        """The rows of the exported ledger."""
        return list(csv.DictReader(io.StringIO(self.ledger)))


@pytest.fixture
def data() -> Path:
    named = os.environ.get("CRYPTO_BOT_TEST_DATA")  # noqa: TID251 - where the data is
    folder = (Path(named) if named else REPOSITORY.parent / "shared" / "data") / "tradingview"
    if not folder.is_dir():
        pytest.skip(f"no exported trade lists: there is no folder {folder}")
    return folder


def read_list(folder: Path, name: str) -> list[Row]:
    return read_rows(folder / f"{name}_trades.csv")


def replay(root: Path, folder: Path, lists: Lists, *, kill_at: Sequence[int] = ()) -> Replayed:
    """Configure an empty house, run the program in it, post every alert, stop it, ask it.

    At each alert number of `kill_at` the program is killed over it, and started again.
    """
    root.mkdir()
    house = House(root=root)
    hooks = configure(house, lists)
    alerts = merged(alerts_of(name, TICKER, rows) for name, rows in lists.items())
    options = ("--no-demo", "--replay-clock", "--prices", str(folder / "ohlcv.csv"))
    answers: Counter[tuple[int, str]] = Counter()
    began = time.monotonic()
    for first, last in pairwise([0, *kill_at, len(alerts)]):
        with house.running(*options) as server:
            for alert in alerts[first:last]:
                status, body = server.post(hooks[alert.strategy], alert.message)
                answers[status, body["status"]] += 1
            if last < len(alerts):
                fatal = alerts[last]
                server.die_over(hooks[fatal.strategy], fatal.message, after=KILL_AFTER)
    seconds = time.monotonic() - began
    repeated = answers.pop((200, "duplicate"), 0)  # stored before the kill, answered after it
    assert repeated <= len(kill_at)
    assert answers == {(200, "stored"): len(alerts) - repeated}
    assert list(house.user.iterdir()) == []  # nothing is kept but in the bot's own folder
    return Replayed(
        alerts=alerts,
        summary=house.last_line(),
        seconds=seconds,
        ledger=house.command("export", "ledger"),
        signals=house.export("signals"),
        positions={row["strategy"]: row for row in house.read("positions", "--all")},
        balances=house.read("balances"),
    )


def configure(house: House, lists: Lists) -> dict[str, str]:
    """One account that follows a strategy per list; the path of each one's webhook."""
    strategies = "".join(STRATEGY.format(name=name) for name in lists)
    account = ACCOUNT.format(cash=CASH, fee=FEE_RATE)
    account += "".join(f"\n[accounts.replay.strategies.{name}]\n" for name in lists)
    applied = house.read("strategies", "apply", house.write("strategies.toml", strategies))
    house.command("accounts", "apply", house.write("accounts.toml", account))
    hooks = {name: urlsplit(url).path for name, url in applied["webhooks"].items()}
    assert len(set(hooks.values())) == len(lists)  # a token each
    return hooks


@pytest.mark.slow
def test_three_trade_lists_become_the_books_that_they_imply(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lists = {name: read_list(data, name) for name in NAMES}
    books = fold(lists, cash=CASH, fee_rate=FEE_RATE)
    replayed = replay(tmp_path / "all", data, lists)
    with capsys.disabled():
        # To stderr, for that is what a worker of pytest-xdist shares with the log.
        sys.stderr.write("\n".join(["", *_told(replayed, books, lists), ""]))
    check_that_every_alert_ended_as_it_must(replayed, books)
    check_that_only_open_last_rows_gave_no_alert(replayed, lists)
    check_the_books(replayed, books)
    # Where the lists meet, they all turn the same way, and share an order.
    moves = books.long_entries + books.long_exits
    assert 0 < books.orders < moves


@pytest.mark.slow
def test_strategies_cross_and_every_run_exports_the_same_bytes_killed_or_not(
    data: Path, tmp_path: Path
) -> None:
    rows = [row for row in read_list(data, "rsi") if row.trade <= 40]
    lists = {
        "rsi": rows,
        "against-rsi": against(rows, Decimal("2.5")),
        "small-rsi": [replace(row, quantity=Decimal("0.7")) for row in rows],
    }
    books = fold(lists, cash=CASH, fee_rate=FEE_RATE)
    assert books.crosses > books.orders > 0
    first = replay(tmp_path / "first", data, lists)
    check_the_books(first, books)
    assert replay(tmp_path / "second", data, lists).ledger == first.ledger
    killed = replay(tmp_path / "killed", data, lists, kill_at=(7, 31, 63, 64, 98))
    assert killed.ledger == first.ledger


def against(rows: Iterable[Row], quantity: Decimal) -> list[Row]:
    """A strategy that always does the opposite."""
    other = {LONG: SHORT, SHORT: LONG}
    return [replace(row, side=other[row.side], quantity=quantity) for row in rows]


def check_that_every_alert_ended_as_it_must(replayed: Replayed, books: Books) -> None:
    ends = {(s["strategy"], s["fired_at"]): s for s in replayed.signals}
    assert len(ends) == len(replayed.signals) == len(replayed.alerts)
    ended = Counter(
        _ending(alert, ends[alert.strategy, alert.message["time"]]) for alert in replayed.alerts
    )
    assert ended == Counter(
        {
            "bought": books.long_entries,
            "sold, short denied": books.long_exits,
            "short denied": books.short_entries - books.long_exits,
        }
    )


def _ending(alert: Alert, signal: Record) -> str:
    status, reason = signal["status"], signal["reason"]
    said = f"{alert} ended {status}: {reason}"
    if alert.position == LONG:
        assert status == "EXECUTED", said
        return "bought"
    assert alert.position == SHORT, said
    if alert.before == FLAT:
        assert (status, "short denied" in reason) == ("DENIED", True), said
        return "short denied"
    closed = reason.startswith("closed long, short denied")
    assert (status, closed) == ("PARTIALLY_EXECUTED", True), said
    return "sold, short denied"


def check_that_only_open_last_rows_gave_no_alert(replayed: Replayed, lists: Lists) -> None:
    for name, rows in lists.items():
        left_out = [row for row in rows if row.is_open]
        assert [row.trade for row in left_out] == [max(row.trade for row in rows)]
        sent = [alert for alert in replayed.alerts if alert.strategy == name]
        # Each entry is an alert of its own, and every exit but the open one shares the next.
        assert len(sent) == len(rows) / 2


def check_the_books(replayed: Replayed, books: Books) -> None:
    """Ledger, balances and positions against the fold: quantities, cash, fees, profits."""
    sums = _sums(replayed.postings)
    held = {(f"strategy:{n}", "EUR"): q for n, q in books.quantities.items() if q}
    assert sums["fees", "USD"] == books.all_fees
    assert _owned(sums) == {("pool", "USD"): books.cash, **held}
    assert _history(replayed.postings) == dict(_changes(books))
    balances = {(b["owner"], b["asset"]): Decimal(b["amount"]) for b in replayed.balances}
    assert balances == {("pool", "USD"): books.cash, **held}
    assert set(replayed.positions) == set(books.quantities)
    for name, position in replayed.positions.items():
        assert Decimal(position["quantity"]) == books.quantities[name]
        assert abs(Decimal(position["fees"]) - books.fees[name]) < NOISE
        assert abs(Decimal(position["realized"]) - books.realized[name]) < NOISE
    entries = Counter({row["entry_id"]: row["kind"] for row in replayed.postings}.values())
    assert entries == Counter(opening=1, fill=books.orders, cross=books.crosses)


def _sums(rows: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = {}
    for row in rows:
        key = (row["owner"], row["asset"])
        sums[key] = sums.get(key, Decimal(0)) + Decimal(row["amount"])
    return sums


def _owned(sums: Mapping[tuple[str, str], Decimal]) -> dict[tuple[str, str], Decimal]:
    return {k: amount for k, amount in sums.items() if amount and k[0] not in {"exchange", "fees"}}


def _history(rows: Iterable[Mapping[str, str]]) -> dict[tuple[datetime, str], Decimal]:
    """What each strategy held after every hour in which that changed, by the ledger."""
    held: dict[str, Decimal] = {}
    history: dict[tuple[datetime, str], Decimal] = {}
    for row in rows:
        if row["owner"].startswith("strategy:"):
            name = row["owner"].removeprefix("strategy:")
            held[name] = held.get(name, Decimal(0)) + Decimal(row["amount"])
            hour = datetime.fromisoformat(row["at"]).replace(minute=0, second=0, microsecond=0)
            history[hour, name] = held[name]
    return history


def _changes(books: Books) -> Iterator[tuple[tuple[datetime, str], Decimal]]:
    """The same by the fold: an alert fires at the full hour, its tick comes a minute later."""
    before = dict.fromkeys(books.quantities, Decimal(0))
    for at, quantities in books.history.items():
        for name, quantity in quantities.items():
            if quantity != before[name]:
                yield (at, name), quantity
        before = quantities


def _told(replayed: Replayed, books: Books, lists: Lists) -> Iterator[str]:
    yield (
        f"{len(replayed.alerts)} alerts in {replayed.seconds:.1f} s: {books.long_entries} long "
        f"entries, {books.long_exits} exits, {books.short_entries} shorts denied, "
        f"{books.orders} orders; cash {books.cash}, fees {books.all_fees}"
    )
    for name, rows in lists.items():
        for row in (row for row in rows if row.is_open):
            yield f"no alert: {name} trade {row.trade}, {row.side} and open at {row.at}"
    yield replayed.summary
