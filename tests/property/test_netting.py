"""Opposite wishes cross inside the account and never meet at the venue; quantity is conserved."""

from decimal import Decimal
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.netting import Delta, Netted, net_increases, net_reductions
from chalicelib.domain.trading.order import Order, OrderIntent, OrderStatus, Share
from chalicelib.domain.trading.settlement import Means, next_leg, numbered
from chalicelib.domain.trading.side import Side
from tests.situations import BTC, ETH, NOON, an_account, an_instrument

STEP = Decimal("0.001")
QUANTITY = st.integers(0, 5_000_000).map(lambda n: Decimal(n) / 1_000_000)
ACCOUNT = an_account(increment=Decimal("0.001"))
SOME = settings(max_examples=150, deadline=None)


@st.composite
def deltas(draw: st.DrawFn, *names: str, maximum: str | None = None) -> list[Delta]:
    found = []
    for name in names:
        quantity = draw(QUANTITY)
        symbol = draw(st.sampled_from([BTC, BTC, ETH]))
        instrument = an_instrument(symbol, maximum_quantity=maximum, taker_fee="0.002")
        found.append(
            Delta(
                strategy=name,
                quantity=quantity,
                owned=quantity + draw(QUANTITY),
                price=Decimal("37.12"),
                instrument=instrument,
            )
        )
    return found


def _ordered(netted: Netted, symbol: str) -> Decimal:
    return sum((i.quantity for i in netted.intents if i.symbol == symbol), Decimal(0))


@SOME
@given(
    sellers=deltas("a", "b", "c"),
    buyers=deltas("x", "y"),
    free=st.fixed_dictionaries({"BTC": QUANTITY, "ETH": QUANTITY}),
)
def test_reductions_cross_first_and_only_the_rest_is_sold(
    sellers: list[Delta], buyers: list[Delta], free: dict[str, Decimal]
) -> None:
    netted = net_reductions(ACCOUNT, sellers, buyers, free)
    sold = {d.key: netted.moved.get(d.key, Decimal(0)) for d in sellers}
    given_away = {d.key: Decimal(0) for d in sellers}
    received = {d.key: Decimal(0) for d in buyers}
    for cross in netted.crosses:
        given_away[(cross.seller, cross.symbol)] += cross.quantity
        received[(cross.buyer, cross.symbol)] += cross.quantity
        assert cross.quantity > 0
        assert cross.quantity % STEP == 0
        assert cross.price == Decimal("37.12")
    assert given_away == {k: netted.crossed.get(k, Decimal(0)) for k in given_away}
    for seller in sellers:
        assert given_away[seller.key] + sold[seller.key] <= seller.quantity
    for buyer in buyers:
        assert received[buyer.key] <= buyer.quantity
    for symbol in (BTC, ETH):
        selling = [d for d in sellers if d.instrument.symbol == symbol]
        unmet = [
            d
            for d in buyers
            if d.instrument.symbol == symbol and d.quantity - received[d.key] >= STEP
        ]
        if unmet:  # nobody may sell at the venue what somebody here still wants
            assert sum(sold[d.key] for d in selling) < STEP
            event("a buyer is left")
        assert _ordered(netted, symbol) == sum(sold[d.key] for d in selling)
        assert _ordered(netted, symbol) <= free[symbol.split("/")[0]]
    assert all(intent.side is Side.SELL for intent in netted.intents)


@SOME
@given(sellers=deltas("a", "b", maximum="1.5"))
def test_more_than_the_venue_takes_at_once_is_sold_in_parts(sellers: list[Delta]) -> None:
    netted = net_reductions(ACCOUNT, sellers, [], {"BTC": Decimal(99), "ETH": Decimal(99)})
    for symbol in {d.instrument.symbol for d in sellers}:
        whole = sum(
            (d.instrument.round_quantity(d.quantity) for d in sellers if symbol == d.key[1]),
            Decimal(0),
        )
        sellable = whole * Decimal("37.09") >= 5
        assert _ordered(netted, symbol) == (min(whole, Decimal("1.5")) if sellable else 0)


