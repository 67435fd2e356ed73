"""Plans and account states: written together, compared before they are set."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from chalicelib.adapters.stores.plans import TablePlanStore
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.trading.plan import AccountState, Cross, Stance, Verdict
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from chalicelib.drivers.table import Table
from tests.contract.stores.records import NOON, minutes, order, plan

FRESH = AccountState(account="main")


@pytest.fixture
def plans(table: Table) -> TablePlanStore:
    return TablePlanStore(table)


def test_an_account_never_planned_has_a_fresh_state(plans: TablePlanStore) -> None:
    assert plans.state("main") == FRESH


def test_plan_and_state_are_written_together(plans: TablePlanStore) -> None:
    full = plan(
        prices={"BTC/USD": Decimal("67656.770")},
        verdicts=(
            Verdict(
                signal_id="s1",
                strategy="trend",
                symbol="BTC/USD",
                status=SignalStatus.PLANNED,
                reason="",
            ),
        ),
        intents=(order().intent,),
        crosses=(
            Cross(
                symbol="BTC/USD",
                seller="a",
                buyer="b",
                quantity=Decimal("1.0"),
                price=Decimal(2),
            ),
        ),
    )
    stance = Stance(
        strategy="trend",
        symbol="BTC/USD",
        state=DesiredState.LONG,
        applied_at=NOON,
        orders_on=date(2024, 8, 10),
        orders_today=1,
    )
    state = replace(
        FRESH, sequence=1, open_plans=("p1",), stances=(stance,), frozen={"ETH/USD": "drift"}
    )
    saved = plans.commit(full, state)
    assert saved == replace(state, version=1)
    assert plans.get("p1") == full
    assert plans.state("main") == saved
    assert plans.get("p2") is None


def test_a_plan_on_an_outdated_state_is_not_written(plans: TablePlanStore) -> None:
    plans.commit(plan("p1"), FRESH)
    with pytest.raises(StoreConflict):
        plans.commit(plan("p2"), replace(FRESH, sequence=7))
    assert plans.get("p2") is None
    assert plans.state("main").sequence == 0


def test_a_plan_is_never_written_again(plans: TablePlanStore) -> None:
    state = plans.commit(plan("p1"), FRESH)
    with pytest.raises(StoreConflict):
        plans.commit(plan("p1", equity=Decimal(1)), state)
    stored = plans.get("p1")
    assert stored is not None
    assert stored.equity == 1000
    assert plans.state("main") == state


def test_a_state_is_saved_over_the_version_that_was_read(plans: TablePlanStore) -> None:
    first = plans.save_state(FRESH)
    second = plans.save_state(replace(first, sequence=2))
    assert (first.version, second.version) == (1, 2)
    with pytest.raises(StoreConflict):
        plans.save_state(replace(first, sequence=3))
    assert plans.state("main") == second


def test_due_accounts_are_those_whose_time_has_come(plans: TablePlanStore) -> None:
    assert plans.next_due() is None
    for name, at in (("c#1", 2), ("b", 1), ("a", 0)):
        plans.save_state(AccountState(account=name, due_at=minutes(at)))
    plans.save_state(AccountState(account="idle"))
    assert plans.due_accounts(minutes(1)) == ["a", "b"]
    assert plans.due_accounts(minutes(9)) == ["a", "b", "c#1"]
    assert plans.next_due() == minutes(0)
    plans.save_state(AccountState(account="a", version=1))
    assert plans.due_accounts(minutes(1)) == ["b"]
    assert plans.next_due() == minutes(1)


def test_recent_plans_come_newest_first(plans: TablePlanStore) -> None:
    for number in (2, 1, 3):
        name = f"p{number}"
        plans.commit(plan(name, created_at=minutes(number)), AccountState(account=name))
    assert [each.id for each in plans.recent(2)] == ["p3", "p2"]


def test_a_plan_of_a_thousand_strategies_fits(plans: TablePlanStore) -> None:
    verdicts = tuple(
        Verdict(
            signal_id=f"{number:032d}",
            strategy=f"strategy {number}",
            symbol="BTC/USD",
            status=SignalStatus.SKIPPED,
            reason="the difference of 0.00001 is below the minimum notional of 10 USD" * 4,
        )
        for number in range(1000)
    )
    plans.commit(plan(verdicts=verdicts), FRESH)
    assert plans.get("p1") == plan(verdicts=verdicts)
