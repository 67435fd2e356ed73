"""A draft from the owner's file -> the stored configuration, all of it or nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.domain.errors import SettingsError, StoreConflict
from chalicelib.domain.trading.account import Account, Configuration, Mode
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.configuration.change import (
    ConfigurationChange,
    Difference,
    Held,
    change_to,
)
from chalicelib.domain.trading.configuration.checks import check_configuration
from chalicelib.domain.trading.configuration.files import Draft
from chalicelib.domain.trading.signal import DesiredState
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports import TradingPorts

# What decides whether an account's exchange can be opened, and with what.
OPENED_BY: Final = ("exchange", "mode", "quote", "secret", "exchange_options", "prices_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedConfiguration:
    """What changed. `tokens` are those just made, by strategy: shown once, stored as hashes."""

    version: int
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    tokens: dict[str, str]


def apply_configuration(
    ports: TradingPorts,
    draft: Draft,
    *,
    live_refusal: str,
    make_token: Callable[[], str],
    dry_run: bool = False,
    by: str = "",
) -> AppliedConfiguration:
    """Checks the whole, writes what differs under the version that was read, makes tokens.

    SettingsError names the line of the file; StoreConflict says that someone else changed the
    configuration meanwhile, or after the version that the draft is based on. What is already as the
    file wants it is not written again. `by` is kept with the new version.
    """
    current = ports.strategies.configuration()
    if draft.based_on not in {None, current.version}:
        raise StoreConflict(
            f"the configuration is at version {current.version} by now, and this is a change of "
            f"version {draft.based_on}: look at it as it is now, and change it again"
        )
    change = change_to(current, draft, _held(ports, current))
    check_configuration(change.after, draft.source, live_refusal)
    _refuse_unreachable(ports, current, change, draft)
    if dry_run or change.is_empty:
        return _result(current.version, change, {})
    tokens = {s.name: make_token() for s in change.strategies if _is_new(s, current)}
    version = ports.strategies.apply(
        expected_version=current.version,
        strategies=[_with_token(s, tokens) for s in change.strategies],
        accounts=change.accounts,
        subscriptions=change.subscriptions,
        removed_subscriptions=change.removed_subscriptions,
        by=by,
    )
    return _result(version, change, tokens)


def _refuse_unreachable(
    ports: TradingPorts, current: Configuration, change: ConfigurationChange, draft: Draft
) -> None:
    """An unknown exchange or a missing secret is found before anything is stored.

    An account that differs in its limits alone is left in peace: whoever changes these needs no
    right to its keys, and has to be able to while they are gone.
    """
    for account in change.accounts:
        known = current.accounts.get(account.name)
        if known is not None and _is_opened_like(account, known):
            continue
        try:
            ports.exchanges.open(account)
        except SettingsError as error:
            place = draft.source.place(("accounts", account.name))
            raise SettingsError(f"{place}: {error}") from error


def _is_opened_like(account: Account, known: Account) -> bool:
    """A virtual one needs no keys and is made of its limits, too; so may an owner's own class be,
    whose exchange is a path such as `package.module:Class`.
    """
    is_venue = account.mode is not Mode.VIRTUAL and not {":", "."} & {*account.exchange}
    return is_venue and all(getattr(account, name) == getattr(known, name) for name in OPENED_BY)


def _is_new(strategy: Strategy, current: Configuration) -> bool:
    return strategy.name not in current.strategies


def _with_token(strategy: Strategy, tokens: dict[str, str]) -> Strategy:
    token = tokens.get(strategy.name)
    return strategy if token is None else replace(strategy, token_hashes=(hash_token(token),))


def _held(ports: TradingPorts, configuration: Configuration) -> Held:
    """Positions that need their strategy; what an exit left over as dust needs nobody."""
    held: dict[tuple[str, str], frozenset[str]] = {}
    for account in configuration.accounts.values():
        state = ports.plans.state(account.name)
        for holding in ports.ledger.portfolio(account.name, account.quote).holdings:
            stance = state.stance(holding.strategy, holding.symbol)
            wanted = stance.state is DesiredState.LONG or bool(state.open_plans)
            if holding.quantity > 0 and wanted:
                key = (account.name, holding.strategy)
                held[key] = held.get(key, frozenset()) | {holding.symbol}
    return held


def _result(
    version: int, change: ConfigurationChange, tokens: dict[str, str]
) -> AppliedConfiguration:
    return AppliedConfiguration(
        version=version, differences=change.differences, notes=change.notes, tokens=tokens
    )
