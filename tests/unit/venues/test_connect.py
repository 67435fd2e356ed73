"""Account + secret -> exchange, or a sentence."""

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest

from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.adapters.venues.ccxt.exchange import CcxtExchange
from chalicelib.adapters.venues.custom import connect_custom, is_import_path
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Mode

KEYS = {"api-key": "the-key-12345", "api-secret": "the-secret-12345"}


class OwnExchange:
    """What an owner would write; this one only shows how it is constructed."""

    def __init__(self, account: Account, secret: dict[str, str], clock: SystemClock) -> None:
        self.given = (account.name, secret["api-key"], clock)

    def _answer(self, *_args: object) -> dict[str, Decimal]:
        return {}

    traits = instruments = tickers = balances = submit = find = cancel = daily_closes = _answer


class HalfAnExchange:
    def tickers(self) -> None: ...


def test_the_keys_reach_the_client_and_never_an_error(make_account: Callable[..., Account]) -> None:
    exchange = connect(make_account(), KEYS, SystemClock())
    exchange.close()

    assert isinstance(exchange, CcxtExchange)
    assert exchange.traits().in_flight == 10


@pytest.mark.parametrize(
    ("venue", "secret", "missing"),
    [
        ("binance", {}, "api-key, api-secret"),
        ("binance", {"api-key": "k"}, "api-secret"),
        ("kucoin", KEYS, "passphrase"),
        ("okx", {**KEYS, "passphrase": ""}, "passphrase"),
        ("hyperliquid", KEYS, "wallet-address"),
    ],
)
def test_a_missing_credential_is_named(
    make_account: Callable[..., Account], venue: str, secret: dict[str, str], missing: str
) -> None:
    with pytest.raises(SettingsError, match=missing) as refusal:
        connect(make_account(exchange=venue), secret, SystemClock())

    assert "'main'" in str(refusal.value)
    assert "'my-keys'" in str(refusal.value)
    assert KEYS["api-secret"] not in str(refusal.value)


@pytest.mark.parametrize(
    "venue", ["kraken", "kucoin", "bitfinex", "coinbase", "bitget", "binanceus"]
)
def test_a_venue_without_a_sandbox_offers_the_virtual_one(
    make_account: Callable[..., Account], venue: str
) -> None:
    account = make_account(exchange=venue, mode=Mode.SANDBOX)
    with pytest.raises(SettingsError, match=f"{venue} has no sandbox.*virtual"):
        connect(account, {**KEYS, "passphrase": "p"}, SystemClock())


def test_sandbox_goes_to_the_test_address(make_account: Callable[..., Account]) -> None:
    account = make_account(exchange="gemini", mode=Mode.SANDBOX)
    exchange = connect(account, KEYS, SystemClock())
    exchange.close()

    assert "sandbox" in exchange._venue.client.urls["api"]["private"]  # noqa: SLF001


def test_a_virtual_account_never_opens_a_venue(make_account: Callable[..., Account]) -> None:
    with pytest.raises(SettingsError, match='prices_from = "binance"'):
        connect(make_account(mode=Mode.VIRTUAL), KEYS, SystemClock())


def test_an_unknown_exchange_is_refused(make_account: Callable[..., Account]) -> None:
    with pytest.raises(SettingsError, match="did you mean binance"):
        connect(make_account(exchange="binanc"), KEYS, SystemClock())


def test_retries_by_ccxt_are_refused(make_account: Callable[..., Account]) -> None:
    account = make_account(exchange_options={"options": {"maxRetriesOnFailure": 3}})
    with pytest.raises(SettingsError, match="maxRetriesOnFailure"):
        connect(account, KEYS, SystemClock())


def test_ccxt_is_not_made_to_print_requests(make_account: Callable[..., Account]) -> None:
    account = make_account(exchange_options={"verbose": True})
    with pytest.raises(SettingsError, match="verbose would print every request with its keys"):
        connect(account, KEYS, SystemClock())


def test_no_thread_is_left_behind(make_account: Callable[..., Account]) -> None:
    exchange = connect(make_account(exchange_options={"timeout_on_exit": 0}), KEYS, SystemClock())
    named = [thread.name for thread in threading.enumerate()]
    exchange.close()
    exchange.close()

    assert "ccxt-binance" in named
    assert "ccxt-binance" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize("separator", [":", "."])
def test_a_class_of_the_owners_own_is_constructed(
    make_account: Callable[..., Account], separator: str
) -> None:
    path = f"{OwnExchange.__module__}{separator}OwnExchange"
    clock = SystemClock()
    exchange = connect_custom(make_account(exchange=path), KEYS, clock)

    assert is_import_path(path)
    assert not is_import_path("binance")
    assert isinstance(exchange, OwnExchange)
    assert exchange.given == ("main", KEYS["api-key"], clock)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("no.such.module:Thing", "'no.such.module', which cannot be imported"),
        (":Thing", "cannot be imported"),
        (f"{__name__}:Missing", "no class 'Missing'"),
        (f"{__name__}:KEYS", "no class 'KEYS'"),
        (f"{__name__}:HalfAnExchange", "it lacks balances, cancel, daily_closes"),
    ],
)
def test_what_is_no_exchange_is_refused(
    make_account: Callable[..., Account], path: str, sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        connect_custom(make_account(exchange=path), KEYS, SystemClock())
