"""Bots at the keyboard: from recorded candles to a booked order, and every slip one sentence."""

import re
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from moto import mock_aws

from chalicelib import bootstrap
from chalicelib.bootstrap.market import bus
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.deployment import Deployment
from chalicelib.domain.market.bus_message import Record
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import create_table
from chalicelib.worker.bots import bots
from tests.functional.cli.owner_desk import Desk
from tests.market.klines import FIRST, MINUTE, kline, price_file, record
from tests.unit.bots.paper_market import scripted

CLOSES = ["100", "101", "99.2", "99.4", "97", "98.5", "98.5", "97", "97"]
STRATEGY = """
[strategies.scalper]
instruments = { BTCUSDT = "BTC/USDT", ETHUSDT = "ETH/USDT" }
timeframe = "1m"
sibling_wait = 0
max_lag = 120
"""
ACCOUNT = """
[accounts.paper]
exchange = "virtual"
mode = "virtual"
quote = "USDT"
policy = "signal_sized"

[accounts.paper.exchange_options.virtual]
balances = {{ USDT = "1000" }}
fee = "0"

[accounts.paper.exchange_options.virtual.prices.files]
"BTC/USDT" = "{prices}"
"ETH/USDT" = "{prices}"

[accounts.paper.exchange_options.virtual.instruments."BTC/USDT"]
quantity_step = "0.001"
minimum_notional = "10"

[accounts.paper.strategies.scalper]
weight = 0.5
"""
BTC_BOT = ("worker", "bots", "--once", "--bot", "scalper", "--instrument", "BTC/USDT")


@pytest.fixture
def house(desk: Desk, tmp_path: Path) -> Desk:
    """A strategy for the bot to speak for, and an account that follows it."""
    strategies, accounts = tmp_path / "strategies.toml", tmp_path / "accounts.toml"
    prices = price_file(tmp_path / "BTC-USDT.1m.csv", CLOSES + ["97"] * 20)
    strategies.write_text(STRATEGY, encoding="utf-8")
    accounts.write_text(ACCOUNT.format(prices=prices), encoding="utf-8")
    desk.run("strategies", "apply", str(strategies))
    desk.run("accounts", "apply", str(accounts))
    return desk


def play(house: Desk, first: int, end: int) -> str:
    """These candles come over the bus, two seconds pass, and the bot is shown them."""
    closes = [kline(n, CLOSES[n]) for n in range(first, end)]
    house.run("worker", "stream", "--replay", str(record(house.home / "frames", closes)))
    house.clock.advance_to(FIRST + end * MINUTE + timedelta(seconds=2))
    return house.run(*BTC_BOT, "--since", FIRST.isoformat()).stdout


def test_a_fall_on_the_stream_is_a_booked_order_and_a_rise_its_sale(house: Desk) -> None:
    assert play(house, 0, 2) == "0 signals\n"
    assert play(house, 2, 3) == "1 signals\n"  # 101 to 99.2
    house.run("tick")
    (bought,) = house.read("orders")
    assert (bought["side"], bought["status"], bought["strategies"]) == (
        "buy",
        "FILLED",
        ["scalper"],
    )
    # A tenth of 1,000 at 99.2, in the venue's steps; the parts below are not bought.
    assert bought["filled"] == "1.008"
    (holding,) = house.read("positions")
    assert (holding["quantity"], holding["cost"]) == ("1.008", "99.9936")
    assert play(house, 3, 5) == "0 signals\n"  # it has bought already
    assert play(house, 5, 6) == "1 signals\n"  # 97 to 98.5
    house.run("tick")
    assert [order["side"] for order in house.read("orders")] == ["sell", "buy"]
    assert house.read("positions") == []
    signals = house.read("signals")
    assert [(s["state"], s["status"], s["price"]) for s in signals] == [
        ("flat", "EXECUTED", "98.5"),
        ("long", "EXECUTED", "99.2"),
    ]
    assert signals[1]["fired_at"] == "2026-03-02T12:03:00Z"
    sold, bought = house.read("klines", "BTC/USDT", "--trades")
    assert sold == {
        "at": "2026-03-02T12:06:02Z",
        "account": "paper",
        "strategy": "scalper",
        "ticker": "BTC/USDT",
        "side": "sell",
        "close": "98.5",
        "price": "98.5",
        "volume": "1.008",
    }
    assert (bought["side"], bought["close"], bought["price"]) == ("buy", "99.2", "99.2")
    assert len(house.read("klines", "BTC/USDT", "--trades", "--limit", "1")) == 1
    assert house.run("klines", "ETH/USDT", "--trades").stdout == (
        "Nothing of ETH/USDT was traded yet.\n"
    )


