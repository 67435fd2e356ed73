"""Due signals and open ends of an account become at most one plan, written down before it acts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.trading.account import next_check
from chalicelib.domain.trading.plan import AccountState, Plan, plan_id
from chalicelib.domain.trading.planning import draft_plan
from chalicelib.domain.trading.settlement import numbered
from chalicelib.domain.trading.signal import DesiredState, Signal
from chalicelib.domain.trading.situation import Draft, Situation, slots_of
from chalicelib.domain.trading.wishes import gather_wishes
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import OpenPlan, consumed_signals, open_plans
from chalicelib.services.trading.read_situation import (
    read_situation,
    symbols_under_way,
    traded_symbols,
    undecided,
)
from chalicelib.services.trading.settle_balances import settle_balances

# How long open orders keep the rest of the account from being looked at.
LOOK_AGAIN: Final = timedelta(minutes=1)


def plan_orders(desk: Desk, due: Sequence[Signal]) -> Plan | None:
    """Decide once and write the decision down; None when there was nothing to decide."""
    ports = desk.ports
    state = ports.plans.state(desk.name)
    open_now = open_plans(ports.plans, ports.orders, state)
    signals = undecided(desk, due, consumed_signals(open_now))
    if not signals and not _is_due(state, ports.clock.now()):
        return None
    wishes, spent = gather_wishes(signals, {(s.strategy, s.symbol): s for s in state.stances})
    balances = desk.exchange.balances()
    if not symbols_under_way(open_now):
        portfolio = ports.ledger.portfolio(desk.name, desk.account.quote)
        instruments = desk.exchange.instruments(traded_symbols(desk, portfolio))
        state = settle_balances(desk, state, balances, instruments.values())
    situation = read_situation(desk, state, open_now, wishes, balances)
    draft = draft_plan(situation)
    draft = replace(draft, verdicts=(*spent, *draft.verdicts))
    if draft.is_empty:
        _rest(desk, situation, open_now)
        return None
    plan = plan_of(situation, draft)
    ports.plans.commit(plan, _state_after(situation, draft, plan))
    return plan


def _is_due(state: AccountState, now: datetime) -> bool:
    if state.due_at is None or state.due_at > now:
        return False
    # An order may be held for days; unfinished exits and the kill switch do not wait for it.
    last = state.checked_at
    return not state.open_plans or last is None or now - last >= LOOK_AGAIN


def _rest(desk: Desk, situation: Situation, open_now: Sequence[OpenPlan]) -> None:
    """Nothing to do: come back for the open plans, or for the next look at the balances."""
    now = situation.now
    due_at = next_check(desk.account, now)
    if open_now:
        due_at = now
    elif _has_unsold(situation):
        due_at = now + LOOK_AGAIN
    state = situation.state
    trimmed_for = state.trimmed_for if open_now else ()
    if (state.due_at, state.trimmed_for) != (due_at, trimmed_for):
        desk.ports.plans.save_state(
            replace(state, due_at=due_at, checked_at=now, trimmed_for=trimmed_for)
        )


def _has_unsold(situation: Situation) -> bool:
    """Whether a strategy that has left still owns what could be sold, were it free at the venue."""
    return any(
        slot.sellable and slot.stance.state is not DesiredState.LONG
        for slot in slots_of(situation).values()
    )


def plan_of(situation: Situation, draft: Draft) -> Plan:
    """The draft as the account's next plan, with its identities; not stored."""
    sequence = situation.state.sequence + 1
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
    )


def _state_after(situation: Situation, draft: Draft, plan: Plan) -> AccountState:
    state = situation.state
    return replace(
        state.with_stances(draft.stances),
        sequence=plan.sequence,
        open_plans=(*state.open_plans, plan.id),
        trimmed_for=tuple(sorted({*state.trimmed_for, *draft.raised_for})),
        due_at=situation.now,
        checked_at=situation.now,
    )
