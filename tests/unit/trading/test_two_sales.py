"""Two plans that both have something to sell never sell the same holding twice."""

from decimal import Decimal

from chalicelib.domain.trading.account import OrderStyle
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.side import Side
from chalicelib.services.trading.resolve_order import Resolution, Word, resolve_order
from tests.trading_floor import TradingFloor, virtual_account
from tests.unit.trading.strict_venue import put_in_between


def a_held_sale(**ratios: str) -> TradingFloor:
    """Nobody knows what became of the exit; one bitcoin on the account is the owner's own."""
    account = virtual_account(
        order_style=OrderStyle.LIMIT,
        unfilled_timeout=3600,
        options={
            "balances": {"USDT": "10000", "BTC": "1"},
            "partial_fill": "1",
            "partial_fraction": "0.5",
            "faults": {"script": ["none", "lost"]},
            "traits": {"acceptance_unbounded": True},
        },
    )
    floor = TradingFloor({"BTC/USDT": "50000"}, ratios, account=account)
    for strategy in ratios:
        floor.alert(strategy, "long")
    for _ in range(20):
        floor.next_minute()
    for strategy in ratios:
        floor.alert(strategy, "flat")
    for _ in range(4):
        floor.next_minute()
    assert floor.orders[-1].status is OrderStatus.HELD
    return floor


def test_the_next_leg_leaves_alone_what_another_plan_is_selling() -> None:
    floor = a_held_sale(btc="0.4")
    owned, before = floor.owned("btc"), len(floor.orders)
    [held] = floor.ports.orders.held(10)
    venue = put_in_between(floor)
    # The owner's word falls between the look at what has ended and the next decision: that decides
    # to sell, and afterwards the old plan wants another leg for the very same holding.
    venue.meanwhile["instruments"] = lambda: resolve_order(
        floor.ports, held.intent.id, Resolution(word=Word.ABSENT), None, dry_run=False
    )
    for _ in range(30):
        floor.next_minute()

    sales = [o for o in floor.orders[before:] if o.intent.side is Side.SELL]
    assert sum((order.filled for order in sales), Decimal(0)) == owned
    assert floor.owned("btc") == 0
    assert floor.exchange.balances()["BTC"].total == 1


def test_a_netted_next_leg_sells_nothing_twice_for_one_of_its_owners() -> None:
    floor = a_held_sale(btc_a="0.3", btc_b="0.1")
    before, owned = len(floor.orders), {name: floor.owned(name) for name in ("btc_a", "btc_b")}
    [held] = floor.ports.orders.held(10)
    assert [share.strategy for share in held.intent.shares] == ["btc_a", "btc_b"]
    floor.alert("btc_b", "long")  # wants its coins again: the new plan sells those of btc_a alone
    venue = put_in_between(floor)
    venue.meanwhile["instruments"] = lambda: resolve_order(
        floor.ports, held.intent.id, Resolution(word=Word.ABSENT), None, dry_run=False
    )
    floor.next_minute()

    sales = [o for o in floor.orders[before:] if o.intent.side is Side.SELL]
    for name, most in owned.items():
        shares = [s.quantity for o in sales for s in o.intent.shares if s.strategy == name]
        assert sum(shares, Decimal(0)) <= most
    assert {name for o in sales for name in (s.strategy for s in o.intent.shares)} >= {"btc_a"}
    for _ in range(30):
        floor.next_minute()
    assert floor.owned("btc_a") == 0
    assert floor.exchange.balances()["BTC"].total == 1 + floor.owned("btc_b")