def test_what_fell_while_nobody_looked_is_told_and_comes_too_late(house: Desk) -> None:
    assert play(house, 0, 9) == "3 signals\n"  # in, out, and in again with the last but one
    house.clock.advance_to(FIRST + 20 * MINUTE)
    house.run("tick")
    assert house.read("orders") == []
    signals = sorted(house.read("signals"), key=lambda signal: signal["fired_at"])
    assert [(signal["state"], signal["status"]) for signal in signals] == [
        ("long", "SUPERSEDED"),
        ("flat", "SUPERSEDED"),
        ("long", "EXPIRED"),
    ]


def test_without_since_it_begins_now(house: Desk) -> None:
    record(house.home / "frames", [kline(n, close) for n, close in enumerate(CLOSES[:8])])
    house.run("worker", "stream", "--replay", str(house.home / "frames"))
    house.clock.advance_to(FIRST + 7 * MINUTE + timedelta(seconds=1))
    assert house.run(*BTC_BOT).stdout == "1 signals\n"  # the one that closes a minute later
    assert [signal["price"] for signal in house.read("signals")] == ["97"]


def test_a_bot_keeps_what_it_holds_when_its_parameters_change(house: Desk) -> None:
    play(house, 0, 3)
    record(house.home / "more", [kline(3, "99.2"), kline(4, "99.6")])
    house.run("worker", "stream", "--replay", str(house.home / "more"))
    said = house.run(*BTC_BOT, "--param", "threshold=0.25", "--since", FIRST.isoformat()).stdout
    assert said == "0 signals\n"  # begun anew, it has nothing that it bought to sell
    kept = bootstrap.table().get("bot#scalper", "BTC/USDT")
    assert kept is not None
    assert '"terms":"Scalper 1m percentage=10 purchases=1 threshold=0.25"' in kept.document
    assert '"held":{"BTC/USDT":["1' in kept.document


def test_messages_that_are_no_candles_are_passed(house: Desk) -> None:
    odd = [b"rubbish", b"{}", kline(0, "100", x=False), kline(1, "100", h="99"), kline(1, "100")]
    opened = bus()
    opened.publish("klines", [Record(b"BTCUSDT@1m", message) for message in odd])
    opened.close()
    ended = house.run(*BTC_BOT, "--since", FIRST.isoformat())
    assert ended.stdout == "0 signals\n"
    assert "3 messages are no closed candles" in ended.stderr
    assert house.run("worker", "klines", "--once").stdout == "2 candles were stored\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--bot", "scalpel"), "there is no bot 'scalpel'; there is: scalper"),
        (
            ("--bot", "scalper", "--param", "threshold"),
            "--param is 'threshold'; it must be such as threshold=1",
        ),
        (
            ("--bot", "scalper", "--param", "threshold=one"),
            "--param threshold: 'one' is not a decimal number",
        ),
        (("--bot", "scalper", "--param", "threshold=99"), "it must be a number from 0.01 to 50.0"),
        (("--bot", "scalper", "--name", "other"), "there is no strategy other"),
        (("--bot", "scalper"), "strategy scalper does not trade DOGE/USDT; it trades BTC/USDT"),
        (("--bot", "scalper", "--cash", "0"), "cash is 0; it must be above zero"),
        (("--bot", "scalper", "--since", "noon"), "--since is 'noon'"),
    ],
    ids=["bot", "no number", "words", "range", "strategy", "instrument", "cash", "time"],
)
def test_what_cannot_run_is_said(house: Desk, words: tuple[str, ...], said: str) -> None:
    ended = house.run("worker", "bots", "--once", *words, code=2)
    assert said in ended.stderr


