"""Versions of the configuration: what one says that it changed, and the way back to one."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Basis, Configuration, Mode, Subscription
from chalicelib.domain.trading.configuration.change import change_to
from chalicelib.domain.trading.configuration.toml_source import Source
from chalicelib.domain.trading.configuration.versions import ConfigurationVersion, back_to
from chalicelib.domain.trading.strategy import Strategy
from tests.situations import NOON, an_account

TREND = Strategy(name="trend", instruments={"BTCUSDT": "BTC/USDT"}, token_hashes=("old",))
FOLLOWS = Subscription(account="main", strategy="trend", weight=Decimal("0.5"))
NOW = Configuration(
    strategies={"trend": TREND},
    accounts={"main": an_account()},
    subscriptions=(FOLLOWS,),
    version=7,
)


def changed(before: Configuration | None, after: Configuration) -> list[tuple[str, str, str]]:
    version = ConfigurationVersion(number=7, at=NOON, by="owner", before=before, after=after)
    return [(d.key, d.before, d.after) for d in version.differences()]


def with_account(**changes: Any) -> Configuration:
    return replace(NOW, accounts={"main": an_account(**changes)})


def with_strategies(*strategies: Strategy) -> Configuration:
    return replace(NOW, strategies={strategy.name: strategy for strategy in strategies})


def test_a_version_tells_field_by_field_what_it_changed() -> None:
    light = replace(NOW, subscriptions=(replace(FOLLOWS, weight=Decimal("0.25"), paused=True),))
    assert changed(NOW, light) == [
        ("accounts.main.strategies.trend.paused", "false", "true"),
        ("accounts.main.strategies.trend.weight", "0.5", "0.25"),
    ]
    assert changed(NOW, NOW) == []


def test_of_a_version_before_which_nothing_is_known_nothing_is_told() -> None:
    assert changed(None, NOW) == []


def test_of_a_record_that_begins_only_what_is_set_is_told() -> None:
    begun = {key: (before, after) for key, before, after in changed(Configuration(), NOW)}
    assert begun["strategies.trend.instruments"] == ("", "{ BTCUSDT = BTC/USDT }")
    assert begun["accounts.main.mode"] == ("", "virtual")
    assert begun["accounts.main.strategies.trend.weight"] == ("", "0.5")
    unset = (
        "accounts.main.max_drawdown",
        "accounts.main.strategies.trend.trading_hours",  # an empty list
        "accounts.main.exchange_options",  # an empty table
    )
    assert not begun.keys() & {*unset}


def test_what_was_set_and_is_no_more_is_told() -> None:
    limited = with_account(max_drawdown=Decimal("0.1"), exchange_options={"a": 1})
    assert changed(limited, NOW) == [
        ("accounts.main.exchange_options", "(not shown)", "(not shown)"),
        ("accounts.main.max_drawdown", "0.1", "-"),
    ]


def test_what_reaches_an_exchange_is_not_shown() -> None:
    begun = {key: (before, after) for key, before, after in changed(Configuration(), NOW)}
    assert "accounts.main.exchange_options" not in begun
    given = with_account(exchange_options={"apiKey": "x1"})
    both = [("accounts.main.exchange_options", "(not shown)", "(not shown)")]
    assert changed(NOW, given) == both
    first = [d for d in changed(Configuration(), given) if d[0].endswith("exchange_options")]
    assert first == [("accounts.main.exchange_options", "", "(not shown)")]


def test_another_token_is_told_without_it() -> None:
    fresh = replace(TREND, token_hashes=("new",))
    other = replace(TREND, name="other", token_hashes=("more",))
    token = ("strategies.trend.token", "(not shown)", "(a new one)")
    assert changed(NOW, with_strategies(fresh)) == [token]
    found = changed(NOW, with_strategies(other, replace(fresh, sibling_wait=9)))
    assert found[-1] == token
    assert ("strategies.trend.sibling_wait", str(TREND.sibling_wait), "9") in found
    assert not any(key == "strategies.other.token" for key, _, _ in found)
    assert not any("more" in (before, after) for _, before, after in found)


def test_back_is_a_file_with_just_this_in_it() -> None:
    idle = replace(FOLLOWS, strategy="idle", paused=True)
    wanted = replace(NOW, subscriptions=(idle, FOLLOWS), version=3)
    draft = back_to(wanted, NOW)
    assert draft.source == Source(name="version 3", lines={}, is_file=False)
    assert draft.strategies == wanted.strategies
    assert draft.accounts == wanted.accounts
    assert draft.subscriptions == (idle, FOLLOWS)
    assert draft.pauses == {("main", "idle")}
    assert draft.based_on is None


def test_what_is_paused_now_stays_so_and_what_was_paused_then_is_paused() -> None:
    paused = replace(NOW, subscriptions=(replace(FOLLOWS, paused=True),))
    for wanted, current in ((NOW, paused), (paused, NOW)):
        [subscription] = change_to(current, back_to(wanted, current), {}).after.subscriptions
        assert subscription.paused


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("exchange", "kraken"),
        ("mode", Mode.LIVE),
        ("quote", "EUR"),
        ("secret", "others"),
        ("basis", Basis.COST),
        ("prices_from", "binance"),
        ("exchange_options", {"a": 1}),
    ],
)
def test_where_an_account_trades_is_not_changed_by_going_back(name: str, value: object) -> None:
    with pytest.raises(SettingsError) as refusal:
        back_to(replace(with_account(**{name: value}), version=3), NOW)
    assert str(refusal.value) == (
        f"version 3 has another {name} of account main; that is changed with a file only: "
        "crypto-bot accounts apply FILE"
    )


def test_how_an_account_trades_and_what_is_gone_may_come_back() -> None:
    gone = an_account(name="gone", exchange="kraken")
    held_back = an_account(capital=Decimal(50), max_legs=2, version=9)
    wanted = replace(NOW, accounts={"gone": gone, "main": held_back})
    assert back_to(wanted, NOW).accounts == {"gone": gone, "main": held_back}


def test_an_account_that_is_new_does_not_hide_another_that_trades_elsewhere() -> None:
    accounts = {"gone": an_account(name="gone"), "main": an_account(reserve=Decimal(0), quote="E")}
    with pytest.raises(SettingsError, match="has another quote of account main;"):
        back_to(replace(NOW, accounts=accounts), NOW)
