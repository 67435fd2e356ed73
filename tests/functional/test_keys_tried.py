"""What is refused of keys that are handed in: they can do too much, or lead to a wrong place."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.venues.ccxt.connect import FIELDS
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.operation.channel import Channel, ChannelKind, Notifications
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.exchange_keys import KNOWN_FIELDS
from chalicelib.domain.trading.key_permissions import KeyPermissions
from chalicelib.ports import Clock
from chalicelib.settings import Settings
from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET
from tests.functional.dashboard import Dashboard, dashboard
from tests.venues import binance

KEYS = {"api-key": EXCHANGE_KEY, "api-secret": EXCHANGE_SECRET}


class OwnVenue:
    """Its keys may do what they are called."""

    def __init__(self, _account: Account, secret: Mapping[str, str], _clock: Clock) -> None:
        self._may = secret["api-key"]

    def key_permissions(self) -> KeyPermissions:
        return KeyPermissions(trade=True, withdraw=self._may == "withdraw")

    def _unasked(self, *_arguments: object) -> None:
        raise AssertionError("nobody trades here")

    traits = instruments = tickers = balances = submit = find = cancel = daily_closes = _unasked


@pytest.fixture
def venue() -> Iterator[binance.BinanceVenue]:
    book = binance.standard_book({"BTC/USDT": Decimal(60_000)}, {"USDT": Decimal(10_000)})
    with binance.BinanceVenue(book) as found:
        yield found


@pytest.fixture
def page(tmp_path: Path, venue: binance.BinanceVenue) -> Iterator[Dashboard]:
    """With the live account main, which has no keys yet."""
    options = {**binance.ccxt_options(venue), "rateLimit": 1, "timeout": 2000}
    del options["apiKey"], options["secret"]
    with dashboard(tmp_path / "home", settings=Settings(live=True)) as opened:
        know(account(exchange_options=options))
        yield opened


def account(name: str = "main", **changes: Any) -> Account:
    fields: dict[str, Any] = {"exchange": "binance", "mode": Mode.LIVE, "quote": "USDT"}
    return Account(name=name, **{"secret": "keys", **fields, **changes})


def know(*accounts: Account) -> None:
    known = bootstrap.strategies().configuration().version
    bootstrap.strategies().apply(expected_version=known, accounts=accounts)


def kept(name: str) -> Any:
    return dict(bootstrap.secrets().secret(name))


def has_none(page: Dashboard) -> bool:
    return not (page.home / "secrets.json").exists()


def test_live_keys_that_can_withdraw_are_refused(page, venue):
    venue.may_withdraw = True
    for confirm in (False, True):
        refused = page.act("/accounts/main/keys", status=422, keys=KEYS, confirm=confirm)
        assert refused["error"] == (
            "account main: the keys allow withdrawals; make new ones on binance without that; "
            "nothing was stored"
        )
    assert has_none(page)
    venue.may_withdraw = False
    [note] = page.act("/accounts/main/keys", keys=KEYS, confirm=True)["notes"]
    assert note.startswith("they can trade, and neither withdraw nor transfer, but from any")
    assert kept("keys") == KEYS


@pytest.mark.parametrize("name", ["tests", "new"])
def test_keys_that_open_a_live_account_besides_are_tried_for_that_one(page, venue, name):
    """Whatever the account is called over which they come in: one that is no live one, or none."""
    main = bootstrap.strategies().configuration().accounts["main"]
    know(replace(main, secret="new"))
    if name == "tests":
        know(account("tests", mode=Mode.SANDBOX, secret="new"))
    venue.may_withdraw = True
    path, given = f"/accounts/{name}/keys", {"keys": KEYS, "exchange": "binance"}
    refused = page.act(path, status=422, **given, confirm=True)
    assert "account main: the keys allow withdrawals" in refused["error"]
    assert has_none(page)
    venue.may_withdraw = False
    assert page.act(path, **given, confirm=True)["shared_with"] == ["main"]
    assert kept("new") == KEYS


def test_a_venue_that_does_not_answer_keeps_nobody_from_storing(page, venue):
    wrong = KEYS | {"api-key": "odd"}
    [note] = page.act("/accounts/main/keys", keys=wrong, confirm=True)["notes"]
    assert note.startswith("what the keys may do is not known: ")
    assert kept("keys") == wrong
    plans = bootstrap.trading().plans
    until = bootstrap.clock().now() + timedelta(hours=1)
    silent = replace(plans.state("main"), blocked_until=until, blocked_because="banned")
    plans.save_state(silent)
    asked = len(venue.requests)
    [note] = page.act("/accounts/main/keys", keys=KEYS, confirm=True)["notes"]
    assert note == "the venue was not asked about the keys: banned"
    assert (len(venue.requests), kept("keys")) == (asked, KEYS)


def test_a_live_account_is_not_added_with_keys_that_can_withdraw(page):
    """At a venue of the owner's own, whose answer is what its keys may do."""
    added: dict[str, Any] = {"name": "new", "mode": "live", "quote": "USDT"}
    added["exchange"] = f"{__name__}:OwnVenue"
    fields = {"api-key": "withdraw", "api-secret": EXCHANGE_SECRET}
    page.act("/accounts/new/keys", keys=fields, exchange=added["exchange"], confirm=True)
    refused = page.act("/accounts", status=422, **added, confirm=True)
    assert "account new: the keys allow withdrawals" in refused["error"]
    assert len(page.get("/accounts")["accounts"]) == 1
    fields["api-key"] = "trade"
    page.act("/accounts/new/keys", keys=fields, exchange=added["exchange"], confirm=True)
    notes = page.act("/accounts", **added, confirm=True)["notes"]
    assert "they can trade, and neither withdraw nor transfer" in notes
    assert len(page.get("/accounts")["accounts"]) == 2


