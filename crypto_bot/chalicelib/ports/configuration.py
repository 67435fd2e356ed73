"""Where the owner's strategies, accounts and subscriptions are kept."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.trading.account import Account, Configuration, Subscription
from chalicelib.domain.trading.strategy import Strategy

if TYPE_CHECKING:  # of all that have these ports, two services need it
    from chalicelib.domain.trading.configuration.versions import ConfigurationVersion


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
        by: str = "",
    ) -> int:
        """Write these over what is there; returns the new version, StoreConflict if another won.

        `by` is kept with the version: who wanted it so.
        """
        ...

    def versions(self, limit: int, before: int | None = None) -> "list[ConfigurationVersion]":
        """Newest first, those before `before`; what is read grows with `limit` alone."""
        ...

    def configuration_of(self, version: int) -> Configuration | None:
        """Everything as that version had it, each record with its version of then.

        None where it never was, or where a later one does not know what it replaced. What is read
        grows with the number of versions since.
        """
        ...
