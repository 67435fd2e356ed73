"""The account that the environment describes, joined to what the owner has stored."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chalicelib.domain.trading.account import Account, Configuration, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports import StrategyStore

if TYPE_CHECKING:
    from chalicelib.domain.trading.configuration.versions import ConfigurationVersion


class WithDefaultAccount:
    """`StrategyStore` that knows one account more, unless one of that name is stored."""

    def __init__(self, store: StrategyStore, account: Account) -> None:
        self._store = store
        self._account = account

    def configuration(self) -> Configuration:
        """See `StrategyStore.configuration`."""
        return self._with_account(self._store.configuration())

    def is_in_force(self, version: int) -> bool:
        """See `StrategyStore.is_in_force`."""
        return self._store.is_in_force(version)

    def strategy(self, name: str) -> Strategy | None:
        """See `StrategyStore.strategy`."""
        return self._store.strategy(name)

    def apply(
        self,
        *,
        expected_version: int,
        strategies: Sequence[Strategy] = (),
        accounts: Sequence[Account] = (),
        subscriptions: Sequence[Subscription] = (),
        removed_subscriptions: Sequence[tuple[str, str]] = (),
        by: str = "",
    ) -> int:
        """See `StrategyStore.apply`."""
        return self._store.apply(
            expected_version=expected_version,
            strategies=strategies,
            accounts=accounts,
            subscriptions=subscriptions,
            removed_subscriptions=removed_subscriptions,
            by=by,
        )

    def versions(self, limit: int, before: int | None = None) -> "list[ConfigurationVersion]":
        """See `StrategyStore.versions`."""
        return self._store.versions(limit, before)

    def configuration_of(self, version: int) -> Configuration | None:
        """See `StrategyStore.configuration_of`."""
        stored = self._store.configuration_of(version)
        return None if stored is None else self._with_account(stored)

    def _with_account(self, stored: Configuration) -> Configuration:
        accounts = {self._account.name: self._account, **stored.accounts}
        return replace(stored, accounts=accounts)
