"""No sequence of alerts gets past a cap: positions, exposure, size and rate, whatever fails."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState
from tests.trading_floor import TradingFloor, virtual_account

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500", "SOL/USDT": "100"}
WEIGHTS = {"btc": "0.3", "btc_2": "0.3", "eth": "0.2", "sol": "0.18"}
FAULTS = ["none", "none", "answer_lost", "error_before", "rate_limited", "refused", "late"]
MOST_EXPOSED, MOST_POSITIONS, MOST_A_MINUTE = Decimal("0.35"), 2, 2
MOST_AN_ORDER = Decimal(2500)
MINUTE, DUST = timedelta(minutes=1), Decimal("0.00002")

# (strategy, state or addition, per cent by which its price moves, seconds until it comes)
ALERTS = st.tuples(
    st.sampled_from(sorted(WEIGHTS)),
    st.sampled_from(["long", "long", "flat", "add"]),
    st.integers(-20, 20),
    st.sampled_from([0, 1, 20, 61, 3600]),
)


def a_floor(faults: Sequence[str], policy: str) -> TradingFloor:
    account = virtual_account(
        policy=policy,
        max_exposure_per_coin=MOST_EXPOSED,
        max_open_positions=MOST_POSITIONS,
        max_orders_per_minute=MOST_A_MINUTE,
        options={"faults": {"script": list(faults)}},
    )
    return TradingFloor(
        PRICES, WEIGHTS, account=account, subscription={"max_order_notional": MOST_AN_ORDER}
    )


def deliver(floor: TradingFloor, alert: tuple[str, str, int, int]) -> None:
    name, state, move, seconds = alert
    floor.clock.pass_time(seconds=seconds)
    symbol = {"btc": "BTC/USDT", "eth": "ETH/USDT", "sol": "SOL/USDT"}[name.split("_")[0]]
    price = floor.prices.tickers([symbol])[symbol].last
    floor.prices.set(symbol, price * (100 + move) / 100)
    changes: dict[str, Any] = {"size_ratio": Decimal("1.5")} if state == "add" else {}
    floor.alert(name, "long" if state == "add" else state, **changes)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(ALERTS, min_size=1, max_size=4), min_size=1, max_size=8),
    st.lists(st.sampled_from(FAULTS), max_size=8),
    st.sampled_from(["fixed", "boost"]),
)
def test_no_sequence_of_alerts_exceeds_a_cap(
    batches: list[list[tuple[str, str, int, int]]], faults: list[str], policy: str
) -> None:
    floor = a_floor(faults, policy)
    bought: dict[str, Decimal] = {}
    for batch in batches:
        for alert in batch:
            deliver(floor, alert)
        floor.tick()
        check_positions(floor)
        check_orders(floor)
        check_exposure(floor, bought)


def check_positions(floor: TradingFloor) -> None:
    """What is on its way out has made room, though the venue may not have taken it yet."""
    state = floor.ports.plans.state("paper")
    held = [
        h
        for h in floor.portfolio.holdings
        if h.quantity > DUST and state.stance(h.strategy, h.symbol).state is DesiredState.LONG
    ]
    assert len(held) <= MOST_POSITIONS, held


def check_orders(floor: TradingFloor) -> None:
    purchases = [o for o in floor.orders if o.intent.side is Side.BUY]
    for order in purchases:
        if order.leg:
            continue  # the rest of an earlier one, at the price that there is by then
        whole = order.intent.quantity * order.intent.limit_price
        shares = len(order.intent.shares)
        assert whole <= MOST_AN_ORDER * shares * Decimal("1.0011"), order
    sent: list[datetime] = sorted(o.sent_at for o in purchases if o.sent_at is not None)
    for first in sent:
        together = [at for at in sent if first <= at < first + MINUTE]
        assert len(together) <= MOST_A_MINUTE, together


def check_exposure(floor: TradingFloor, bought: dict[str, Decimal]) -> None:
    """A rise of the price may carry a holding above the cap; a purchase must not."""
    for symbol in PRICES:
        purchases = [o for o in floor.orders if o.intent.side is Side.BUY]
        filled = sum((o.filled for o in purchases if o.intent.symbol == symbol), Decimal(0))
        price = floor.prices.tickers([symbol])[symbol].last
        held = sum((h.quantity for h in floor.portfolio.holdings if h.symbol == symbol), Decimal(0))
        if filled > bought.get(symbol, Decimal(0)) and was_planned_now(floor, symbol):
            assert held * price <= MOST_EXPOSED * floor.equity * Decimal("1.0001")
        bought[symbol] = filled


def was_planned_now(floor: TradingFloor, symbol: str) -> bool:
    """What was sized at an earlier price says nothing about today's."""
    newest = [o for o in floor.orders if o.intent.symbol == symbol][-1]
    return newest.leg == 0 and newest.created_at == floor.clock.now()
