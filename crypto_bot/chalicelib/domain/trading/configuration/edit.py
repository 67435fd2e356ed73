"""Some settings of one account and of what it follows, changed: a draft like that of a file."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Final

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.account import Account, Configuration, Subscription
from chalicelib.domain.trading.configuration.files import (
    ACCOUNT_SETTINGS,
    Draft,
    account_from,
    subscription_from,
)
from chalicelib.domain.trading.configuration.names import account_named, suggestion
from chalicelib.domain.trading.configuration.toml_source import Source, Table

Values = Mapping[str, object]

_KEPT: Final = frozenset({"name", "account", "strategy", "version", "paused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """`settings` of the account and of what it follows, by strategy; None means the default.

    `version` is of the configuration that the owner has seen.
    """

    account: str
    settings: Values
    strategies: Mapping[str, Values]
    version: int


def edited(configuration: Configuration, edit: Edit) -> Draft:
    """The account as it would be, with all that it follows.

    SettingsError names what cannot be so, in the words of a configuration file. Whether a strategy
    is paused is not changed here.
    """
    name = edit.account
    account = account_named(configuration, name)
    source = Source(name="the change", lines={}, is_file=False)
    _refuse_unknown(edit.settings, ACCOUNT_SETTINGS, f"accounts.{name}")
    table = _table(source, ("accounts", name), account, edit.settings)
    wanted = account_from(table)
    followed = {s.strategy: s for s in configuration.subscriptions_of(name)}
    for strategy in edit.strategies:
        if strategy not in followed:
            raise SettingsError(
                f"account {name} does not follow {strategy}; {suggestion(strategy, followed)}"
            )
    return Draft(
        source=source,
        accounts={name: wanted},
        subscriptions=tuple(
            _subscription(source, wanted, known, edit.strategies.get(known.strategy, {}))
            for known in followed.values()
        ),
        based_on=edit.version,
    )


def _subscription(
    source: Source, account: Account, known: Subscription, changes: Values
) -> Subscription:
    path = ("accounts", account.name, "strategies", known.strategy)
    names = frozenset(f.name for f in fields(known)) - _KEPT
    _refuse_unknown(changes, names, ".".join(path))
    if not changes:
        return known
    return subscription_from(_table(source, path, known, changes), account)


def _table(
    source: Source, path: tuple[str, ...], known: Account | Subscription, changes: Values
) -> Table:
    """As a file would have it: what is not set is left out."""
    stored = {f.name: getattr(known, f.name) for f in fields(known) if f.name not in _KEPT}
    values = {name: _written(value) for name, value in (stored | dict(changes)).items()}
    found = {name: value for name, value in values.items() if value not in (None, "")}
    if "weight" not in changes and found.get("weight") == ZERO:
        del found["weight"]  # no file says 0: what has no weight says nothing
    return Table(source=source, path=path, values=found)


def _written(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, StrEnum):
        return value.value
    return value if not isinstance(value, float) else Decimal(str(value))


def _refuse_unknown(changes: Values, known: frozenset[str], where: str) -> None:
    for name in changes:
        if name not in known:
            raise SettingsError(f"{where}.{name} cannot be changed here; {suggestion(name, known)}")
