"""Accounts that still hold what a strategy bought hear its exits, though they follow it no more."""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.trading.account import Account, Configuration, Subscription
from chalicelib.domain.trading.signal import Signal
from chalicelib.ports import TradingPorts


def keep_following(
    ports: TradingPorts, configuration: Configuration, due: Sequence[Signal]
) -> Configuration:
    """The configuration with a close-only subscription for every such account of a due signal.

    Reads the books of those accounts only that do not follow one of the strategies.
    """
    strategies = {s.strategy for s in due} & set(configuration.strategies)
    kept: list[Subscription] = []
    for account in configuration.accounts.values():
        followed = {s.strategy for s in configuration.subscriptions_of(account.name)}
        if strategies - followed:
            kept += _close_only(ports, account, strategies - followed)
    return replace(configuration, subscriptions=(*configuration.subscriptions, *kept))


def _close_only(ports: TradingPorts, account: Account, strategies: set[str]) -> list[Subscription]:
    portfolio = ports.ledger.portfolio(account.name, account.quote)
    owners = {h.strategy for h in portfolio.holdings if h.quantity > 0}
    return [
        Subscription(account=account.name, strategy=name, paused=True)
        for name in sorted(owners & strategies)
    ]
