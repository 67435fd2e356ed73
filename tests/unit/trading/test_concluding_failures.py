"""One order that cannot be booked or concluded: it stays open and seen, and the others trade on."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.operation.notice import Severity
from chalicelib.domain.trading.account import OrderStyle
from chalicelib.domain.trading.ledger import UNMANAGED
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.plan import AccountState, Cross, Plan, Step
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.domain.trading.stuck import Act
from chalicelib.drivers.codec import decode
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from chalicelib.services.trading.write_off_holding import WriteOff, write_off_holding
from tests.trading_floor import TradingFloor, virtual_account
from tests.unit.operation.owner import Owner
from tests.unit.trading.failing_floor import PRICES, WEIGHTS, OddVenue, invested, odd_venue

BTC, ETH = "BTC/USDT", "ETH/USDT"


class Watched(SqliteTable):
    """A store that remembers every state of an account, as a crash would leave it."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.states: list[AccountState] = []

    def write(self, rows: Sequence[Row]) -> None:
        super().write(rows)
        written = [row.document for row in rows if row.sort.startswith("state")]
        self.states += [decode(AccountState, document) for document in written]


def state_of(floor: TradingFloor) -> AccountState:
    return floor.ports.plans.state("paper")


def legs_of(floor: TradingFloor, symbol: str) -> list[int]:
    return [order.leg for order in floor.orders if order.intent.symbol == symbol]


def filled_unseen(
    weights: dict[str, str] = WEIGHTS, table: SqliteTable | None = None, **account: Any
) -> tuple[TradingFloor, OddVenue, str]:
    """A purchase of ETH that rests, then fills while its instrument is not to be understood."""
    patient = virtual_account(order_style=OrderStyle.LIMIT, unfilled_timeout=3600, **account)
    floor = TradingFloor(PRICES, weights, account=patient, table=table)
    venue = odd_venue(floor)
    venue.prices[ETH] = "2400"
    bought = floor.alert("eth", "long")
    floor.tick()
    [resting] = floor.orders
    assert resting.status is OrderStatus.ACCEPTED
    floor.clock.pass_time(minutes=1)
    venue.prices.clear()
    floor.prices.set(ETH, Decimal(2390))
    return floor, venue, bought


def test_fills_that_cannot_be_booked_stop_nobody_else_and_are_booked_once_they_can() -> None:
    floor, venue, bought = filled_unseen()
    venue.hidden.add(ETH)
    cash = floor.portfolio.cash
    other = floor.alert("sol", "long")
    [report] = floor.tick().accounts
    assert report.status == "worked"
    assert report.detail == "plans that cannot be booked or concluded: 1"
    with pytest.raises(ActionRefused, match="do not show all that it has traded: what plan"):
        write_off_holding(
            floor.ports,
            "paper",
            WriteOff(strategy="sol", symbol="SOL/USDT", quantity=Decimal(1)),
            owner="owner",
            dry_run=True,
        )
    assert floor.outcome(other)[0] is SignalStatus.EXECUTED
    [eth] = [order for order in floor.orders if order.intent.symbol == ETH]
    assert (eth.status, eth.attempts) == (OrderStatus.FILLED, 1)
    [unbooked, unconcluded] = state_of(floor).stuck
    assert (unbooked.plan_id, unbooked.symbol, unbooked.act) == (eth.plan_id, ETH, Act.BOOKED)
    assert unconcluded.act is Act.CONCLUDED
    assert floor.outcome(bought)[0] is SignalStatus.PLANNED
    assert floor.owned("eth") == 0
    for _ in range(20):
        floor.next_minute()
    assert state_of(floor).stuck == (unbooked, unconcluded)  # since the first time
    assert len(floor.orders) == 2
    assert floor.portfolio.balances.get(UNMANAGED, {}).get("ETH", 0) == 0  # no stray deposit
    assert floor.portfolio.cash == cash - floor.owned("sol") * 100
    venue.hidden.clear()
    floor.next_minute()
    assert floor.outcome(bought)[0] is SignalStatus.EXECUTED
    assert floor.owned("eth") == eth.intent.quantity
    state = state_of(floor)
    assert (state.stuck, state.open_plans, state.barred) == ((), (), {})
    floor.next_minute()
    assert len(floor.orders) == 2


def test_whenever_a_process_ends_only_open_plans_are_stuck() -> None:
    table = Watched()
    floor, venue, _ = filled_unseen(table=table)
    venue.hidden.add(ETH)
    floor.tick()
    venue.hidden.clear()
    floor.next_minute()
    assert any(state.stuck for state in table.states)
    for state in table.states:
        assert {stuck.plan_id for stuck in state.stuck} <= set(state.open_plans)
    assert state_of(floor).stuck == ()


