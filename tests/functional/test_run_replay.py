"""`crypto-bot run --replay-clock`: the alerts' own time, and the same books to the last byte."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.clock import ReplayClock
from chalicelib.bootstrap import Choices
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.ledger import EntryKind
from chalicelib.drivers.codec import encode
from chalicelib.ports import Exchange
from chalicelib.settings import Settings
from tests.functional.running import configure, run_to_its_end, running

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
HOURS = 48


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    """Hourly candles that open at 100, 101, 102 ..."""
    path = tmp_path / "BTC-USDT.1h.csv"
    rows = (
        f"{(MONDAY + timedelta(hours=n)).isoformat()},{100 + n},{100 + n}.5" for n in range(HOURS)
    )
    path.write_text("\n".join(["time,open,close", *rows]), encoding="utf-8")
    return path


def virtual(**changes):
    options = {"virtual": {"balances": {"USDT": "1000"}, "fee": "0"}}
    return {"prices_from": "", "exchange_options": options, **changes}


def replay(home: Path, candles: Path) -> list[str]:
    """An entry or an exit every second hour, each told twice; the entries of the ledger."""
    configure(home, account=virtual(), sibling_wait=20)
    with running(home, "--replay-clock", "--prices", str(candles)) as program:
        for number in range(12):
            at = MONDAY + timedelta(hours=2 * number)
            position = "flat" if number % 2 else "long"
            assert program.alert(position, at) == 200
            assert program.alert(position, at) == 200
        assert program.interrupt() == 0
    bootstrap.use(Choices(settings=Settings(), home=home))
    entries = [encode(entry) for entry in bootstrap.trading().ledger.entries("paper")]
    bootstrap.reset()
    return entries


def test_two_replays_give_the_same_books_to_the_last_byte(tmp_path, candles):
    first = replay(tmp_path / "first", candles)
    assert len(first) == 13  # the opening, six entries, six exits
    assert replay(tmp_path / "second", candles) == first


def test_ticks_come_at_the_minute_in_which_something_is_due(tmp_path, candles):
    replay(tmp_path, candles)
    bootstrap.use(Choices(settings=Settings(), home=tmp_path))
    fills = [e for e in bootstrap.trading().ledger.entries("paper") if e.kind is EntryKind.FILL]
    bootstrap.reset()
    entry, leaving = fills[:2]
    assert entry.at == MONDAY + timedelta(minutes=1)  # 20 s after the alert, at a whole minute
    assert leaving.at == MONDAY + timedelta(hours=2)  # an exit is urgent
    assert (-entry.executions[0].quote, -leaving.executions[0].quote) == (
        -entry.executions[0].quantity * Decimal(100),
        entry.executions[0].quantity * Decimal(102),
    )


def test_what_is_due_after_the_last_alert_is_done_before_the_end(tmp_path, candles):
    configure(tmp_path, account=virtual())
    with running(tmp_path, "--replay-clock", "--prices", str(candles)) as program:
        assert program.alert("long", MONDAY) == 200
        assert program.interrupt() == 0
        assert "1 orders sent, 1 fills booked" in program.lines[-1]


def test_a_replay_trades_virtual_accounts_only(tmp_path, candles):
    configure(tmp_path, account={"exchange": "binance", "mode": "sandbox", "secret": "keys"})
    ended = run_to_its_end(tmp_path, "--port", "0", "--replay-clock", "--prices", str(candles))
    assert ended.returncode == 2
    assert "account paper has mode sandbox; a replay trades virtual accounts only" in ended.stderr


def test_a_replay_needs_prices_and_prices_need_a_replay(tmp_path, candles):
    without = run_to_its_end(tmp_path, "--port", "0", "--replay-clock")
    assert without.returncode == 2
    assert "--prices FILE" in without.stderr
    alone = run_to_its_end(tmp_path, "--port", "0", "--prices", str(candles))
    assert alone.returncode == 2
    assert "--replay-clock" in alone.stderr


@pytest.mark.parametrize("name", ["", "BTC-USDT.15m.parquet", "prices.csv"])
def test_a_folder_without_candles_never_means_synthetic_prices(tmp_path, candles, name):
    prices, home = tmp_path / "prices", tmp_path / "home"
    prices.mkdir()
    if name:
        (prices / name).write_bytes(candles.read_bytes())
    configure(home)
    words = ("--port", "0", "--for", "2", "--replay-clock", "--prices", str(prices))
    ended = run_to_its_end(home, *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(
        f"crypto-bot: --prices is {prices}, and no file in it is named like BTC-USDT.1h.csv"
    )


def test_such_a_folder_is_refused_before_a_home_is_made(tmp_path):
    prices, home = tmp_path / "prices", tmp_path / "home"
    prices.mkdir()
    words = ("--port", "0", "--for", "2", "--replay-clock", "--prices", str(prices))
    assert run_to_its_end(home, *words).returncode == 2
    assert not home.exists()


@pytest.fixture
def priced_by(tmp_path):
    """The account of a home, opened with these prices for the whole run."""
    home = tmp_path / "home"
    configure(home)

    def open_with(prices: Path) -> Exchange:
        clock = ReplayClock(MONDAY)
        bootstrap.use(Choices(settings=Settings(), home=home, clock=clock, prices=prices))
        return bootstrap.exchanges().open(bootstrap.strategies().configuration().accounts["paper"])

    yield open_with
    bootstrap.reset()


def test_the_runs_own_prices_are_the_only_ones(tmp_path, candles, priced_by):
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(SettingsError, match=r"no file in it is named like BTC-USDT\.1h\.csv"):
        priced_by(folder)
    (folder / "ETH-USDT.1h.csv").write_bytes(candles.read_bytes())
    assert priced_by(folder).tickers(["BTC/USDT", "ETH/USDT"]).keys() == {"ETH/USDT"}


def test_an_account_that_follows_nothing_takes_no_other_prices(candles, priced_by):
    priced_by(candles)
    account = replace(bootstrap.strategies().configuration().accounts["paper"], name="idle")
    assert bootstrap.exchanges().open(account).tickers(["BTC/USDT"]) == {}


def test_a_replay_goes_on_where_an_earlier_one_ended(tmp_path, candles):
    configure(tmp_path, account=virtual())
    for number, position in enumerate(("long", "flat")):
        with running(tmp_path, "--replay-clock", "--prices", str(candles)) as program:
            assert program.alert(position, MONDAY + timedelta(hours=26 * number)) == 200
            assert program.interrupt() == 0
            assert "1 orders sent, 1 fills booked" in program.lines[-1]


def test_a_replay_goes_on_after_a_kill(tmp_path, candles):
    configure(tmp_path, account=virtual())
    with running(tmp_path, "--replay-clock", "--prices", str(candles)) as program:
        for hour, position in enumerate(("long", "flat", "long")):
            assert program.alert(position, MONDAY + timedelta(hours=hour)) == 200
        program.kill()
    with running(tmp_path, "--replay-clock", "--prices", str(candles)) as program:
        assert program.alert("flat", MONDAY + timedelta(hours=9)) == 200
        assert program.interrupt() == 0
        assert "2 orders sent, 2 fills booked" in program.lines[-1]


def test_where_ordinary_ticks_have_run_nothing_is_replayed(tmp_path, candles):
    configure(tmp_path, account=virtual(prices_from="synthetic"))
    assert run_to_its_end(tmp_path, "--port", "0", "--for", "2").returncode == 0
    words = ("--port", "0", "--for", "2", "--replay-clock", "--prices", str(candles))
    ended = run_to_its_end(tmp_path, *words)
    assert ended.returncode == 2
    assert ended.stderr.startswith("crypto-bot: ordinary ticks have run in this home, the last at ")
    assert ended.stderr.endswith("choose another folder with --home\n")
    assert "Replay: " not in ended.stdout
