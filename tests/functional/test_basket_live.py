"""The ready-made basket live, from candles on the bus to holdings: as its backtest has it.

It trades its instruments together, so a close is decided on when the candles of all of them are
there, or have been waited for.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.bootstrap.bots import bot_ports
from chalicelib.bootstrap.candles import candle_lake
from chalicelib.bootstrap.market import bus, lake
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import moment
from chalicelib.domain.bots.paper_ledger import PaperFill
from chalicelib.domain.bots.ready_made import ready_made
from chalicelib.domain.bots.usual_terms import usual_instruments
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.market.ranking import RankedMarket, Ranking, dated_key, ranking_document
from chalicelib.domain.trading.account import Mode
from chalicelib.services.bots.backtest_bot import Past, backtest_bot
from chalicelib.services.bots.past_views import Findings
from tests.functional.cli.owner_desk import Desk
from tests.market.klines import FIRST, MINUTE, kline, price_file
from tests.unit.bots.paper_market import FREE

SYMBOLS = {"BTCUSDT": "BTC/USDT", "ETHUSDT": "ETH/USDT", "SOLUSDT": "SOL/USDT"}
CASH = Decimal(1000)
PARAMETERS = {"size": 2, "every": 2, "band": 0.0}
SECONDS = timedelta(seconds=1)
# By the ranking, the first two of SOL, BTC and ETH are held.
CLOSES: Mapping[str, Sequence[str]] = {
    "BTCUSDT": ["100", "100", "110", "121", "121", "115", "115", "120", "120", "120"],
    "ETHUSDT": ["50", "50", "50", "40", "40", "44", "44", "40", "40", "40"],
    "SOLUSDT": ["10", "10", "10", "10", "10", "10", "12", "15", "15", "15"],
}
WARM = """
from chalicelib.domain.bots import Bot

class Warm(Bot):
    instruments = ("BTC/USDT", "ETH/USDT")
    interval = "1m"
    together = True
    warmup = 2

    def on_candle(self, ctx):
        ctx.log(" ".join(str(ctx[symbol].history(2).close) for symbol in self.instruments))
"""
STRATEGY = """
[strategies.basket]
instruments = { BTCUSDT = "BTC/USDT", ETHUSDT = "ETH/USDT", SOLUSDT = "SOL/USDT" }
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
reserve = 0
increment = 0

[accounts.paper.exchange_options.virtual]
balances = {{ USDT = "1000" }}
fee = "0"

[accounts.paper.exchange_options.virtual.prices.files]
"BTC/USDT" = "{folder}/BTCUSDT.csv"
"ETH/USDT" = "{folder}/ETHUSDT.csv"
"SOL/USDT" = "{folder}/SOLUSDT.csv"

