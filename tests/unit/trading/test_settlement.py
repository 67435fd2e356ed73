"""How a plan ends: further legs, and the last word on each of its signals."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import Order, OrderIntent, OrderStatus, OrderType, Share
from chalicelib.domain.trading.order import TimeInForce as Force
from chalicelib.domain.trading.plan import Plan, Step, Verdict
from chalicelib.domain.trading.settlement import (
    Means,
    average_price,
    moved_for,
    next_leg,
    outcomes,
    wants_next_leg,
)
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import SignalStatus
from tests.situations import BTC, NOON, an_account, an_instrument

ACCOUNT = an_account(max_legs=3)
INSTRUMENT = an_instrument()
ALL = ("4", "FILLED")


def an_order(filled: str, status: str, **changes: Any) -> Order:
    side = changes.pop("side", Side.BUY)
    shares = changes.pop("shares", (("a", "4"),))
    quantity = sum((Decimal(q) for _, q in shares), Decimal(0))
    intent = OrderIntent(
        id=f"plan#BTC/USDT#{changes.get('leg', 0)}",
        client_order_id="c",
        account="main",
        symbol=BTC,
        side=side,
        quantity=quantity,
        limit_price=Decimal(100),
        type=OrderType.LIMIT,
        time_in_force=Force.IOC,
        shares=tuple(Share(strategy=name, quantity=Decimal(q)) for name, q in shares),
    )
    done = Decimal(filled)
    fill = Fill(
        trade_id=f"t{changes.get('leg', 0)}",
        quantity=done,
        price=changes.pop("price", Decimal(99)),
        fee=Decimal(0),
        fee_asset="USDT",
        at=NOON,
    )
    values: dict[str, Any] = {
        "intent": intent,
        "plan_id": "plan",
        "status": OrderStatus(status),
        "filled": done,
        "fills": (fill,) if done else (),
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Order(**{**values, **changes})


def word(*orders: Order, **changes: Any) -> tuple[str, str]:
    usual: dict[str, Any] = {
        "signal_id": "s",
        "strategy": "a",
        "symbol": BTC,
        "status": SignalStatus.PLANNED,
        "reason": "",
        "quantity": Decimal(4),
    }
    plan = Plan(
        id="plan",
        account="main",
        sequence=1,
        step=Step.INCREASE,
        created_at=NOON,
        configuration_version=1,
        equity=Decimal(1),
        verdicts=(Verdict(**{**usual, **changes}),),
    )
    outcome = outcomes(plan, orders, {BTC: INSTRUMENT}, NOON)["s"]
    assert outcome.plan_id == "plan"
    return outcome.status.value, outcome.reason


SHORT = {
    "reason": "closed long, short denied (SHORT_NOT_ENABLED)",
    "success": SignalStatus.PARTIALLY_EXECUTED,
}


@pytest.mark.parametrize(
    ("orders", "changes", "expected"),
    [
        ([an_order(*ALL)], {}, ("EXECUTED", "bought 4 BTC at 99")),
        ([an_order(*ALL, side=Side.SELL)], {}, ("EXECUTED", "sold 4 BTC at 99")),
        (
            [an_order(*ALL, side=Side.SELL)],
            SHORT,
            (
                "PARTIALLY_EXECUTED",
                "closed long, short denied (SHORT_NOT_ENABLED); sold 4 BTC at 99",
            ),
        ),
        (
            [an_order("1", "EXPIRED"), an_order("4", "FILLED", leg=1, price=Decimal(109))],
            {"quantity": Decimal(5)},
            ("EXECUTED", "bought 5 BTC at 107"),
        ),
        (
            [
                an_order("3.96", "EXPIRED")
            ],  # what is left is worth 4: the venue takes no less than 5
            {},
            ("EXECUTED", "bought 3.96 BTC at 99"),
        ),
        (
            [an_order("1", "EXPIRED")],
            {},
            ("PARTIALLY_EXECUTED", "1 of 4 BTC: not filled at 100"),
        ),
        ([an_order("0", "EXPIRED")], {}, ("EXPIRED", "not filled at 100")),
        (
            [an_order("0", "EXPIRED"), an_order("0", "EXPIRED", leg=1)],
            {},
            ("EXPIRED", "not filled at 100 after 2 tries"),
        ),
        ([an_order("0", "REJECTED", reason="no")], {}, ("REJECTED", "no")),
        ([an_order("0", "REJECTED")], {}, ("REJECTED", "the venue refused the order")),
        ([an_order("0", "DENIED", reason="halted")], {}, ("DENIED", "halted")),
        (
            [],
            {"quantity": Decimal(0), "crossed": Decimal(2)},
            ("EXECUTED", "2 BTC changed hands inside the account"),
        ),
        (
            [an_order(*ALL, side=Side.SELL)],
            {"crossed": Decimal(2)},
            ("EXECUTED", "sold 4 BTC at 99; 2 BTC changed hands inside the account"),
        ),
        (
            [an_order(*ALL, side=Side.SELL)],
            {"quantity": Decimal(9)},
            ("PARTIALLY_EXECUTED", "4 of 9 BTC: no more was free, or allowed in one order"),
        ),
        (
            [],
            {"status": SignalStatus.SKIPPED, "reason": "already flat"},
            ("SKIPPED", "already flat"),
        ),
    ],
)
def test_the_last_word(
    orders: Sequence[Order], changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert word(*orders, **changes) == expected


def test_a_netted_order_moves_for_each_in_proportion() -> None:
    order = an_order("2", "EXPIRED", shares=(("a", "1"), ("b", "3")))
    assert moved_for("a", [order], INSTRUMENT) == Decimal("0.5")
    assert moved_for("b", [order], INSTRUMENT) == Decimal("1.5")
    assert moved_for("c", [order], INSTRUMENT) == 0


def test_the_average_price_has_ten_digits_and_is_zero_without_fills() -> None:
    assert average_price([an_order("0", "EXPIRED")]) == 0
    legs = [an_order("1", "EXPIRED"), an_order("2", "EXPIRED", leg=1, price=Decimal(100))]
    assert average_price(legs) == Decimal("99.66666667")


@pytest.mark.parametrize(
    ("order", "halt", "wants"),
    [
        (an_order("1", "EXPIRED"), HaltLevel.NONE, True),
        (an_order("0", "CANCELED"), HaltLevel.NONE, True),
        (an_order("0", "REJECTED", code="INSUFFICIENT_FUNDS"), HaltLevel.NONE, True),
        (an_order("0", "REJECTED", code="AUTHENTICATION_FAILED"), HaltLevel.NONE, False),
        (an_order("4", "FILLED"), HaltLevel.NONE, False),
        (an_order("1", "PARTIALLY_FILLED"), HaltLevel.NONE, False),
        (an_order("0", "HELD"), HaltLevel.NONE, False),
        (an_order("0", "DENIED"), HaltLevel.NONE, False),
        (an_order("1", "CANCELED", cancel_requested=True), HaltLevel.NONE, False),
        (an_order("1", "EXPIRED", leg=2), HaltLevel.NONE, False),
        (an_order("1", "EXPIRED"), HaltLevel.NO_ENTRIES, False),
        (an_order("1", "EXPIRED", side=Side.SELL), HaltLevel.FLATTEN, True),
    ],
)
def test_who_gets_another_leg(order: Order, halt: HaltLevel, *, wants: bool) -> None:
    assert wants_next_leg(order, [order], ACCOUNT, halt) is wants


def test_only_the_latest_leg_gets_another_one() -> None:
    first, second = an_order("1", "EXPIRED"), an_order("1", "EXPIRED", leg=1)
    assert not wants_next_leg(first, [first, second], ACCOUNT, HaltLevel.NONE)
    assert wants_next_leg(second, [first, second], ACCOUNT, HaltLevel.NONE)


@pytest.mark.parametrize(
    ("available", "quantity"), [("1000", "3"), ("150", "1.5"), ("4.99", None), ("-5", None)]
)
def test_a_leg_is_priced_today_and_fits_what_is_there(available: str, quantity: str | None) -> None:
    leg = next_leg(
        an_order("1", "EXPIRED"),
        account=ACCOUNT,
        instrument=INSTRUMENT,
        price=Decimal(100),
        means=Means(free=Decimal(available)),
        now=NOON,
    )
    assert (leg.intent.quantity if leg else None) == (Decimal(quantity) if quantity else None)


def test_the_rest_of_a_netted_order_belongs_to_those_who_lack_it() -> None:
    order = an_order("2", "EXPIRED", shares=(("a", "1"), ("b", "3")))
    leg = next_leg(
        order,
        account=ACCOUNT,
        instrument=INSTRUMENT,
        price=Decimal(100),
        means=Means(free=Decimal(10_000)),
        now=NOON,
    )
    assert leg is not None
    assert leg.intent.shares == (
        Share(strategy="a", quantity=Decimal("0.5")),
        Share(strategy="b", quantity=Decimal("1.5")),
    )