def test_what_is_not_booked_is_not_spent_again() -> None:
    floor, venue, _ = filled_unseen({"eth": "0.6", "btc": "0.6"}, capital=Decimal(6000))
    venue.hidden.add(ETH)
    other = floor.alert("btc", "long")
    floor.tick()
    assert floor.outcome(other)[0] is SignalStatus.EXECUTED
    assert floor.owned("btc") > 0
    venue.hidden.clear()
    floor.next_minute()
    assert floor.owned("eth") > 0
    assert floor.portfolio.cash >= 0  # the rest of the account's money is the owner's


def test_an_order_with_an_odd_fee_is_kept_out_of_the_books_and_its_instrument_is_not_bought() -> (
    None
):
    floor = TradingFloor(PRICES, {**WEIGHTS, "eth_2": "0.2"})
    owner = Owner(floor, everything=Severity.P2)
    odd_venue(floor).fees[ETH] = "NaN"
    odd, fine = floor.alert("eth", "long"), floor.alert("btc", "long")
    floor.tick()
    assert floor.outcome(fine)[0] is SignalStatus.EXECUTED
    assert floor.owned("btc") > 0
    assert floor.owned("eth") == 0
    floor.clock.pass_time(minutes=1)
    enter, leave = floor.alert("eth_2", "long"), floor.alert("eth", "flat")
    out = floor.alert("btc", "flat")
    for _ in range(5):
        floor.next_minute()
    assert floor.outcome(out)[0] is SignalStatus.EXECUTED
    assert floor.owned("btc") == 0
    for waits in (enter, leave):  # as for an order that is HELD
        assert floor.outcome(waits) == (SignalStatus.RECEIVED, "")
    assert [order.attempts for order in floor.orders if order.intent.symbol == ETH] == [1]
    assert floor.outcome(odd)[0] is SignalStatus.EXECUTED
    [stuck] = state_of(floor).stuck
    assert (stuck.act, list(state_of(floor).barred)) == (Act.BOOKED, [ETH])
    assert re.search(r"\w+: .+ \(\w+\.py:\d+\); every tick tries it again$", stuck.reason)
    owner.look()
    told = [line for line in owner.boxes["everything"].sentences if "cannot be booked" in line]
    assert told == [f"account paper: nothing is bought of {ETH}, {stuck.reason}"]


@pytest.mark.parametrize("legs", [1, 3])
def test_an_order_whose_rest_cannot_be_decided_waits_and_its_plan_stays_open(legs: int) -> None:
    options = {"partial_fill": "1", "partial_fraction": "0.5"}
    account = virtual_account(
        order_style=OrderStyle.LIMIT, unfilled_timeout=30, max_legs=legs, options=options
    )
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    venue = odd_venue(floor)
    half, other = floor.alert("eth", "long"), floor.alert("btc", "long")
    floor.tick()
    assert {order.status for order in floor.orders} == {OrderStatus.PARTIALLY_FILLED}
    venue.filters[ETH] = {"quantity_step": Decimal(0)}
    for _ in range(legs + 1):
        floor.next_minute()
    assert [(s.symbol, s.act) for s in state_of(floor).stuck] == [
        (ETH, Act.BOOKED),
        (ETH, Act.CONCLUDED),
    ]
    why = state_of(floor).stuck[1].why
    assert why.startswith("ValueError: step 0.000000 must be above zero (money.py:")
    assert floor.outcome(half)[0] is SignalStatus.PLANNED
    assert floor.outcome(other)[0] is SignalStatus.PARTIALLY_EXECUTED
    assert legs_of(floor, BTC) == list(range(legs))
    assert legs_of(floor, ETH) == [0]
    venue.filters.clear()
    for _ in range(legs + 1):
        floor.next_minute()
    assert floor.outcome(half)[0] is SignalStatus.PARTIALLY_EXECUTED
    assert legs_of(floor, ETH) == list(range(legs))
    filled = sum(order.filled for order in floor.orders if order.intent.symbol == ETH)
    assert floor.owned("eth") == filled
    assert state_of(floor).stuck == ()
    assert state_of(floor).open_plans == ()


