"""The heart: for each account with something to do, reconcile, book, conclude, plan, execute.

Bounded and repeatable: it never waits for a fill, and whatever it does not get to is found by
the next tick in the stores.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from chalicelib.domain.errors import ExchangeUnavailable, KeysRefused, SettingsError, StoreConflict
from chalicelib.domain.trading.account import Account, Configuration
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.signal import Signal
from chalicelib.ports import Heartbeat, RenewsKeys, TradingPorts
from chalicelib.services.trading.book_fills import book_fills
from chalicelib.services.trading.cancel_overtaken import cancel_overtaken
from chalicelib.services.trading.conclude_plans import Concluded, conclude_plans
from chalicelib.services.trading.desk import Desk, open_desk
from chalicelib.services.trading.execute_orders import execute_orders
from chalicelib.services.trading.keep_following import keep_following
from chalicelib.services.trading.keep_silence import keep_silence
from chalicelib.services.trading.look_up_restored import look_up_restored
from chalicelib.services.trading.notice_strangers import notice_strangers
from chalicelib.services.trading.plan_orders import plan_orders
from chalicelib.services.trading.protect_positions import protect_positions
from chalicelib.services.trading.reconcile_orders import reconcile_orders
from chalicelib.services.trading.record_outcome import record_planned
from chalicelib.services.trading.settle_unfollowed import settle_unfollowed

DUE_AT_ONCE: Final = 2_000
# Reductions, increases and their next legs each take a round; the rest is the next tick's.
ROUNDS: Final = 8
LEASE_MARGIN: Final = timedelta(seconds=15)
_REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReport:
    """What a tick did for one account; `status` is worked, busy, blocked, refused or unavailable.

    Refused: the venue does not take the keys. Blocked: the venue wants silence, a key or another
    setting is missing, or the books are those of a backup.
    """

    account: str
    status: str
    plans: int = 0
    orders_sent: int = 0
    fills_booked: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickReport:
    """What a tick did; `outcome` is idle or worked."""

    outcome: str
    accounts: tuple[AccountReport, ...] = ()

    def summary(self) -> str:
        """One short line for logs and the heartbeat."""
        if not self.accounts:
            return self.outcome
        parts = (
            f"{a.account} {a.status}: {a.plans} plans, {a.orders_sent} orders, "
            f"{a.fills_booked} entries{f', {a.detail}' if a.detail else ''}"
            for a in self.accounts
        )
        return "; ".join(parts)


def tick(ports: TradingPorts, *, owner: str, deadline: datetime) -> TickReport:
    """Do what is due. `owner` names this caller on the lease; no send begins near `deadline`."""
    now = ports.clock.now()
    due = _due(ports, now)
    names = set(ports.plans.due_accounts(now))
    if not due and not names:
        ports.control.beat(Heartbeat(at=now, outcome="idle"))
        return TickReport(outcome="idle")
    configuration = keep_following(ports, ports.strategies.configuration(), due)
    settle_unfollowed(ports, configuration, due)
    names |= {name for signal in due for name in configuration.followers(signal.strategy)}
    known = configuration.accounts
    accounts = _in_turn([known[name] for name in names if name in known], now)
    tasks = [
        lambda account=account: _work_under_lease(
            ports, account, configuration, due, owner, deadline
        )
        for account in accounts
    ]
    # One after the other, and what breaks one account is raised when the others are done.
    report = TickReport(outcome="worked", accounts=tuple(ports.workers.run_all(tasks, 1)))
    ports.control.beat(Heartbeat(at=ports.clock.now(), outcome=report.summary()))
    return report


def _due(ports: TradingPorts, now: datetime) -> list[Signal]:
    """Orders that wait, by the thousand perhaps, hide nothing that came after them."""
    most = DUE_AT_ONCE
    while True:
        due = ports.signals.due(now, most)
        waiting = sum(signal.order is not None for signal in due)
        if len(due) < most or len(due) - waiting >= DUE_AT_ONCE:
            return due
        most = 2 * waiting + DUE_AT_ONCE


def _in_turn(accounts: Iterable[Account], now: datetime) -> list[Account]:
    """In another order every time: where a tick's time runs out, it is not always for the same."""
    at = now.isoformat()
    return sorted(accounts, key=lambda account: sha256(f"{at} {account.name}".encode()).digest())


