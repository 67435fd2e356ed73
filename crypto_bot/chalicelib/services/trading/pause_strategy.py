"""The owner keeps a strategy from entering on its accounts, or lets it in again."""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Configuration, Subscription
from chalicelib.domain.trading.configuration.names import account_named, strategy_named
from chalicelib.ports import StrategyStore


def pause_strategy(
    store: StrategyStore,
    *,
    strategy: str | None,
    account: str | None,
    paused: bool,
    by: str = "",
) -> Sequence[Subscription]:
    """The subscriptions that changed; None stands for all. Exits of a paused strategy still run.

    SettingsError where no subscription is meant, so that a misspelt name is not a quiet nothing.
    """
    configuration = store.configuration()
    changed = subscriptions_to_set(configuration, strategy=strategy, account=account, paused=paused)
    if changed:
        store.apply(expected_version=configuration.version, subscriptions=changed, by=by)
    return changed


def subscriptions_to_set(
    configuration: Configuration, *, strategy: str | None, account: str | None, paused: bool
) -> Sequence[Subscription]:
    """What would change, as it would be."""
    if strategy is not None:
        strategy_named(configuration, strategy)
    if account is not None:
        account_named(configuration, account)
    meant = [
        s
        for s in configuration.subscriptions
        if strategy in {None, s.strategy} and account in {None, s.account}
    ]
    if not meant:
        raise SettingsError(_nobody(strategy, account))
    return [replace(s, paused=paused) for s in meant if s.paused is not paused]


def _nobody(strategy: str | None, account: str | None) -> str:
    what = strategy or "any strategy"
    who = "no account follows" if account is None else f"account {account} does not follow"
    return f"{who} {what}; crypto-bot accounts list shows who follows what"
