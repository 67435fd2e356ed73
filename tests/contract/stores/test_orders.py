"""Orders: beside their plan, each saved by compare-and-set."""

from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.adapters.stores.orders import TableOrderStore
from chalicelib.adapters.stores.plans import TablePlanStore
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.plan import AccountState
from chalicelib.drivers.table import Table
from tests.contract.stores.records import NOON, minutes, order, plan


@pytest.fixture
def orders(table: Table) -> TableOrderStore:
    return TableOrderStore(table)


def ids(found: list[Order]) -> list[str]:
    return [each.intent.id for each in found]


def test_an_order_is_saved_and_found_by_its_id(orders: TableOrderStore) -> None:
    full = order(
        status=OrderStatus.PARTIALLY_FILLED,
        sent_at=NOON,
        filled=Decimal("0.010"),
        fills=(
            Fill(
                trade_id="t1",
                quantity=Decimal("0.010"),
                price=Decimal("67000.10"),
                fee=Decimal("0E-8"),
                fee_asset="USD",
                at=NOON,
            ),
        ),
    )
    saved = orders.save(full)
    assert saved == replace(full, version=1)
    assert orders.get("p1#BTC/USD#0") == saved
    assert str(orders.of_plan("p1")[0].fills[0].fee) == "0E-8"
    assert orders.get("p1#BTC/USD#1") is None


def test_the_first_save_inserts_and_later_ones_compare(orders: TableOrderStore) -> None:
    saved = orders.save(order())
    with pytest.raises(StoreConflict):
        orders.save(order(code="AGAIN"))
    sent = orders.save(replace(saved, status=OrderStatus.SUBMITTED))
    with pytest.raises(StoreConflict):
        orders.save(replace(saved, status=OrderStatus.DENIED))
    assert orders.get("p1#BTC/USD#0") == sent


def test_the_orders_of_a_plan_are_its_own_by_instrument_and_leg(table: Table) -> None:
    orders = TableOrderStore(table)
    TablePlanStore(table).commit(plan(), AccountState(account="main"))
    for symbol, leg in (("ETH/USDT:USDT", 0), ("BTC/USD", 10), ("BTC/USD", 9)):
        orders.save(order(symbol=symbol, leg=leg))
    orders.save(order("p10"))
    assert ids(list(orders.of_plan("p1"))) == [
        "p1#BTC/USD#9",
        "p1#BTC/USD#10",
        "p1#ETH/USDT:USDT#0",
    ]
    assert orders.of_plan("p2") == ()


def test_recent_orders_are_listed_by_creation_whatever_their_state(
    orders: TableOrderStore,
) -> None:
    states = [OrderStatus.FILLED, OrderStatus.HELD, OrderStatus.SUBMITTED, OrderStatus.HELD]
    for number, status in enumerate(states):
        orders.save(order(f"p{number}", status=status, created_at=minutes(number)))
    assert ids(orders.recent(10)) == [f"p{n}#BTC/USD#0" for n in (3, 2, 1, 0)]
    assert ids(orders.recent(2, before=minutes(3))) == ["p2#BTC/USD#0", "p1#BTC/USD#0"]


def test_held_orders_wait_oldest_first_until_they_are_resolved(orders: TableOrderStore) -> None:
    for number in (2, 1, 3):
        orders.save(order(f"p{number}", status=OrderStatus.HELD, created_at=minutes(number)))
    orders.save(order("p4", status=OrderStatus.FILLED))
    assert ids(orders.held(2)) == ["p1#BTC/USD#0", "p2#BTC/USD#0"]
    first = orders.held(1)[0]
    orders.save(replace(first, status=OrderStatus.CANCELED))
    assert ids(orders.held(9)) == ["p2#BTC/USD#0", "p3#BTC/USD#0"]