def test_no_further_leg_is_bought_while_the_one_before_is_not_in_the_books() -> None:
    options = {"partial_fill": "1", "partial_fraction": "0.5"}
    floor = TradingFloor(PRICES, WEIGHTS, account=virtual_account(options=options))
    odd_venue(floor).fees[ETH] = "NaN"
    bought = floor.alert("eth", "long")
    floor.tick()
    floor.next_minute()
    assert [(order.leg, order.status) for order in floor.orders] == [
        (0, OrderStatus.EXPIRED),
        (1, OrderStatus.DENIED),
    ]
    status, reason = floor.outcome(bought)
    assert status is SignalStatus.PARTIALLY_EXECUTED
    assert reason.startswith("0.5 of 1 ETH: what plan ")
    assert reason.endswith("(INSTRUMENT_FROZEN)")


def test_an_exit_waits_while_its_instrument_cannot_be_used_and_entries_are_told_why() -> None:
    floor = invested("eth")
    venue = odd_venue(floor)
    venue.reasons[ETH] = "the venue states no amount precision for it"
    leave, other = floor.alert("eth", "flat"), floor.alert("btc", "long")
    floor.tick()
    assert floor.outcome(leave) == (SignalStatus.RECEIVED, "")
    assert floor.outcome(other)[0] is SignalStatus.EXECUTED
    venue.reasons.clear()
    floor.next_minute()
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert floor.owned("eth") == 0
    venue.reasons[ETH] = "the venue states no amount precision for it"
    floor.clock.pass_time(minutes=5)
    for state in ("flat", "long"):
        refused = floor.alert("eth", state)
        floor.next_minute()
        assert floor.outcome(refused) == (
            SignalStatus.DENIED,
            f"{ETH} cannot be traded, {venue.reasons[ETH]} (INSTRUMENT_UNUSABLE)",
        )


def test_an_exit_waits_while_what_was_bought_cannot_be_booked() -> None:
    floor, venue, _ = filled_unseen()
    venue.reasons[ETH] = "the venue states no amount precision for it"
    floor.tick()
    leave = floor.alert("eth", "flat")
    floor.next_minute()
    assert floor.outcome(leave) == (SignalStatus.RECEIVED, "")
    venue.reasons.clear()
    for _ in range(3):
        floor.next_minute()
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert floor.owned("eth") == 0


def test_an_order_that_never_filled_ends_though_its_instrument_is_gone() -> None:
    account = virtual_account(order_style=OrderStyle.LIMIT, unfilled_timeout=30)
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    venue = odd_venue(floor)
    venue.prices[ETH] = "2400"
    waits = floor.alert("eth", "long")
    floor.tick()
    venue.hidden.add(ETH)
    for _ in range(3):
        floor.next_minute()
    assert floor.outcome(waits)[0] is SignalStatus.EXPIRED
    assert (state_of(floor).stuck, state_of(floor).open_plans) == ((), ())


def test_a_purchase_that_waits_to_be_sent_is_denied_once_its_instrument_is_barred() -> None:
    account = virtual_account(max_orders_per_minute=1)
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    first, second = floor.alert("btc", "long"), floor.alert("eth", "long")
    floor.tick()
    [sent] = floor.orders
    [waiting] = {BTC, ETH} - {sent.intent.symbol}
    frozen = {waiting: "strategies own more than the venue holds"}
    floor.ports.plans.save_state(replace(state_of(floor), frozen=frozen))
    floor.next_minute()
    [bought, denied] = [first, second] if waiting == ETH else [second, first]
    assert floor.outcome(bought)[0] is SignalStatus.EXECUTED
    assert floor.outcome(denied) == (
        SignalStatus.DENIED,
        "strategies own more than the venue holds (INSTRUMENT_FROZEN)",
    )


def test_a_cross_that_cannot_be_booked_is_seen_and_moves_nothing() -> None:
    floor = invested("btc", "eth")
    state = state_of(floor)
    cross = Cross(
        symbol=ETH, seller="eth", buyer="sol", quantity=Decimal(100), price=Decimal("9e999999")
    )
    plan = Plan(
        id="absurd",
        account="paper",
        sequence=state.sequence + 1,
        step=Step.REDUCE,
        created_at=floor.clock.now(),
        configuration_version=1,
        equity=Decimal(10000),
        crosses=(cross,),
    )
    after = replace(state, sequence=plan.sequence, open_plans=(plan.id,), due_at=plan.created_at)
    floor.ports.plans.commit(plan, after)
    books, leave = floor.portfolio, floor.alert("btc", "flat")
    floor.next_minute()
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    [stuck] = state_of(floor).stuck
    assert (stuck.plan_id, stuck.symbol, stuck.act) == (plan.id, ETH, Act.BOOKED)
    assert stuck.why.startswith("Overflow: ")
    assert floor.portfolio.holding("eth", ETH) == books.holding("eth", ETH)
    assert state_of(floor).open_plans == (plan.id,)