[accounts.paper.strategies.basket]
weight = 1
"""


class House:
    """A machine on which the basket is deployed, and the market around it."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        for symbol, closes in CLOSES.items():
            price_file(folder / f"{symbol}.csv", [*closes, *[closes[-1]] * 20])
        for name, text in (("strategies", STRATEGY), ("accounts", ACCOUNT.format(folder=folder))):
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")
            desk.run(name, "apply", str(folder / f"{name}.toml"))
        self.rank("SOL", "BTC", "ETH")
        self.left_out: set[tuple[str, int]] = set()

    def rank(self, *coins: str) -> None:
        items = tuple(
            RankedMarket(
                rank=place,
                symbol=coin,
                id=coin.lower(),
                market=f"{coin}/USDT",
                market_cap=Decimal(1),
                price=Decimal(1),
                volume_24h=Decimal(1),
            )
            for place, coin in enumerate(coins, start=1)
        )
        ranking = Ranking(
            as_of=FIRST - timedelta(days=1), source="coingecko", quote="USDT", items=items
        )
        lake().put(dated_key(ranking.as_of), ranking_document(ranking))

    def deploy(self, *words: str) -> str:
        params = [f"--param={name}={value:g}" for name, value in PARAMETERS.items()]
        instruments = [word for s in SYMBOLS.values() for word in ("--instrument", s)]
        words = (*instruments, "--interval", "1m", *params, "--since", FIRST.isoformat(), *words)
        said = ("bots", "deploy", "top-basket", "--strategy", "basket", "--cash", "1000", *words)
        return self.desk.run(*said).stdout

    def at(self, number: int, seconds: float = 0) -> None:
        """So many seconds after the candle of this minute has closed."""
        self.desk.clock.advance_to(FIRST + (number + 1) * MINUTE + seconds * SECONDS)

    def publish(self, number: int, *symbols: str) -> None:
        opened = bus()
        for symbol in symbols:
            closes = CLOSES[symbol]
            known = [n for n in range(number) if (symbol, n) not in self.left_out]
            first = closes[known[-1]] if known else closes[number]
            prices = sorted((first, closes[number]), key=Decimal)
            message = kline(number, closes[number], symbol, o=first, l=prices[0], h=prices[1])
            opened.publish("klines", [Record(f"{symbol}@1m".encode(), message)])
        opened.close()

    def work(self) -> str:
        return self.desk.run("worker", "bots", "--once").stdout

    def minute(self, number: int) -> str:
        """All candles come, the bot is shown them, and the account trades."""
        self.at(number, 2)
        self.publish(number, *(s for s in SYMBOLS if (s, number) not in self.left_out))
        if any(at == number for _, at in self.left_out):
            assert self.work() == "0 signals\n", "it waits"
            self.at(number, 33)
        said = self.work()
        self.desk.run("tick")
        return said

    def shown(self) -> Any:
        return self.desk.read("bots", "show", "top-basket")

    def signals(self) -> set[tuple[str, str]]:
        """Which instrument, and when its candle closed."""
        found = [(s["symbol"], s["fired_at"]) for s in self.desk.read("signals", "--limit", "99")]
        assert len(found) == len(set(found)), "a wish was doubled"
        return set(found)

    def held(self) -> dict[str, Decimal]:
        """By the bot's own reckoning."""
        rows = {row["symbol"]: Decimal(row["quantity"] or 0) for row in self.shown()["standing"]}
        return {symbol: quantity for symbol, quantity in rows.items() if quantity}

    def logs(self) -> list[str]:
        rows = self.desk.read("bots", "logs", "top-basket")
        return [row["log"] for row in reversed(rows) if row["log"]]

    def backtest(self, count: int) -> tuple[list[PaperFill], dict[str, Decimal]]:
        """On the same candles out of the lake, with the same ranking."""
        for symbol, closes in CLOSES.items():
            rows, before = [], Decimal(closes[0])
            for number, close in enumerate(map(Decimal, closes[:count])):
                if (symbol, number) in self.left_out:
                    continue
                high, low = max(before, close), min(before, close)
                start = FIRST + number * MINUTE
                rows.append(Candle(start, before, high, low, close, Decimal(1)))
                before = close
            candle_lake().write(candle_series("binance", SYMBOLS[symbol], "1m"), rows)
        instruments, bot = list(SYMBOLS.values()), ready_made("top-basket")
        (setup,) = set_up(bot, instruments=instruments, interval="1m", parameters=PARAMETERS)
        report = backtest_bot(
            setup,
            Terms(usual_instruments(instruments), CASH, FREE),
            Past(candle_lake(), Findings(lake())),
            venue="binance",
            since=None,
            until=FIRST + count * MINUTE,
        )
        return report.test.fills, report.test.positions

    def is_as_its_backtest(self, count: int) -> None:
        """After so many minutes; what is wanted at the last, a backtest has no candle for."""
        fills, positions = self.backtest(count)
        assert fills
        last = f"{FIRST + count * MINUTE:%Y-%m-%dT%H:%M:%SZ}"
        booked = {(f.symbol, f"{moment(f.at):%Y-%m-%dT%H:%M:%SZ}") for f in fills}
        assert {each for each in self.signals() if each[1] != last} == booked
        held = self.held()
        assert {s: round(q, 6) for s, q in positions.items() if q} == {
            s: round(q, 6) for s, q in held.items()
        }
        # The account has paid what the market showed, in its own steps.
        of_account = {
            row["symbol"]: Decimal(row["quantity"]) for row in self.desk.read("positions")
        }
        assert of_account.keys() == held.keys()
        assert all(abs(of_account[s] / held[s] - 1) < Decimal("0.002") for s in held)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield House(Desk(tmp_path / "home"), tmp_path)
    bootstrap.reset()


