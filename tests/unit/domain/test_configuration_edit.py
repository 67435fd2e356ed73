"""Weights and limits of one account, changed without a file."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Configuration, Mode, Subscription
from chalicelib.domain.trading.configuration.edit import Edit, edited
from chalicelib.domain.trading.configuration.files import Draft

MAIN = Account(
    name="main",
    exchange="gemini",
    mode=Mode.SANDBOX,
    quote="USD",
    secret="keys",
    capital=Decimal(500),
    exchange_options={"timeout": "5"},
    version=4,
)
BTC = Subscription(
    account="main",
    strategy="btc",
    weight=Decimal("0.5"),
    max_orders_per_day=3,
    trading_hours=("mon-fri 13:30-20:00",),
    paused=True,
    version=4,
)
ETH = Subscription(account="main", strategy="eth", weight=Decimal(0), version=2)
OTHER = Subscription(account="other", strategy="btc", weight=Decimal("0.1"))
KNOWN = Configuration(accounts={"main": MAIN}, subscriptions=(BTC, ETH, OTHER), version=4)


def draft(settings: Any = None, account: str = "main", **strategies: Any) -> Draft:
    wanted = Edit(account=account, settings=settings or {}, strategies=strategies, version=4)
    return edited(KNOWN, wanted)


def only(found: Draft) -> Account:
    assert found.accounts is not None
    [account] = found.accounts.values()
    return account


def test_what_is_not_named_stays():
    found = draft({"max_drawdown": "0.2"}, btc={"weight": "0.25"})
    account = only(found)
    assert (account.max_drawdown, account.capital) == (Decimal("0.2"), Decimal(500))
    assert (account.exchange, account.secret, account.mode) == ("gemini", "keys", Mode.SANDBOX)
    assert account.exchange_options == {"timeout": "5"}
    btc, eth = found.subscriptions
    assert (btc.weight, btc.max_orders_per_day) == (Decimal("0.25"), 3)
    assert btc.trading_hours == ("mon-fri 13:30-20:00",)
    assert eth == ETH
    assert found.pauses == frozenset()
    assert (found.strategies, found.based_on) == (None, 4)


def test_null_takes_a_setting_back_to_its_default():
    found = draft({"capital": None}, btc={"max_orders_per_day": None, "trading_hours": None})
    assert only(found).capital is None
    assert found.subscriptions[0].max_orders_per_day is None
    assert found.subscriptions[0].trading_hours == ()


def test_where_no_weights_count_none_is_asked_for():
    with pytest.raises(SettingsError, match=r"accounts\.main\.strategies\.eth has no weight;"):
        draft(eth={"priority": 2})
    found = draft({"policy": "equal"}, eth={"priority": 2})
    assert (found.subscriptions[1].priority, found.subscriptions[1].weight) == (2, 0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"settings": {"mode": "live"}},
            "accounts.main.mode cannot be changed here; known are capital, ",
        ),
        (
            {"settings": {"max_drawdwn": "0.1"}},
            "accounts.main.max_drawdwn cannot be changed here; did you mean max_drawdown?",
        ),
        (
            {"btc": {"paused": False}},
            "accounts.main.strategies.btc.paused cannot be changed here; known are ",
        ),
        (
            {"btc": {"weight": "2"}},
            "the change: accounts.main.strategies.btc.weight is '2', but must be a fraction above "
            "0 and at most 1, such as 0.25",
        ),
        (
            {"settings": {"reserve": 1.5}},
            "the change: accounts.main.reserve is 1.5, but must be a fraction from 0 to below 1, "
            "such as 0.02",
        ),
        (
            {"eth": {"weight": 0}},
            "the change: accounts.main.strategies.eth.weight is 0, but must be a fraction above 0 ",
        ),
        ({"doge": {}}, "account main does not follow doge; known are btc, eth"),
        ({"account": "mian"}, "there is no account mian; did you mean main?"),
    ],
)
def test_what_cannot_be_is_named(given, sentence):
    with pytest.raises(SettingsError) as raised:
        draft(**given)
    assert str(raised.value).startswith(sentence)


def test_a_number_counts_as_it_is_written() -> None:
    found = draft({"max_drawdown": 0.2}, btc={"weight": 0.1})
    assert only(found).max_drawdown == Decimal("0.2")
    assert found.subscriptions[0].weight == Decimal("0.1")


def test_a_change_has_a_name_but_no_lines() -> None:
    source, place = draft().source, ("accounts", "main")
    assert (source.place(place), source.has(place)) == ("the change", False)
