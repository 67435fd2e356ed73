"""How everything stands, for the first look at the bot. Reads only; no venue is asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from chalicelib.domain.operation.conditions import longest_without_tick, open_breakers
from chalicelib.domain.operation.overview import (
    BADGES,
    AccountFigures,
    Position,
    Total,
    beginnings,
    positions_of,
    profit_since,
    totals_of,
)
from chalicelib.domain.trading.account import Account, Configuration, Halt
from chalicelib.domain.trading.plan import AccountState
from chalicelib.ports import AnalyticsStore, Heartbeat, TradingPorts
from chalicelib.services.trading.next_due import next_due

_MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that is well or not; None where it cannot be told."""

    name: str
    ok: bool | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """`next_tick` None: nothing waits, and a tick would find nothing to do."""

    halt: Halt | None
    accounts: tuple[AccountFigures, ...]
    totals: tuple[Total, ...]
    positions: tuple[Position, ...]
    last_tick: Heartbeat | None
    next_tick: datetime | None
    checks: tuple[Check, ...]


def report_overview(
    ports: TradingPorts, analytics: AnalyticsStore, interval: timedelta | None
) -> Overview:
    """`interval` is the time between two ticks, None where that is uneven."""
    now = ports.clock.now()
    configuration = ports.strategies.configuration()
    figures: list[AccountFigures] = []
    positions: list[Position] = []
    checks: list[Check] = []
    for _, account in sorted(configuration.accounts.items()):
        state = ports.plans.state(account.name)
        portfolio = ports.ledger.portfolio(account.name, account.quote)
        positions += positions_of(account, portfolio, state)
        figures.append(_figures(account, state, portfolio.cash, analytics, now))
        checks.append(_account_check(account, state, now))
    beat = ports.control.last_beat()
    return Overview(
        halt=ports.control.last_halt(),
        accounts=tuple(figures),
        totals=tuple(totals_of(figures)),
        positions=tuple(positions),
        last_tick=beat,
        next_tick=_next_tick(ports, beat, interval),
        checks=(
            _tick_check(beat, interval, now),
            _held_check(ports),
            *checks,
            *_first_steps(configuration),
        ),
    )


def _figures(
    account: Account,
    state: AccountState,
    cash: Decimal,
    analytics: AnalyticsStore,
    now: datetime,
) -> AccountFigures:
    newest = next(iter(analytics.performance(account.name, "", 1)), None)
    profits = {}
    if newest is not None:
        for name, since in beginnings(now).items():
            before = analytics.performance(account.name, "", 1, until=since)
            profits[name] = profit_since(since, newest, next(iter(before), None))
    return AccountFigures(
        account=account.name,
        badge=BADGES[account.mode],
        exchange=account.exchange,
        quote=account.quote,
        cash=cash,
        equity=None if newest is None else newest.equity,
        at=None if newest is None else newest.at,
        stopped_by=tuple(breaker.reason for breaker in open_breakers(state, now)),
        blocked=state.blocked_because if state.is_blocked(now) else "",
        frozen=tuple(sorted(state.barred.items())),
        **profits,
    )


def _next_tick(
    ports: TradingPorts, beat: Heartbeat | None, interval: timedelta | None
) -> datetime | None:
    due = next_due(ports)
    if due is None or beat is None or interval is None:
        return due
    return max(due, beat.at + interval)


def _tick_check(beat: Heartbeat | None, interval: timedelta | None, now: datetime) -> Check:
    if beat is None:
        return Check(name="tick", ok=None, detail="none has ended yet")
    longest = longest_without_tick(interval)
    if longest is not None and now - beat.at > longest:
        return Check(name="tick", ok=False, detail="none has ended well for too long: see the log")
    return Check(name="tick", ok=True, detail="the last one ended well")


def _held_check(ports: TradingPorts) -> Check:
    held = ports.orders.held(_MOST)
    if held:
        more = " or more" if len(held) == _MOST else ""
        detail = f"{len(held)}{more} of unknown fate wait for your word: crypto-bot resolve ORDER"
        return Check(name="held orders", ok=False, detail=detail)
    return Check(name="held orders", ok=True, detail="no order waits for your word")


def _account_check(account: Account, state: AccountState, now: datetime) -> Check:
    name = f"account {account.name}"
    troubles = [f"{b.reason} ({b.code})" for b in open_breakers(state, now)]
    if state.is_blocked(now):
        troubles.append(f"its venue is not asked anything: {state.blocked_because}")
    if state.restored_from is not None:
        troubles.append(f"it decides nothing: crypto-bot accounts reopen {account.name}")
    troubles += [f"nothing is bought of {s}: {why}" for s, why in sorted(state.barred.items())]
    if troubles:
        return Check(name=name, ok=False, detail="; ".join(troubles))
    return Check(name=name, ok=True, detail="it may trade")


def _first_steps(configuration: Configuration) -> tuple[Check, ...]:
    if not configuration.strategies:
        detail = "there is none yet: crypto-bot strategies apply FILE"
        return (Check(name="strategies", ok=None, detail=detail),)
    if not configuration.accounts:
        detail = "there is none yet: crypto-bot accounts apply FILE"
        return (Check(name="accounts", ok=None, detail=detail),)
    return ()