@SOME
@given(buyers=deltas("a", "b", "c"), spendable=st.integers(-100, 60_000).map(Decimal))
def test_purchases_share_what_may_be_spent_pro_rata(
    buyers: list[Delta], spendable: Decimal
) -> None:
    netted = net_increases(ACCOUNT, buyers, spendable / 100)
    with exact_arithmetic():
        cost = sum(
            (i.quantity * i.limit_price * Decimal("1.002") for i in netted.intents), Decimal(0)
        )
        assert cost <= max(spendable / 100, Decimal(0))
        wanted = sum((d.quantity for d in buyers), Decimal(0))
        worst = wanted * Decimal("37.12") * Decimal("1.001") * Decimal("1.002")
        scale = min(Decimal(1), max(spendable / 100, Decimal(0)) / worst) if worst else Decimal(1)
    for buyer in buyers:
        moved = netted.moved.get(buyer.key, Decimal(0))
        assert moved <= buyer.quantity * scale * (1 + Decimal("1E-20"))
        assert bool(moved) or bool(netted.refused.get(buyer.key)) or not buyer.quantity
        if moved:
            assert buyer.quantity * scale - moved < STEP
            event("scaled" if scale < 1 else "whole")


@SOME
@given(
    buyers=deltas("a", "b", "c"),
    filled=st.integers(0, 15_000),
    cash=st.integers(0, 40_000),
    price=st.integers(3000, 5000),
)
def test_a_further_leg_takes_no_more_than_is_left_and_affordable(
    buyers: list[Delta], filled: int, cash: int, price: int
) -> None:
    netted = net_increases(ACCOUNT, buyers, Decimal(10**6))
    for intent in numbered(netted.intents, "plan"):
        order = _order(intent, min(Decimal(filled) / 1000, intent.quantity))
        if not order.remaining:
            continue
        instrument = an_instrument(intent.symbol, taker_fee="0.002")
        available, last = Decimal(cash) / 100, Decimal(price) / 100
        leg = next_leg(
            order,
            account=ACCOUNT,
            instrument=instrument,
            price=last,
            means=Means(free=available),
            now=NOON,
        )
        if leg is None:
            continue
        event("leg")
        assert leg.leg == order.leg + 1
        assert leg.intent.client_order_id != intent.client_order_id
        assert leg.intent.quantity <= order.remaining
        assert leg.intent.quantity % STEP == 0
        assert leg.intent.quantity * leg.intent.limit_price * Decimal("1.002") <= available
        assert sum(s.quantity for s in leg.intent.shares) == leg.intent.quantity
        before = {share.strategy: share.quantity for share in intent.shares}
        assert all(0 < s.quantity <= before[s.strategy] for s in leg.intent.shares)


def _order(intent: OrderIntent, filled: Decimal) -> Order:
    return Order(
        intent=intent,
        plan_id="plan",
        status=OrderStatus.EXPIRED,
        filled=filled,
        created_at=NOON,
        updated_at=NOON,
    )


def test_a_strategy_never_crosses_with_itself() -> None:
    instrument = an_instrument()
    own: dict[str, Any] = {
        "strategy": "a",
        "price": Decimal(100),
        "instrument": instrument,
        "owned": Decimal(2),
    }
    sale, purchase = Delta(quantity=Decimal(1), **own), Delta(quantity=Decimal(1), **own)
    assert net_reductions(ACCOUNT, [sale], [purchase], {"BTC": Decimal(9)}).crosses == ()


def test_one_order_carries_everybodys_share() -> None:
    instrument = an_instrument(minimum_notional="8")
    both = [
        Delta(
            strategy=name,
            quantity=Decimal("0.05"),
            owned=Decimal("0.05"),
            price=Decimal(100),
            instrument=instrument,
        )
        for name in ("b", "a")
    ]
    order = net_reductions(ACCOUNT, both, [], {"BTC": Decimal(1)}).intents[0]
    assert order.quantity == Decimal("0.1")  # each alone would be worth 5, below the minimum of 8
    assert order.shares == (
        Share(strategy="a", quantity=Decimal("0.05")),
        Share(strategy="b", quantity=Decimal("0.05")),
    )
    assert order.limit_price == Decimal("99.9")