def test_signals_and_holdings_are_those_of_the_backtest(house: House) -> None:
    said = house.deploy()
    assert "on BTC/USDT, ETH/USDT, SOL/USDT 1m, for strategy basket" in said
    assert [house.minute(number) for number in range(4)] == [
        "2 signals\n",
        "0 signals\n",
        "2 signals\n",
        "0 signals\n",
    ]
    house.is_as_its_backtest(4)
    for number in range(4, 10):
        house.minute(number)
    house.is_as_its_backtest(10)
    assert len(house.signals()) == 10
    rows = house.shown()["standing"]
    assert {row["equity"] for row in rows} == {rows[0]["equity"]}, "of all that it holds"
    assert Decimal(rows[0]["equity"]) > CASH


def test_what_has_no_candle_is_not_waited_for_for_ever(house: House) -> None:
    """SOL/USDT leaves the basket at a close at which it has none, and comes back."""
    house.left_out = {("SOLUSDT", 4), ("ETHUSDT", 8)}
    house.deploy()
    for number in range(10):
        house.minute(number)
    house.is_as_its_backtest(10)
    assert ("SOL/USDT", "2026-03-02T12:05:00Z") in house.signals()
    assert ("ETH/USDT", "2026-03-02T12:05:00Z") in house.signals()
    assert house.logs() == ["without a candle of SOL/USDT", "without a candle of ETH/USDT"]


def test_a_candle_that_comes_later_counts_until_the_bot_has_gone_on(house: House) -> None:
    house.deploy()
    house.at(0, 2)
    house.publish(0, "ETHUSDT", "BTCUSDT")
    assert house.work() == "0 signals\n"
    house.at(0, 20)
    house.publish(0, "SOLUSDT")
    assert house.work() == "2 signals\n"
    assert house.held().keys() == {"BTC/USDT", "SOL/USDT"}
    for number in (1, 2):
        house.at(number, 2)
        house.publish(number, "ETHUSDT", "BTCUSDT")
        house.work()
    house.at(2, 40)
    assert house.work() == "3 signals\n", "without SOL/USDT, the first two are the others"
    assert house.held().keys() == {"BTC/USDT", "ETH/USDT"}
    house.publish(1, "SOLUSDT")
    house.publish(2, "SOLUSDT")
    house.minute(3)
    assert house.work() == "0 signals\n"
    assert house.logs() == ["without a candle of SOL/USDT"] * 2


def test_candles_that_wait_are_read_again_by_the_next_worker(house: House) -> None:
    """Each `--once` is a process of its own: what the one before had gathered is on the bus."""
    options = ["--bot", "top-basket", "--strategy", "basket", "--interval", "1m", "--since"]
    options += [FIRST.isoformat(), *(w for s in SYMBOLS.values() for w in ("--instrument", s))]
    house.at(0, 2)
    for symbol in SYMBOLS:
        house.publish(0, symbol)
        said = house.desk.run("worker", "bots", "--once", *options).stdout
        assert said == ("3 signals\n" if symbol == "SOLUSDT" else "0 signals\n")


def test_its_state_is_one_and_all_of_it_goes_with_the_deployment(house: House) -> None:
    house.deploy()
    house.minute(0)
    deployed = bot_ports().deployments.get("top-basket")
    assert deployed is not None
    assert deployed.together
    kept = bot_ports().states.get("top-basket", "BTC/USDT ETH/USDT SOL/USDT")
    assert kept is not None
    assert kept.bot.state is not None
    assert kept.bot.state["bot"] == {"passed": 0}
    assert json.loads(json.dumps(kept.bot.state)) == kept.bot.state
    assert bot_ports().states.get("top-basket", "BTC/USDT") is None
    house.desk.run("bots", "stop", "top-basket")
    house.desk.run("bots", "delete", "top-basket", "--yes")
    assert bot_ports().states.get("top-basket", kept.on) is None
    assert bot_ports().trails.signals("top-basket", "SOL/USDT") == []


