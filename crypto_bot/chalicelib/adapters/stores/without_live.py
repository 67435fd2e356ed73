"""A configuration in which no account can be a live one, whoever writes it."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Configuration, Mode, Subscription
from chalicelib.domain.trading.strategy import Strategy

if TYPE_CHECKING:  # ports know the whole domain, and a cold webhook needs little of it
    from chalicelib.domain.trading.configuration.versions import ConfigurationVersion
    from chalicelib.ports import StrategyStore


class WithoutLiveAccounts:
    """`StrategyStore` that stores everything but live accounts; `because` says why not."""

    def __init__(self, store: "StrategyStore", because: str) -> None:
        self._store = store
        self._because = because

    def configuration(self) -> Configuration:
        """See `StrategyStore.configuration`."""
        return self._store.configuration()

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
        """See `StrategyStore.apply`. SettingsError for a live account."""
        refuse_live(accounts, self._because)
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
        return self._store.configuration_of(version)


def refuse_live(accounts: Iterable[Account], because: str) -> None:
    """SettingsError for the first live account, where there is a reason against it."""
    for account in accounts:
        if because and account.mode is Mode.LIVE:
            raise SettingsError(f"account {account.name} has mode live, and {because}")
