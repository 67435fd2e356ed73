"""Due signals and open ends of an account become at most one plan, written down before it acts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.trading.account import next_check
from chalicelib.domain.trading.isolation import Decision, decide, may_buy
from chalicelib.domain.trading.plan import AccountState, Plan, first_sequence, plan_id
from chalicelib.domain.trading.protection import trigger_of
from chalicelib.domain.trading.settlement import numbered
from chalicelib.domain.trading.signal import Signal
from chalicelib.domain.trading.situation import Draft
from chalicelib.domain.trading.waiting_orders import Watched
from chalicelib.services.trading.cancel_overtaken import cancel_for_met
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import (
    OpenPlan,
    consumed_signals,
    open_plans,
    open_stops,
)
from chalicelib.services.trading.quarantine_signals import quarantine_signals
from chalicelib.services.trading.read_situation import (
    read_situation,
    symbols_under_way,
    traded_symbols,
    undecided,
)
from chalicelib.services.trading.settle_balances import settle_balances
from chalicelib.services.trading.watch_orders import remember_best, watch_orders

# How long open orders keep the rest of the account from being looked at.
LOOK_AGAIN: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What was decided; `plan` is None when there was nothing to decide.

    `left_out` are signals that planning fails on. `failure` is to be raised when the plan has been
    seen to: without it there would have been more to decide.
    """

    plan: Plan | None = None
    left_out: frozenset[str] = frozenset()
    failure: Exception | None = None

    @property
    def seen_to(self) -> frozenset[str]:
        """The signals about which nothing more is decided in this tick."""
        verdicts = () if self.plan is None else self.plan.verdicts
        return self.left_out | {verdict.signal_id for verdict in verdicts}


def plan_orders(
    desk: Desk, due: Sequence[Signal], left_out: Collection[str] = frozenset()
) -> Planned:
    """Decide once and write the decision down. `left_out` are signals that are not among the due
    because planning has failed on them in this very tick.
    """
    ports = desk.ports
    state = ports.plans.state(desk.name)
    open_now = open_plans(ports.plans, ports.orders, state)
    consumed = consumed_signals(open_now)
    watched = watch_orders(desk, state, undecided(desk, due, consumed), consumed)
    state = remember_best(desk, state, watched, left_out)
    signals = watched.signals
    cancel_for_met(desk, open_now, signals)
    has_news = bool(signals or watched.spent)
    is_due = has_news or _is_due(state, open_now, ports.clock.now())
    if not is_due and not _is_reached(desk, state):
        return Planned()
    balances = desk.exchange.balances()
    if not symbols_under_way(open_now) and not state.is_partly_booked:
        portfolio = ports.ledger.portfolio(desk.name, desk.account.quote)
        instruments = desk.exchange.instruments(traded_symbols(desk, portfolio))
        state = settle_balances(desk, state, open_now, balances, instruments.values())
    buys = may_buy(signals, state)
    situation = read_situation(desk, state, open_now, balances, may_buy=buys)
    decision = with_spent(decide(situation, signals), watched)
    quarantine_signals(desk, decision.failing)
    _release(desk, open_now, decision.draft)
    planned = Planned(
        left_out=frozenset(each.signal.id for each in decision.failing), failure=decision.failure
    )
    if not decision.draft.is_empty:
        plan = plan_of(decision)
        ports.plans.commit(plan, _state_after(decision, plan))
        return replace(planned, plan=plan)
    if decision.failure is None:  # else the account stays due
        is_working = _is_working(open_now) or bool(decision.draft.released)
        _rest(desk, state, decision, is_working=is_working)
    return planned


def with_spent(decision: Decision, watched: Watched) -> Decision:
    """The decision with the last words on orders that have waited."""
    verdicts = (*watched.spent, *decision.draft.verdicts)
    return replace(decision, draft=replace(decision.draft, verdicts=verdicts))


def _is_due(state: AccountState, open_now: Sequence[OpenPlan], now: datetime) -> bool:
    if state.due_at is None or state.due_at > now:
        return False
    # An order may be held for days; unfinished exits and the kill switch do not wait for it.
    last = state.checked_at
    return not _is_working(open_now) or last is None or now - last >= LOOK_AGAIN


def _is_working(open_now: Sequence[OpenPlan]) -> bool:
    return not all(item.is_guard for item in open_now)


def _is_reached(desk: Desk, state: AccountState) -> bool:
    """Whether the market has come to a protecting price; one request, and none without any."""
    if not state.watched:
        return False
    tickers = desk.exchange.tickers(state.watched)
    return any(
        stance.symbol in tickers and trigger_of(stance, tickers[stance.symbol].last)
        for stance in state.stances
    )


def _release(desk: Desk, open_now: Sequence[OpenPlan], draft: Draft) -> None:
    """Ask for the stops back that stand in the way of a sale."""
    stops = open_stops(open_now)
    for key in draft.released:
        desk.ports.orders.save(replace(stops[key], cancel_requested=True))


def _rest(desk: Desk, before: AccountState, decision: Decision, *, is_working: bool) -> None:
    """Nothing to do: come back for the open plans, or for the next look at the balances."""
    now = decision.situation.now
    due_at = next_check(desk.account, now)
    if is_working:
        due_at = now
    elif decision.unsold:
        due_at = now + LOOK_AGAIN
    state = decision.situation.state
    trimmed_for = state.trimmed_for if is_working else ()
    after = replace(state, due_at=due_at, trimmed_for=trimmed_for)
    if after != before:
        desk.ports.plans.save_state(replace(after, checked_at=now))


def plan_of(decision: Decision) -> Plan:
    """The draft as the account's next plan, with its identities; not stored."""
    situation, draft = decision.situation, decision.draft
    last = situation.state.sequence or first_sequence(situation.account, situation.now)
    sequence = last + 1
    identity = plan_id(situation.account.name, sequence)
    return Plan(
        id=identity,
        account=situation.account.name,
        sequence=sequence,
        step=draft.step,
        created_at=situation.now,
        configuration_version=situation.configuration.version,
        equity=draft.equity,
        prices={i.symbol: situation.prices[i.symbol] for i in draft.intents},
        verdicts=draft.verdicts,
        intents=numbered(draft.intents, identity),
        crosses=draft.crosses,
        triggers=draft.triggers,
    )


def _state_after(decision: Decision, plan: Plan) -> AccountState:
    situation, draft = decision.situation, decision.draft
    state = situation.state
    return replace(
        state.with_stances(draft.stances),
        sequence=plan.sequence,
        open_plans=(*state.open_plans, plan.id),
        trimmed_for=tuple(sorted({*state.trimmed_for, *draft.raised_for})),
        due_at=situation.now,
        checked_at=situation.now,
    )