def _work_under_lease(
    ports: TradingPorts,
    account: Account,
    configuration: Configuration,
    due: Sequence[Signal],
    owner: str,
    deadline: datetime,
) -> AccountReport:
    now = ports.clock.now()
    lease = ports.control.acquire(account.name, owner, now, deadline - now + LEASE_MARGIN)
    if lease is None:
        return AccountReport(account=account.name, status="busy")
    try:
        state = ports.plans.state(account.name)
        if state.is_blocked(now):
            return AccountReport(
                account=account.name, status="blocked", detail=state.blocked_because
            )
        report = _try_work(open_desk(ports, account, configuration), due, deadline)
        if report.status != _REFUSED or not _has_new_keys(ports, account):
            return report
        due = _due(ports, now)
        return _try_work(open_desk(ports, account, configuration), due, deadline)
    except SettingsError as missing:
        return AccountReport(account=account.name, status="blocked", detail=str(missing))
    except StoreConflict as lost:
        return AccountReport(account=account.name, status="busy", detail=str(lost))
    finally:
        ports.control.release(lease)


def _has_new_keys(ports: TradingPorts, account: Account) -> bool:
    """Whether the owner has replaced what the venue refused, once it is looked at again."""
    exchanges = ports.exchanges
    return isinstance(exchanges, RenewsKeys) and exchanges.renew(account)


def _try_work(desk: Desk, due: Sequence[Signal], deadline: datetime) -> AccountReport:
    failure: Exception | None = None
    try:
        if desk.ports.plans.state(desk.name).restored_from is not None:
            report = _wait(desk)
        else:
            report, failure = _work(desk, due, deadline)
            notice_strangers(desk)
    except KeysRefused as trouble:
        report = AccountReport(account=desk.name, status=_REFUSED, detail=str(trouble))
    except ExchangeUnavailable as trouble:
        report = AccountReport(account=desk.name, status="unavailable", detail=str(trouble))
    if keep_silence(desk):
        report = replace(report, status="blocked", detail=desk.exchange.because)
    if failure is not None:
        raise failure
    return report


def _wait(desk: Desk) -> AccountReport:
    """Until its owner has compared it with the venue, a restored account decides nothing."""
    booked = look_up_restored(desk)
    detail = f"restored from a backup: crypto-bot accounts reopen {desk.name}"
    return AccountReport(account=desk.name, status="blocked", fills_booked=booked, detail=detail)


def _work(
    desk: Desk, due: Sequence[Signal], deadline: datetime
) -> tuple[AccountReport, Exception | None]:
    """What was done, and what planning raises of which it was done in spite."""
    mine = [s for s in due if desk.name in desk.configuration.followers(s.strategy)]
    plans = sent = booked = 0
    stops = left_out = frozenset[str]()
    failure: Exception | None = None
    concluded = Concluded()
    for _ in range(ROUNDS):
        concluded = Concluded()
        moved: list[OrderStatus] = []
        if desk.exchange.is_silent:
            break  # no request of any kind
        at_work = bool(desk.ports.plans.state(desk.name).open_plans)
        if at_work:
            cancel_overtaken(desk, mine)
            reconcile_orders(desk)
            booked += book_fills(desk)
            concluded = conclude_plans(desk)
        planned = plan_orders(desk, mine, left_out)
        mine = [signal for signal in mine if signal.id not in planned.seen_to]
        plans += planned.plan is not None
        left_out |= planned.left_out
        failure = failure or planned.failure
        if at_work or planned.plan is not None:
            moved = execute_orders(desk, deadline)
        sent += sum(status is not OrderStatus.DENIED for status in moved)
        stirred = protect_positions(desk) - stops
        stops |= stirred
        if not (concluded.moved or planned.plan or moved or stirred):
            break
    record_planned(desk)
    report = AccountReport(
        account=desk.name,
        status="worked",
        plans=plans,
        orders_sent=sent,
        fills_booked=booked,
        detail=_trouble(left_out, concluded),
    )
    return report, failure


def _trouble(left_out: Collection[str], concluded: Concluded) -> str:
    stuck = {each.plan_id for each in concluded.stuck}
    parts = {
        "signals that planning fails on": len(left_out),
        "plans that cannot be booked or concluded": len(stuck),
    }
    return ", ".join(f"{what}: {count}" for what, count in parts.items() if count)
