"""A draft laid over what is configured: what is to be written, and what the owner is told."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal

from chalicelib.domain.money import ZERO, plain
from chalicelib.domain.trading.account import Account, Configuration, Subscription
from chalicelib.domain.trading.configuration.files import Draft
from chalicelib.domain.trading.strategy import Strategy

# (account, strategy) -> symbols in which the strategy holds a position there.
Held = Mapping[tuple[str, str], frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that changes; `before` and `after` are empty where it begins or ends."""

    key: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationChange:
    """`strategies`, `accounts` and `subscriptions` hold only what differs; `after` is the whole."""

    after: Configuration
    strategies: tuple[Strategy, ...] = ()
    accounts: tuple[Account, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    removed_subscriptions: tuple[tuple[str, str], ...] = ()
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether everything is already as the file wants it."""
        return not (
            self.strategies or self.accounts or self.subscriptions or self.removed_subscriptions
        )


def change_to(current: Configuration, draft: Draft, held: Held) -> ConfigurationChange:
    """What has to be written so that the draft is in force. Nothing a position needs gets lost.

    A strategy that leaves an account while it holds something there stays as close-only: paused,
    with no weight. SettingsError where an instrument would go from under a position.
    """
    notes: list[str] = []
    strategies = dict(current.strategies)
    for strategy in (draft.strategies or {}).values():
        known = current.strategies.get(strategy.name)
        if known is None:
            strategies[strategy.name] = strategy
            continue
        _refuse_orphans(draft, known, strategy, held)
        strategies[strategy.name] = replace(
            strategy, token_hashes=known.token_hashes, version=known.version
        )
    accounts = dict(current.accounts)
    for account in (draft.accounts or {}).values():
        version = current.accounts[account.name].version if account.name in accounts else 0
        accounts[account.name] = replace(account, version=version)
    subscriptions, dropped = _subscriptions(current, draft, held, notes)
    after = Configuration(
        strategies=strategies,
        accounts=accounts,
        subscriptions=tuple(subscriptions[key] for key in sorted(subscriptions)),
        version=current.version,
    )
    notes += _unnamed_accounts(current, draft)
    return _change(current, after, dropped, notes)


def _refuse_orphans(draft: Draft, known: Strategy, wanted: Strategy, held: Held) -> None:
    for (account, strategy), symbols in sorted(held.items()):
        lost = sorted(symbols & set(known.symbols()) - set(wanted.symbols()))
        if strategy == wanted.name and lost:
            raise draft.source.error(
                ("strategies", strategy, "instruments"),
                f"no longer has {', '.join(lost)}, and account {account} holds a position there "
                f"for {strategy}; sell it first: crypto-bot close {strategy}",
            )


def _subscriptions(
    current: Configuration, draft: Draft, held: Held, notes: list[str]
) -> tuple[dict[tuple[str, str], Subscription], list[tuple[str, str]]]:
    """All subscriptions after the draft, and the keys of those that end."""
    result = {(s.account, s.strategy): s for s in current.subscriptions}
    wanted = {(s.account, s.strategy): s for s in draft.subscriptions}
    dropped: list[tuple[str, str]] = []
    for key in sorted(result):
        if _ends(key, draft, wanted):
            if key in held:
                result[key] = replace(result[key], paused=True, weight=ZERO)
                notes.append(_close_only(key, held[key]))
            else:
                dropped.append(key)
                del result[key]
    for key, subscription in wanted.items():
        result[key] = _over(result.get(key), subscription, stated=key in draft.pauses)
        if result[key].paused and key not in draft.pauses:
            notes.append(f"{key[1]} stays paused on account {key[0]}: crypto-bot resume {key[1]}")
    return result, dropped


def _over(known: Subscription | None, wanted: Subscription, *, stated: bool) -> Subscription:
    """A file that does not speak of `paused` leaves it as the owner's last command left it."""
    if known is None:
        return wanted
    paused = wanted.paused if stated else known.paused
    return replace(wanted, paused=paused, version=known.version)


def _ends(
    key: tuple[str, str], draft: Draft, wanted: Mapping[tuple[str, str], Subscription]
) -> bool:
    account, strategy = key
    if draft.strategies is not None and strategy not in draft.strategies:
        return True
    return draft.accounts is not None and account in draft.accounts and key not in wanted


def _close_only(key: tuple[str, str], symbols: frozenset[str]) -> str:
    account, strategy = key
    return (
        f"{strategy} still holds {', '.join(sorted(symbols))} on account {account}: it stays as "
        f"close-only: exits run, entries do not; sell it: crypto-bot close {strategy}"
    )


def _unnamed_accounts(current: Configuration, draft: Draft) -> list[str]:
    if draft.accounts is None:
        return []
    return [
        f"account {name} is not in {draft.source.name} and stays as it is"
        for name in sorted(current.accounts)
        if name not in draft.accounts
    ]


def _change(
    current: Configuration,
    after: Configuration,
    dropped: Iterable[tuple[str, str]],
    notes: Iterable[str],
) -> ConfigurationChange:
    before = {(s.account, s.strategy): s for s in current.subscriptions}
    return ConfigurationChange(
        after=after,
        strategies=tuple(
            s for name, s in after.strategies.items() if s != current.strategies.get(name)
        ),
        accounts=tuple(a for name, a in after.accounts.items() if a != current.accounts.get(name)),
        subscriptions=tuple(
            s for s in after.subscriptions if s != before.get((s.account, s.strategy))
        ),
        removed_subscriptions=tuple(dropped),
        differences=differences(current, after),
        notes=tuple(notes),
    )


def differences(before: Configuration, after: Configuration) -> tuple[Difference, ...]:
    """Field by field, sorted by key; token hashes and versions are not the owner's to read."""
    old, new = dict(_settings(before)), dict(_settings(after))
    return tuple(
        Difference(key=key, before=old.get(key, ""), after=new.get(key, ""))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )


def _settings(configuration: Configuration) -> Iterator[tuple[str, str]]:
    for name, strategy in configuration.strategies.items():
        yield from _fields(f"strategies.{name}", strategy, {"name", "token_hashes"})
    for name, account in configuration.accounts.items():
        yield from _fields(f"accounts.{name}", account, {"name"})
    for subscription in configuration.subscriptions:
        key = f"accounts.{subscription.account}.strategies.{subscription.strategy}"
        yield from _fields(key, subscription, {"account", "strategy"})


def _fields(
    key: str, record: Strategy | Account | Subscription, hidden: set[str]
) -> Iterator[tuple[str, str]]:
    for field in fields(record):
        if field.name not in hidden | {"version"}:
            yield f"{key}.{field.name}", _written(getattr(record, field.name))


def _written(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_written(v)}" for k, v in sorted(value.items())) + " }"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    return str(value)
