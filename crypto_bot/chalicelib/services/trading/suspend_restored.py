"""What a backup brought back is stilled before it can act: see domain/trading/restoring.py.

It runs over the restored rows while nobody else sees them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.domain.trading.account import Account, Configuration, HaltLevel
from chalicelib.domain.trading.restoring import (
    not_repeated,
    repeats_itself,
    restored_orders,
    restored_state,
)
from chalicelib.domain.trading.signal import Signal
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.open_plans import consumed_signals, open_plans

_EVERYTHING: Final = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """Accounts that wait for their owner, and what of the backup was still to be done.

    `skipped` entries are not executed again, `kept` exits run once their account is reopened;
    `orders` are looked up and not sent again.
    """

    accounts: tuple[str, ...]
    skipped: tuple[Signal, ...]
    kept: tuple[Signal, ...]
    orders: tuple[str, ...]


def suspend_restored(ports: TradingPorts, *, taken_at: datetime) -> Suspension:
    """No entries anywhere, and no decision on any account until `reopen_account`."""
    now = ports.clock.now()
    reason = f"restored from the backup of {taken_at.isoformat(timespec='seconds')}"
    ports.control.set_halt(HaltLevel.NO_ENTRIES, reason, now)
    configuration = ports.strategies.configuration()
    consumed: dict[str, frozenset[str]] = {}
    orders: list[str] = []
    for name, account in sorted(configuration.accounts.items()):
        consumed[name], taken_back = _suspend(ports, account, taken_at, now)
        orders += taken_back
    skipped, kept = [], []
    for signal in ports.signals.recent(_EVERYTHING):
        if signal.status.is_final:
            continue
        if repeats_itself(signal):
            skipped.append(_skip(ports, signal, configuration, consumed, taken_at))
        else:
            kept.append(signal)
    return Suspension(
        accounts=tuple(sorted(configuration.accounts)),
        skipped=tuple(skipped),
        kept=tuple(kept),
        orders=tuple(orders),
    )


def _suspend(
    ports: TradingPorts, account: Account, taken_at: datetime, now: datetime
) -> tuple[frozenset[str], list[str]]:
    """The signals that its open plans have taken, and the orders that have changed."""
    state = ports.plans.state(account.name)
    found = open_plans(ports.plans, ports.orders, state)
    changed = [order for item in found for order in restored_orders(item.orders, now)]
    for order in changed:
        ports.orders.save(order)
    ports.plans.save_state(restored_state(state, taken_at=taken_at, now=now))
    return consumed_signals(found), [order.intent.id for order in changed]


def _skip(
    ports: TradingPorts,
    signal: Signal,
    configuration: Configuration,
    consumed: Mapping[str, frozenset[str]],
    taken_at: datetime,
) -> Signal:
    """Every account has its last word, but for those whose open plan is still to give it."""
    now = ports.clock.now()
    followers = configuration.followers(signal.strategy)
    for account in followers:
        if signal.id not in consumed[account]:
            signal = signal.with_outcome(not_repeated(account, taken_at, now))
    return ports.signals.update(signal.settled_for(followers))
