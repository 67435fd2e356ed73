"""A name, an account and a share of it -> a strategy for a bot to speak for, with its follower."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.trading.account import Configuration, Subscription
from chalicelib.domain.trading.configuration.files import Draft
from chalicelib.domain.trading.configuration.names import account_named
from chalicelib.domain.trading.configuration.toml_source import Source
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.apply_configuration import apply_configuration
from chalicelib.services.trading.receive_signal import Inbox, StrategyCache


class NewStrategy(NamedTuple):
    """`weight` is the share of the account that it may have. What the bot says at one close about
    several instruments, `sibling_wait` seconds bring into one plan.
    """

    name: str
    symbols: Sequence[str]
    interval: Interval
    account: str
    weight: Decimal
    sibling_wait: int = 0


def make_strategy(
    ports: TradingPorts,
    wanted: NewStrategy,
    *,
    live_refusal: str,
    make_token: Callable[[], str],
    dry_run: bool,
    by: str = "",
) -> None:
    """Nobody learns its token: only the bot speaks for it, until the owner makes another one.

    One that is just so is there already where this was done before, and what came after it failed:
    then nothing is to be made. ActionRefused where there is another of that name, SettingsError
    where the account has no room for it; then nothing is stored, as with `dry_run`.
    """
    current = ports.strategies.configuration()
    if _is_there(current, wanted):
        return
    draft = _draft(current, wanted)
    apply_configuration(
        ports, draft, live_refusal=live_refusal, make_token=make_token, dry_run=dry_run, by=by
    )


def as_if_made(inbox: Inbox, wanted: NewStrategy) -> Inbox:
    """What a deployment can be checked with before anything is stored."""
    known = _Known(inbox.strategies, _strategy(wanted))
    return replace(inbox, strategies=known)  # type: ignore[arg-type]


class _Known:
    def __init__(self, others: StrategyCache, made: Strategy) -> None:
        self._others = others
        self._made = made

    def strategy(self, name: str) -> Strategy | None:
        return self._made if name == self._made.name else self._others.strategy(name)

    def configuration(self) -> Configuration:
        return self._others.configuration()


def _is_there(current: Configuration, wanted: NewStrategy) -> bool:
    known = current.strategies.get(wanted.name)
    if known is None or replace(known, token_hashes=(), version=0) != _strategy(wanted):
        return False
    followers = [
        replace(each, version=0) for each in current.subscriptions if each.strategy == wanted.name
    ]
    return followers == [_subscription(wanted)]


def _draft(current: Configuration, wanted: NewStrategy) -> Draft:
    """All that there is, and these two beside it: what a draft does not name would end."""
    if wanted.name in current.strategies:
        raise ActionRefused(f"there is a strategy {wanted.name} already: take it, or another name")
    account = account_named(current, wanted.account)
    return Draft(
        source=Source(name="the new strategy", lines={}),
        strategies={**current.strategies, wanted.name: _strategy(wanted)},
        accounts={account.name: account},
        subscriptions=(*current.subscriptions_of(account.name), _subscription(wanted)),
    )


def _subscription(wanted: NewStrategy) -> Subscription:
    return Subscription(account=wanted.account, strategy=wanted.name, weight=wanted.weight)


def _strategy(wanted: NewStrategy) -> Strategy:
    return Strategy(
        name=wanted.name,
        instruments={symbol.replace("/", ""): symbol for symbol in wanted.symbols},
        timeframe=wanted.interval.value,
        sibling_wait=wanted.sibling_wait,
    )