def test_one_that_stops_stops_on_all_its_instruments(house: House) -> None:
    path = house.desk.home / "odd.py"
    path.write_text(
        """
from chalicelib.domain.bots import Bot

class Odd(Bot):
    instruments = ("BTC/USDT", "ETH/USDT")
    interval = "1m"
    together = True

    def on_candle(self, ctx):
        ctx.target(0.5 / (ctx["ETH/USDT"].close - 50), symbol="ETH/USDT")
""",
        encoding="utf-8",
    )
    house.desk.run("bots", "save", str(path))
    house.desk.run("bots", "deploy", "odd", "--strategy", "basket", "--since", FIRST.isoformat())
    house.minute(0)
    (row,) = house.desk.read("bots", "show", "odd")["deployment"]
    assert row["state"] == "stopped"
    assert "line 10, Odd.on_candle" in row["why"]
    assert "ZeroDivisionError" in row["why"]


def test_it_is_warmed_up_to_the_last_close_that_the_lake_has_of_all(house: House) -> None:
    for symbol, last in (("BTC/USDT", 1), ("ETH/USDT", 0)):
        rows = []
        for number in range(last - 8, last + 1):
            price = Decimal(number + 100)
            start = FIRST + number * MINUTE
            rows.append(Candle(start, price, price, price, price, Decimal(1)))
        candle_lake().write(candle_series("binance", symbol, "1m"), rows)
    path = house.desk.home / "warm.py"
    path.write_text(WARM, encoding="utf-8")
    house.desk.run("bots", "save", str(path))
    house.desk.run("bots", "deploy", "warm", "--strategy", "basket", "--since", FIRST.isoformat())
    house.at(2, 2)
    for number in range(3):
        house.publish(number, "BTCUSDT", "ETHUSDT")
    house.work()
    rows = house.desk.read("bots", "logs", "warm")
    assert [(row["candle"], row["log"]) for row in reversed(rows)] == [
        ("2026-03-02T12:01:00Z", "[100.0, 100.0] [100.0, 50.0]"),
        ("2026-03-02T12:02:00Z", "[100.0, 110.0] [50.0, 50.0]"),
    ]


def test_a_version_that_trades_one_by_one_is_another_deployment(house: House) -> None:
    path = house.desk.home / "pair.py"
    source = """
from chalicelib.domain.bots import Bot

class Pair(Bot):
    instruments = ("BTC/USDT", "ETH/USDT")
    interval = "1m"
    together = True

    def on_candle(self, ctx):
        ctx.log("seen")
"""
    path.write_text(source, encoding="utf-8")
    house.desk.run("bots", "save", str(path))
    house.desk.run("bots", "deploy", "pair", "--strategy", "basket")
    path.write_text(source.replace("True", "False"), encoding="utf-8")
    house.desk.run("bots", "save", str(path))
    told = house.desk.refusal("bots", "update", "pair", code=1)
    assert told.startswith("pair 1.1 trades its instruments one by one, and pair was deployed with")


def test_where_real_money_follows_it_is_asked_for(house: House) -> None:
    store = bootstrap.strategies()
    configuration = store.configuration()
    live = replace(configuration.accounts["paper"], mode=Mode.LIVE, exchange="binance")
    store.apply(expected_version=configuration.version, accounts=[live])
    assert "Dry run: paper would trade its wishes with real money" in house.deploy()
    assert bot_ports().deployments.all() == []
    assert "top-basket is deployed as top-basket on BTC/USDT, ETH/USDT" in house.deploy("--yes")
    house.at(0, 2)
    house.publish(0, *SYMBOLS)
    assert house.work() == "2 signals\n"


def test_it_speaks_for_a_strategy_that_trades_all_of_them(house: House) -> None:
    words = ("--strategy", "basket", "--instrument", "BTC/USDT", "--instrument", "XRP/USDT")
    told = house.desk.refusal("bots", "deploy", "top-basket", *words)
    assert told.startswith("strategy basket does not trade XRP/USDT; it trades BTC/USDT")