@pytest.mark.parametrize("name", ["phone", "login"])
def test_a_new_account_whose_name_leads_to_another_secret_is_refused(page, name):
    bootstrap.secrets().put("login", {"username": "me", "password": "of a table"})
    bootstrap.secrets().put("phone", {"token": "1:x", "chat": "42"})
    phone = Channel(name="pager", kind=ChannelKind.TELEGRAM, secret="phone")
    notices().save_notifications(Notifications(channels=(phone,)))
    before = kept(name)
    refused = page.act(
        f"/accounts/{name}/keys", status=409, keys=KEYS, exchange="binance", confirm=True
    )
    what = "channel pager" if name == "phone" else "something that is no account"
    assert f"the secret {name} of account {name} opens {what}; nothing was changed" in str(refused)
    assert kept(name) == before


def test_what_opens_a_channel_too_is_not_unlinked_and_no_secret_is_no_place(page):
    know(account("other", secret="shared"), account("bare", secret=""))
    bootstrap.secrets().put("shared", KEYS)
    phone = Channel(name="pager", kind=ChannelKind.TELEGRAM, secret="shared")
    notices().save_notifications(Notifications(channels=(phone,)))
    refused = page.act("/accounts/other/keys/unlink", status=409, confirm=True)
    assert refused["error"].endswith("opens channel pager; nothing was changed")
    assert kept("shared") == KEYS
    refused = page.act("/accounts/bare/keys", status=409, keys=KEYS, confirm=True)
    assert refused["error"].startswith("account bare names no secret")


@pytest.mark.parametrize("act", ["keys", "keys/unlink"])
def test_what_has_no_field_of_keys_is_neither_replaced_nor_unlinked(page, act):
    """An account may name any secret of the stage: that of a bus, or of another program."""
    login = {"sasl.username": "me", "sasl.password": "of a bus"}
    bootstrap.secrets().put("bus", login)
    know(account("odd", secret="bus"))
    given = {"keys": KEYS} if act == "keys" else {}
    refused = page.act(f"/accounts/odd/{act}", status=409, **given, confirm=True)
    assert "the secret bus of account odd opens something that is no account" in refused["error"]
    assert kept("bus") == login


def test_what_cannot_be_read_as_keys_is_replaced_and_unlinked(page):
    path = page.home / "secrets.json"
    acts: dict[str, dict[str, Any]] = {"keys": {"keys": KEYS}, "keys/unlink": {}}
    for act, given in acts.items():
        path.write_text('{"keys": {"api-key": 7}}')
        path.chmod(0o600)
        page.act(f"/accounts/main/{act}", **given, confirm=True)
        assert '"api-key": 7' not in path.read_text()


def test_a_virtual_account_has_no_keys_to_be_unlinked(page):
    """It may name any secret, for nobody opens it with that."""
    virtual = {"exchange": "virtual", "mode": Mode.VIRTUAL, "prices_from": "synthetic"}
    know(account(), account("paper", secret="keys", **virtual))
    bootstrap.secrets().put("keys", KEYS)
    refused = page.act("/accounts/paper/keys/unlink", status=409, confirm=True)
    assert refused["error"] == "account paper is virtual; it has no keys"
    assert kept("keys") == KEYS


def test_a_new_account_has_a_name_that_it_can_be_added_with(page):
    refused = page.act(
        "/accounts/a%20b/keys", status=422, keys=KEYS, exchange="binance", confirm=True
    )
    assert refused["error"].startswith("the account's name is 'a b', but must be up to 64 letters")
    assert has_none(page)


def test_whatever_a_venue_asks_for_is_known_as_a_field_of_keys():
    assert set(FIELDS.values()) == KNOWN_FIELDS
