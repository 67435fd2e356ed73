"""Which adapters a process gets, and the sentences where it can get none."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.venues.ccxt.exchange import CcxtExchange
from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.operation import operation
from chalicelib.bootstrap.venues import check_exchange
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.operation.channel import Channel, ChannelKind
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports import Clock
from chalicelib.settings import TRADINGVIEW_SOURCES, Settings
from tests.trading_floor import MORNING, HandClock

PAPER = Account(
    name="paper", exchange="virtual", mode=Mode.VIRTUAL, quote="USDT", prices_from="synthetic"
)
KEYS = {"api-key": "a", "api-secret": "b"}


class Secrets:
    def secret(self, name: str) -> Mapping[str, str]:
        if name != "keys":
            raise SettingsError(f"the secret {name!r} is not here")
        return KEYS

    def forget(self, name: str) -> None:
        """Nothing is remembered."""

    def put(self, name: str, fields: Mapping[str, str]) -> None:
        raise NotImplementedError

    def remove(self, name: str) -> None:
        raise NotImplementedError


class OwnVenue(VirtualExchange):
    """An exchange that the owner wrote: made with account, secret and clock."""

    def __init__(self, account: Account, secret: Mapping[str, str], clock: Clock) -> None:
        self.made_with = (account, secret, clock)

    def close(self) -> None:
        """There is nothing to close: this one never got prices."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Iterator[Path]:
    bootstrap.use(Choices(settings=Settings(), home=tmp_path, clock=HandClock(), secrets=Secrets()))
    yield tmp_path
    bootstrap.reset()


def opened(**changes):
    return bootstrap.exchanges().open(replace(PAPER, **changes))


def candles(path: Path, price: str) -> Path:
    hours = (MORNING, MORNING + timedelta(hours=1))
    rows = [f"{hour.isoformat()},{price},{price}" for hour in hours]
    path.write_text("\n".join(["time,open,close", *rows]), encoding="utf-8")
    return path


def follow(*symbols: str) -> None:
    instruments = {symbol.replace("/", ""): symbol for symbol in symbols}
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[PAPER],
        strategies=[Strategy(name="all", instruments=instruments)],
        subscriptions=[Subscription(account="paper", strategy="all", weight=Decimal("0.5"))],
    )


def test_synthetic_prices_have_to_be_asked_for_by_name():
    assert opened().tickers(["BTC/USDT"])["BTC/USDT"].last > 0
    with pytest.raises(SettingsError, match="account paper is virtual and says not where"):
        opened(prices_from="")


def test_candle_files_of_the_account_price_it(home):
    files = {"BTC/USDT": str(candles(home / "any.csv", "123.45"))}
    options = {"virtual": {"prices": {"files": files}}}
    exchange = opened(prices_from="", exchange_options=options)
    assert exchange.tickers(["BTC/USDT"])["BTC/USDT"].last == Decimal("123.45")


def test_one_candle_file_of_a_run_prices_the_one_instrument(home):
    follow("ETH/USDT")
    bootstrap.use(replace(bootstrap.choices(), prices=candles(home / "any.csv", "9")))
    assert opened().tickers(["ETH/USDT"])["ETH/USDT"].last == Decimal(9)


def test_one_candle_file_cannot_price_two_instruments(home):
    follow("ETH/USDT", "BTC/USDT")
    bootstrap.use(replace(bootstrap.choices(), prices=candles(home / "any.csv", "9")))
    with pytest.raises(SettingsError, match=r"holds the candles of one .* BTC/USDT, ETH/USDT"):
        opened()


def test_a_folder_of_candle_files_prices_what_their_names_say(home):
    folder = home / "candles"
    folder.mkdir()
    candles(folder / "BTC-USDT.1h.csv", "7")
    candles(folder / "ETH-USDT.1h.csv", "3")
    bootstrap.use(replace(bootstrap.choices(), prices=folder))
    tickers = opened().tickers(["BTC/USDT", "ETH/USDT"])
    assert {symbol: ticker.last for symbol, ticker in tickers.items()} == {
        "BTC/USDT": Decimal(7),
        "ETH/USDT": Decimal(3),
    }


def test_an_exchange_is_opened_once_per_version_of_its_account():
    assert opened() is opened()
    assert opened(version=2) is not opened(version=1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"exchange": "binance", "mode": Mode.SANDBOX},
            "write secret = the name of a secret that has them",
        ),
        (
            {"exchange": "binance", "mode": Mode.SANDBOX, "secret": "lost"},
            "the secret 'lost' is not here",
        ),
        ({"exchange": "binance"}, "account paper has mode virtual and exchange binance"),
        (
            {"exchange": "binance", "mode": Mode.LIVE, "secret": "keys"},
            "account paper has mode live, and LIVE is not set",
        ),
        (
            {"exchange": "no_such.module.Venue", "mode": Mode.SANDBOX, "secret": "keys"},
            "the module 'no_such.module', which cannot be imported",
        ),
        ({"prices_from": "no_such_venue"}, "no_such_venue"),
    ],
)
def test_an_account_that_cannot_be_opened_is_a_sentence(changes, sentence):
    with pytest.raises(SettingsError, match=sentence):
        opened(**changes)


