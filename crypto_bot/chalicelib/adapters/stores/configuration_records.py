"""Records of the configuration as rows have them, and what a version of it wrote and replaced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from chalicelib.adapters.stores.keys import key
from chalicelib.domain.trading.account import Account, Configuration, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row

if TYPE_CHECKING:  # a cold webhook needs none of it
    from chalicelib.domain.trading.configuration.versions import ConfigurationVersion

R = TypeVar("R")

REMOVED: Final = "null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """Records as they were before a version wrote over them, or removed them."""

    strategies: tuple[Strategy, ...] = ()
    accounts: tuple[Account, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()

    def documents(self) -> dict[str, str]:
        """Sort key to document."""
        return _documents(self.strategies, self.accounts, self.subscriptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one version wrote, as it stays in the history. `replaced` None: it was not kept yet."""

    version: int
    strategies: tuple[Strategy, ...] = ()
    accounts: tuple[Account, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    removed_subscriptions: tuple[tuple[str, str], ...] = ()
    at: datetime | None = None
    by: str = ""
    replaced: Replaced | None = None

    def documents(self) -> dict[str, str]:
        """Sort key to document; a subscription both removed and given is given."""
        removed = {key("subscription", *pair): REMOVED for pair in self.removed_subscriptions}
        return removed | _documents(self.strategies, self.accounts, self.subscriptions)


def _documents(
    strategies: Sequence[Strategy],
    accounts: Sequence[Account],
    subscriptions: Sequence[Subscription],
) -> dict[str, str]:
    return {
        **{key("strategy", s.name): encode(s) for s in strategies},
        **{key("account", a.name): encode(a) for a in accounts},
        **{key("subscription", s.account, s.strategy): encode(s) for s in subscriptions},
    }


def replaced_by(change: Change, stored: Sequence[Row]) -> Replaced:
    """What is stored of that which the change writes."""
    written = change.documents()
    rows = [row for row in stored if row.sort in written]
    return Replaced(
        strategies=tuple(_records(rows, "strategy", Strategy)),
        accounts=tuple(_records(rows, "account", Account)),
        subscriptions=tuple(_records(rows, "subscription", Subscription)),
    )


def as_version(change: Change) -> "ConfigurationVersion":
    """As it is told."""
    from chalicelib.domain.trading.configuration.versions import ConfigurationVersion

    return ConfigurationVersion(
        number=change.version,
        at=change.at,
        by=change.by,
        before=None if change.replaced is None else _whole(change.replaced),
        after=_whole(change),
    )


def _whole(part: Change | Replaced) -> Configuration:
    return Configuration(
        strategies={s.name: s for s in part.strategies},
        accounts={a.name: a for a in part.accounts},
        subscriptions=part.subscriptions,
    )


def configuration_in(rows: Sequence[Row], version: int) -> Configuration:
    """All records among the rows."""
    return Configuration(
        strategies={s.name: s for s in _records(rows, "strategy", Strategy)},
        accounts={a.name: a for a in _records(rows, "account", Account)},
        subscriptions=tuple(_records(rows, "subscription", Subscription)),
        version=version,
    )


def _records(rows: Sequence[Row], name: str, kind: type[R]) -> list[R]:
    return [
        decode(kind, row.document)
        for row in rows
        if row.sort.startswith(f"{name}#") and row.document != REMOVED
    ]
