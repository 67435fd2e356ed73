"""Where the owner's strategies, accounts and subscriptions are kept."""

from collections.abc import Sequence
from typing import Protocol

from chalicelib.domain.trading.account import Account, Configuration, Subscription
from chalicelib.domain.trading.strategy import Strategy


class StrategyStore(Protocol):
    """The owner's configuration: strategies, accounts, subscriptions, versioned."""

    def configuration(self) -> Configuration:
        """Everything in one consistent reading."""
        ...

    def is_in_force(self, version: int) -> bool:
        """Whether what was read as this version is what the owner wants still; one small read."""
        ...

    def strategy(self, name: str) -> Strategy | None:
        """One strategy, one read."""
        ...

    def apply(
        self,
        *,
        expected_version: int,
        strategies: Sequence[Strategy] = (),
        accounts: Sequence[Account] = (),
        subscriptions: Sequence[Subscription] = (),
        removed_subscriptions: Sequence[tuple[str, str]] = (),
    ) -> int:
        """Write these over what is there; returns the new version, StoreConflict if another won."""
        ...
