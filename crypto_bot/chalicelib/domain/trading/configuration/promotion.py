"""A strategy that has proved itself on one account, as a draft to follow on another one."""

from dataclasses import replace
from decimal import Decimal

from chalicelib.domain.errors import ActionRefused, SettingsError
from chalicelib.domain.trading.account import Account, Configuration, Mode, Subscription
from chalicelib.domain.trading.configuration.files import Draft
from chalicelib.domain.trading.configuration.names import account_named, strategy_named
from chalicelib.domain.trading.configuration.toml_source import Source


def proving_account(configuration: Configuration, strategy: str, to: str, name: str) -> Account:
    """Where the strategy has traded so far; `name` '' is the only one, or the only virtual one.

    SettingsError where that is none, or cannot be told.
    """
    strategy_named(configuration, strategy)
    account_named(configuration, to)
    followers = [n for n in configuration.followers(strategy) if n != to]
    if name:
        account_named(configuration, name)
        if name not in followers:
            raise SettingsError(_not_there(strategy, name, followers))
        return configuration.accounts[name]
    on_paper = [n for n in followers if configuration.accounts[n].mode is Mode.VIRTUAL]
    chosen = on_paper if len(on_paper) == 1 else followers
    if len(chosen) != 1:
        raise SettingsError(_not_there(strategy, "any account", followers))
    return configuration.accounts[chosen[0]]


def _not_there(strategy: str, name: str, followers: list[str]) -> str:
    if not followers:
        return (
            f"no other account follows {strategy}, so it has proved nothing yet; let a virtual "
            "account follow it first: crypto-bot accounts apply FILE"
        )
    known = ", ".join(followers)
    return f"{strategy} is not to be judged by {name}; name one with --from: {known}"


def promoted(
    configuration: Configuration, strategy: str, *, source: str, to: str, weight: Decimal | None
) -> Subscription:
    """The subscription with its caps, as it would be on `to`. ActionRefused where it is there."""
    by_account = {s.account: s for s in configuration.subscriptions if s.strategy == strategy}
    if to in by_account:
        raise ActionRefused(
            f"account {to} follows {strategy} already, with weight {by_account[to].weight}; "
            f"crypto-bot compare {strategy} shows both side by side"
        )
    proved = by_account[source]
    return replace(
        proved,
        account=to,
        weight=proved.weight if weight is None else weight,
        paused=False,
        version=0,
    )


def promotion_draft(configuration: Configuration, subscription: Subscription) -> Draft:
    """The account as it is, with one subscription more; `promote` stands for the file's name."""
    account = configuration.accounts[subscription.account]
    return Draft(
        source=Source(name="promote", lines={}),
        accounts={account.name: account},
        subscriptions=(*configuration.subscriptions_of(account.name), subscription),
        pauses=frozenset({(account.name, subscription.strategy)}),
    )