def test_a_fill_without_a_signal_of_its_own_has_no_close(house: Desk) -> None:
    play(house, 0, 3)
    house.run("tick")
    house.run("close", "scalper", "--yes")
    house.run("tick")
    sold, _ = house.read("klines", "BTC/USDT", "--trades")
    assert (sold["side"], sold["close"]) == ("sell", None)
    assert "such as BTC/USDT" in house.refusal("klines", "BTCUSDT", "--trades")


def test_candles_are_kept_and_shown(house: Desk) -> None:
    assert house.run("klines", "BTC/USDT").stdout == (
        "No candles of BTCUSDT 1m are kept; crypto-bot worker klines keeps them.\n"
    )
    messages = [kline(n, f"{100 + n}.50") for n in range(3)] + [kline(1, "7", "ETHUSDT")]
    house.run("worker", "stream", "--replay", str(record(house.home / "frames", messages)))
    assert house.run("worker", "klines", "--once").stdout == "4 candles were stored\n"
    assert house.run("worker", "klines", "--once").stdout == "0 candles were stored\n"
    rows = house.read("klines", "BTC/USDT", "--limit", "2")
    assert rows[0] == {
        "symbol": "BTCUSDT",
        "start": "2026-03-02T12:02:00Z",
        **dict.fromkeys(("open", "high", "low", "close"), "102.5"),
        "volume": "1.5",
    }
    assert len(rows) == 2
    assert len(house.read("klines", "BTCUSDT", "--since", "2026-03-02T12:02")) == 1
    header, row = house.run("klines", "ETH/USDT").stdout.splitlines()
    assert header.split() == ["symbol", "start", "open", "high", "low", "close", "volume"]
    assert row.split()[0] == "ETHUSDT"
    assert row.split()[-5:] == ["7", "7", "7", "7", "1.5"]


def test_a_bot_that_stops_is_a_notice(house: Desk) -> None:
    record(house.home / "frames", [kline(n, "100") for n in range(3)])
    house.run("worker", "stream", "--replay", str(house.home / "frames"))
    broken = scripted({1: lambda ctx: ctx.sell(fraction=0.5, stop=90)})
    setups = set_up(broken, instruments=["BTC/USDT"], interval="1m")
    deployment = Deployment("mine", "scalper", tuple(setups), FIRST)
    assert bots(Event(), deployment, once=True) == 0
    (notice,) = house.read("notify")["notices"]
    assert notice["severity"] == "P1"
    assert notice["sentence"].startswith(
        "mine on BTC/USDT: sell of BTC/USDT that waits is of a fraction of nothing"
    )


def test_a_home_that_cannot_be_made_is_said(tmp_path: Path, desk: Desk) -> None:
    (tmp_path / "file").touch()
    home = str(tmp_path / "file" / "home")
    assert "cannot be made: Not a directory" in desk.refusal("klines", "BTC/USDT", "--home", home)


def test_the_configuration_of_the_page_is_one_that_the_scalper_runs_by(
    desk: Desk, tmp_path: Path
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "bots.md").read_text(encoding="utf-8")
    for kind, text in zip(
        ("strategies", "accounts"), re.findall(r"```toml\n(.*?)```", page, re.DOTALL), strict=True
    ):
        (tmp_path / f"{kind}.toml").write_text(text, encoding="utf-8")
        desk.run(kind, "apply", str(tmp_path / f"{kind}.toml"))
    (words,) = re.findall(r"^crypto-bot (worker bots .*)$", page, re.MULTILINE)
    assert desk.run(*words.split(), "--once").stdout == "0 signals\n"


def test_candles_are_kept_in_the_market_table_of_a_stage(
    house: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("SERIES_TABLE", "crypto-bot-dev-market")
    messages = [kline(n, "100") for n in range(3)]
    house.run("worker", "stream", "--replay", str(record(house.home / "frames", messages)))
    with mock_aws():
        client = aws_client("dynamodb", region="eu-west-1")
        create_table(client, "crypto-bot-dev-market")
        house.run("worker", "klines", "--once")
        assert len(house.read("klines", "BTC/USDT")) == 3
        # One for each candle, and one that says where they are.
        assert client.scan(TableName="crypto-bot-dev-market")["Count"] == 4
        client.close()
    assert not (house.home / "klines.sqlite3").exists()
