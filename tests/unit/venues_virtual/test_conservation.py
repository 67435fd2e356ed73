"""Whatever is sent, cancelled and moved: balances are the opening plus the trades."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import ExchangeError
from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.order import OrderType
from chalicelib.domain.trading.side import Side
from tests.unit.venues_virtual.support import BTC, open_venue, order

OPENING = {"USDT": Decimal(10000), "BTC": Decimal(1)}
PRICES = st.decimals("0.01", "100000", places=2).map(str)

ORDERS = st.tuples(
    st.just("order"),
    st.sampled_from(list(Side)),
    st.decimals("0.00001", "60", places=5).map(str),
    st.decimals("50", "200", places=2).map(str),
    st.sampled_from(list(OrderType)),
    st.booleans(),
    st.integers(0, 5),  # few names, so that some are sent twice
)
STEPS = st.one_of(
    ORDERS,
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("price"), st.one_of(PRICES, st.decimals("80", "120", places=2).map(str))),
    st.tuples(st.just("wait"), st.integers(0, 10)),
)
WORLDS = st.fixed_dictionaries(
    {
        "fee_in": st.sampled_from(["quote", "received"]),
        "fee": st.sampled_from(["0", "0.001", "0.0026"]),
        "slippage": st.sampled_from(["0", "0.0007"]),
        "partial_fill": st.sampled_from(["0", "0.5"]),
        "faults": st.sampled_from([{}, {"late": "0.3", "answer_lost": "0.2", "lost": "0.1"}]),
    },
    optional={"fee_digits": st.integers(0, 8)},
)


def intended(step):
    _, side, quantity, limit, kind, rests, number = step
    return order(side, quantity, limit, kind=kind, rests=rests, name=f"order {number}")


def do(venue, step):
    try:
        if step[0] == "order":
            venue.send(intended(step))
        elif step[0] == "cancel":
            venue.exchange.cancel(order(Side.BUY, "1", "1", name=f"order {step[1]}"), "")
        elif step[0] == "price":
            venue.price(step[1])
        else:
            venue.wait(step[1])
    except ExchangeError:
        return


def folded(venue):
    """The opening and every fill ever made, added up without the wallet's help."""
    sums = dict(OPENING)
    with exact_arithmetic():
        for file in venue.exchange._book.order_files():  # noqa: SLF001 - the side of each order
            for one in file.orders:
                sign = 1 if one.side is Side.BUY else -1
                for fill in one.fills:
                    sums["BTC"] += sign * fill.quantity
                    sums["USDT"] -= sign * fill.quantity * fill.price
                    sums[fill.fee_asset] -= fill.fee
    return {asset: amount for asset, amount in sums.items() if amount}


@settings(max_examples=120, deadline=None)
@given(WORLDS, st.lists(STEPS, max_size=25))
def test_balances_are_the_opening_and_the_trades(world, steps):
    venue = open_venue(balances={"USDT": "10000", "BTC": "1"}, **world)
    for step in steps:
        do(venue, step)
        balances = venue.exchange.balances()
        assert all(b.free >= 0 and b.locked >= 0 for b in balances.values())
        assert venue.held() == folded(venue)
    for number in range(6):
        do(venue, ("cancel", number))
    assert all(balance.locked == 0 for balance in venue.exchange.balances().values())


@settings(max_examples=100)
@given(st.lists(ORDERS, max_size=12), PRICES)
def test_nobody_trades_beyond_his_limit(orders, price):
    venue = open_venue(
        slippage="0.001", prices={BTC: price}, balances={"USDT": "1e12", "BTC": "1e6"}
    )
    for step in orders:
        intent = intended((*step[:6], len(venue.exchange.accepted())))
        if intent.type is OrderType.MARKET:
            continue
        for fill in venue.send(intent).fills:
            if intent.side is Side.BUY:
                assert fill.price <= intent.limit_price
            else:
                assert fill.price >= intent.limit_price