def test_a_venue_of_ccxt_gets_its_keys():
    exchange = opened(exchange="binance", mode=Mode.SANDBOX, secret="keys")
    assert isinstance(exchange, CcxtExchange)


def test_keys_that_were_replaced_count_at_the_next_opening():
    changes: dict[str, Any] = {"exchange": "binance", "mode": Mode.SANDBOX, "secret": "keys"}
    rotating = Rotating()
    bootstrap.use(replace(bootstrap.choices(), secrets=rotating))
    first = opened(**changes)
    assert opened(**changes) is first
    rotating.keys = {"api-key": "c", "api-secret": "d"}
    second = opened(**changes)
    assert second is not first
    assert opened(**changes) is second
    rotating.keys = {}
    with pytest.raises(SettingsError, match="binance needs api-key, api-secret"):
        opened(**changes)


class Rotating(Secrets):
    """The owner replaces the keys while the program runs."""

    def __init__(self) -> None:
        self.keys = dict(KEYS)

    def secret(self, name: str) -> Mapping[str, str]:
        return dict(self.keys) if name == "keys" else {}


def test_a_channel_without_a_topic_needs_a_stage():
    channel = Channel(name="mail", kind=ChannelKind.SNS)
    with pytest.raises(SettingsError, match="channel mail names no topic, and only a stage on AWS"):
        operation().notifiers.open(channel)


def test_the_connection_to_another_venues_prices_ends_with_the_venue():
    opened(prices_from="binance")
    assert "ccxt-binance" in {thread.name for thread in threading.enumerate()}
    bootstrap.reset()
    assert "ccxt-binance" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(
    "changes", [{"exchange": "zzz"}, {"exchange": "zzz", "mode": Mode.LIVE}, {"prices_from": "zzz"}]
)
def test_a_name_that_no_exchange_has_is_refused_without_opening_anything(changes):
    with pytest.raises(SettingsError, match="exchange 'zzz' is unknown"):
        check_exchange(replace(PAPER, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"prices_from": ""},
        {"prices_from": "binance"},
        {"exchange": "gemini"},
        {"exchange": "a:B"},
    ],
)
def test_an_exchange_that_exists_or_is_the_owners_own_passes(changes):
    check_exchange(replace(PAPER, **changes))


def test_a_class_of_the_owners_own_is_named_by_its_import_path():
    account: dict[str, Any] = {
        "exchange": f"{__name__}.OwnVenue",
        "mode": Mode.SANDBOX,
        "secret": "keys",
    }
    exchange = opened(**account)
    assert exchange.made_with == (replace(PAPER, **account), KEYS, bootstrap.clock())


@pytest.mark.parametrize(
    ("source", "admitted"),
    [
        (TRADINGVIEW_SOURCES[0], True),
        ("10.1.2.3", True),
        ("11.1.2.3", False),
        ("127.0.0.1", False),
        ("", False),
        ("unix:", False),
    ],
)
def test_the_allow_list_knows_addresses_and_networks(source, admitted):
    settings = Settings.from_environment({"WEBHOOK_SOURCES": "tradingview 10.0.0.0/8"})
    bootstrap.use(replace(bootstrap.choices(), settings=settings))
    admits = bootstrap.webhook().admits
    assert admits is not None
    assert admits(source) is admitted


def test_without_a_list_everybody_may_send():
    assert bootstrap.webhook().admits is None


def test_replacing_choices_closes_what_was_opened(home):
    table = bootstrap.table()
    bootstrap.use(Choices(settings=Settings(), home=home / "other"))
    assert bootstrap.table() is not table
    with pytest.raises(Exception, match="closed"):
        table.get("config", "#head")


def test_the_default_account_yields_to_a_stored_one_of_its_name():
    seed = Settings(exchange_name="gemini", secret_name="keys")
    bootstrap.use(replace(bootstrap.choices(), settings=seed))
    store = bootstrap.strategies()
    assert store.configuration().accounts["default"].exchange == "gemini"
    own = replace(PAPER, name="default")
    store.apply(expected_version=0, accounts=[own])
    assert store.configuration().accounts["default"].exchange == "virtual"
    assert store.strategy("nobody") is None
