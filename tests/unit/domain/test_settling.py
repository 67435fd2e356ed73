"""Legs, shares, words and wishes to the last detail: what follows an order, and what it meant."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest

from chalicelib.domain.trading.account import Account, HaltLevel, OrderStyle
from chalicelib.domain.trading.allocation import (
    Claim,
    Target,
    Terms,
    allocate,
    daily_volatility,
    precedence,
)
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.ledger import Entry, EntryKind, Execution
from chalicelib.domain.trading.netting import (
    Delta,
    Netted,
    cost_factor,
    limit_price,
    net_increases,
    net_reductions,
)
from chalicelib.domain.trading.order import (
    Order,
    OrderIntent,
    OrderStatus,
    OrderType,
    Share,
    TimeInForce,
    client_order_id,
)
from chalicelib.domain.trading.plan import Cross, Plan, Stance, Step, Verdict
from chalicelib.domain.trading.position import ClosedPosition, closed_positions
from chalicelib.domain.trading.settlement import (
    Means,
    average_price,
    moved_for,
    next_leg,
    numbered,
    outcomes,
    wants_next_leg,
)
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import (
    OWNER_CLOSE,
    DesiredState,
    Outcome,
    Signal,
    SignalStatus,
    Size,
    SizeUnit,
)
from chalicelib.domain.trading.wishes import Wish, gather_wishes
from tests.situations import BTC, ETH, NOON, a_signal, an_account, an_instrument

LATER = NOON + timedelta(minutes=1)
LONG, FLAT, SHORT = DesiredState.LONG, DesiredState.FLAT, DesiredState.SHORT


def shares(*parts: tuple[str, str]) -> tuple[Share, ...]:
    return tuple(Share(strategy=name, quantity=Decimal(quantity)) for name, quantity in parts)


def an_intent(side: Side, *parts: tuple[str, str], **changes: Any) -> OrderIntent:
    usual: dict[str, Any] = {
        "id": "p#BTC/USDT#0",
        "client_order_id": "c",
        "account": "main",
        "symbol": BTC,
        "limit_price": Decimal(100),
    }
    return OrderIntent(
        side=side,
        quantity=sum((Decimal(q) for _, q in parts), Decimal(0)),
        shares=shares(*parts),
        **{**usual, **changes},
    )


def an_order(
    status: str, filled: str = "0", intent: OrderIntent | None = None, **changes: Any
) -> Order:
    done = Decimal(filled)
    fill = Fill(
        trade_id="t", quantity=done, price=Decimal(99), fee=Decimal(0), fee_asset="USDT", at=NOON
    )
    usual: dict[str, Any] = {"fills": (fill,) if done else (), "created_at": NOON}
    return Order(
        intent=intent or an_intent(Side.BUY, ("a", "4")),
        plan_id="p",
        status=OrderStatus(status),
        filled=done,
        updated_at=NOON,
        **{**usual, **changes},
    )


# --- further legs ---------------------------------------------------------------------------


def leg(order: Order, available: str, price: str = "50", **changes: Any) -> Order | None:
    account = changes.pop("account", an_account(increment=Decimal("0.01")))
    means = Means(free=Decimal(available), owned=changes.pop("owned", None))
    with localcontext(Context(prec=3)):
        return next_leg(
            order,
            account=account,
            instrument=an_instrument(**changes),
            price=Decimal(price),
            means=means,
            now=LATER,
        )


def test_the_next_leg_takes_the_rest_at_the_price_of_now() -> None:
    order = an_order("EXPIRED", "1.00001", an_intent(Side.SELL, ("a", "3"), ("b", "1")), leg=1)
    found = leg(order, "9")
    identity = "p#BTC/USDT#2"
    assert found == Order(
        intent=replace(
            order.intent,
            id=identity,
            client_order_id=client_order_id(identity),
            quantity=Decimal("2.999"),
            limit_price=Decimal("49.50"),
            shares=found.intent.shares if found else (),
        ),
        plan_id="p",
        leg=2,
        created_at=LATER,
        updated_at=LATER,
    )
    assert found.intent.shares == shares(("a", "2.24925"), ("b", "0.74975"))


def test_a_whole_rest_is_shared_as_it_was_left() -> None:
    order = an_order("EXPIRED", "1", an_intent(Side.BUY, ("a", "3"), ("b", "1"), ("c", "0")))
    found = leg(order, "10000")
    assert found is not None
    assert found.intent.shares == shares(("a", "2.25"), ("b", "0.75"))
    assert found.intent.limit_price == Decimal("50.50")


def test_a_leg_is_shared_to_the_millionth_of_a_step() -> None:
    order = an_order("EXPIRED", intent=an_intent(Side.BUY, ("a", "1"), ("b", "1"), ("c", "1")))
    found = leg(order, "50.5")
    assert found is not None
    assert found.intent.shares == shares(
        ("a", "0.333333334"), ("b", "0.333333333"), ("c", "0.333333333")
    )


@pytest.mark.parametrize(
    ("side", "available", "changes", "quantity"),
    [
        (Side.SELL, "2.5", {}, "2.5"),
        (Side.SELL, "-1", {}, None),
        (Side.SELL, "0.0999", {}, None),  # 4.95 at the limit
        (Side.SELL, "0.102", {}, "0.102"),
        (Side.BUY, "101", {"taker_fee": "0"}, "2"),
        (Side.BUY, "101", {"taker_fee": "0.01"}, "1.98"),
        (Side.BUY, "1000", {}, "4"),
        (Side.BUY, "5.06", {}, "0.1"),
        (Side.BUY, "5.04", {}, None),
    ],
)
def test_a_leg_is_bounded_by_what_is_there_and_by_what_the_venue_takes(
    side: Side, available: str, changes: dict[str, str], quantity: str | None
) -> None:
    order = an_order("EXPIRED", intent=an_intent(side, ("a", "4")))
    found = leg(order, available, **changes)
    assert (found and found.intent.quantity) == (quantity and Decimal(quantity))


@pytest.mark.parametrize(
    ("owned", "expected"),
    [
        ({"a": "2", "b": "1"}, (("a", "2"), ("b", "1"))),
        ({"a": "0", "b": "1"}, (("b", "1"),)),  # the first one's is sold by another order
        ({"a": "-1", "b": "0.5"}, (("b", "0.5"),)),
        ({"b": "7"}, (("b", "1"),)),
        ({"a": "9", "b": "9"}, (("a", "3"), ("b", "1"))),
        ({"a": "0", "b": "0"}, None),
    ],
)
def test_a_leg_sells_for_nobody_more_than_that_strategy_has_left(
    owned: dict[str, str], expected: tuple[tuple[str, str], ...] | None
) -> None:
    order = an_order("EXPIRED", intent=an_intent(Side.SELL, ("a", "3"), ("b", "1")))
    found = leg(order, "9", owned={name: Decimal(value) for name, value in owned.items()})
    assert (found and found.intent.shares) == (expected and shares(*expected))
    assert not found or found.intent.quantity == sum(s.quantity for s in found.intent.shares)


FINAL = ["FILLED", "CANCELED", "REJECTED", "EXPIRED"]


@pytest.mark.parametrize("status", list(OrderStatus))
def test_only_what_ended_short_wants_another_leg(status: OrderStatus) -> None:
    account, none = an_account(max_legs=3), HaltLevel.NONE
    order = an_order(status.value, "3.5")
    assert wants_next_leg(order, [order], account, none) is (status.value in FINAL)


@pytest.mark.parametrize(
    ("changes", "halt", "wants"),
    [
        ({}, HaltLevel.NONE, True),
        ({"filled": "4"}, HaltLevel.NONE, False),
        ({"filled": "4.5"}, HaltLevel.NONE, False),
        ({"cancel_requested": True}, HaltLevel.NONE, False),
        ({"leg": 1}, HaltLevel.NONE, True),
        ({"leg": 2}, HaltLevel.NONE, False),
        ({}, HaltLevel.NO_ENTRIES, False),
        ({"intent": an_intent(Side.SELL, ("a", "4"))}, HaltLevel.FLATTEN, True),
        *(
            ({"code": code}, HaltLevel.NONE, False)
            for code in ("AUTHENTICATION_FAILED", "PERMISSION_DENIED", "SYMBOL_UNKNOWN")
        ),
        ({"code": "OTHER"}, HaltLevel.NONE, True),
    ],
)
def test_what_another_leg_depends_on(
    changes: dict[str, Any], halt: HaltLevel, *, wants: bool
) -> None:
    order = an_order("REJECTED", **changes)
    assert wants_next_leg(order, [order], an_account(max_legs=3), halt) is wants


def test_a_leg_that_has_a_later_one_wants_none() -> None:
    account = an_account(max_legs=9)
    first, second = an_order("EXPIRED"), an_order("EXPIRED", leg=1)
    elsewhere = an_order("EXPIRED", leg=5, intent=an_intent(Side.BUY, ("a", "4"), symbol=ETH))
    legs = [first, second, elsewhere]
    assert [wants_next_leg(o, legs, account, HaltLevel.NONE) for o in legs] == [False, True, True]


def test_intents_are_numbered_as_leg_nought_of_their_plan() -> None:
    one = an_intent(Side.BUY, ("a", "4"), id="", client_order_id="")
    two = replace(one, symbol=ETH)
    assert numbered([one, two], "p7") == tuple(
        replace(i, id=f"p7#{i.symbol}#0", client_order_id=client_order_id(f"p7#{i.symbol}#0"))
        for i in (one, two)
    )


# --- the last word --------------------------------------------------------------------------


def spoken(orders: Sequence[Order], **changes: Any) -> Outcome:
    verdict = Verdict(
        **{
            "signal_id": "s",
            "strategy": "a",
            "symbol": BTC,
            "status": SignalStatus.PLANNED,
            "reason": "",
            "quantity": Decimal(4),
            **changes,
        }
    )
    plan = Plan(
        id="p9",
        account="main",
        sequence=1,
        step=Step.INCREASE,
        created_at=NOON,
        configuration_version=1,
        equity=Decimal(1),
        crosses=tuple(
            Cross(symbol=symbol, seller="a", buyer="b", quantity=Decimal(1), price=Decimal(price))
            for symbol, price in ((ETH, "10"), (BTC, "50"))
        ),
        verdicts=(verdict,),
    )
    with localcontext(Context(prec=3)):
        found = outcomes(plan, orders, {BTC: an_instrument()}, LATER)
    assert list(found) == ["s"]
    assert (found["s"].account, found["s"].at, found["s"].plan_id) == ("main", LATER, "p9")
    return found["s"]


@pytest.mark.parametrize(
    ("orders", "changes", "status", "reason"),
    [
        ([], {"status": SignalStatus.SKIPPED, "reason": "because"}, "SKIPPED", "because"),
        ([], {}, "SKIPPED", "no order was needed"),
        (
            [],  # nothing was free at the venue, and what is left is worth 5
            {"crossed": Decimal(1), "quantity": Decimal("0.1")},
            "PARTIALLY_EXECUTED",
            "1 of 1.1 BTC: no more was free, or allowed in one order",
        ),
        (
            [],
            {"crossed": Decimal(1), "quantity": Decimal("0.099")},
            "EXECUTED",
            "1 BTC changed hands inside the account",
        ),
        (
            [],
            {"crossed": Decimal(1), "quantity": Decimal(0)},
            "EXECUTED",
            "1 BTC changed hands inside the account",
        ),
        ([an_order("EXPIRED")], {}, "EXPIRED", "not filled at 100"),
        ([an_order("EXPIRED", leg=2)], {}, "EXPIRED", "not filled at 100 after 3 tries"),
        ([an_order("CANCELED", reason="by hand")], {}, "EXPIRED", "by hand"),
        ([an_order("REJECTED", reason="no funds")], {}, "REJECTED", "no funds"),
        ([an_order("REJECTED")], {}, "REJECTED", "the venue refused the order"),
        ([an_order("DENIED", reason="halted")], {}, "DENIED", "halted"),
        ([an_order("FILLED")], {}, "EXPIRED", "no more was free, or allowed in one order"),
        (
            [an_order("EXPIRED", "1", an_intent(Side.BUY, ("b", "4")))],  # of another strategy's
            {},
            "EXPIRED",
            "not filled at 100",
        ),
        (
            [an_order("EXPIRED", "1", leg=1), an_order("REJECTED", reason="first")],
            {"reason": "note", "crossed": Decimal(2)},
            "PARTIALLY_EXECUTED",
            "3 of 6 BTC: not filled at 100 after 2 tries; note",
        ),
        (
            [an_order("EXPIRED", "3.9499")],
            {},
            "PARTIALLY_EXECUTED",
            "3.9499 of 4 BTC: not filled at 100",
        ),
        ([an_order("EXPIRED", "3.951")], {}, "EXECUTED", "bought 3.951 BTC at 99"),
        (
            [an_order("FILLED", "4.0001")],
            {"reason": "note", "crossed": Decimal("0.5")},
            "EXECUTED",
            "note; bought 4.0001 BTC at 99; 0.5 BTC changed hands inside the account",
        ),
        (
            [an_order("FILLED", "4", an_intent(Side.SELL, ("a", "4")))],
            {"success": SignalStatus.PARTIALLY_EXECUTED},
            "PARTIALLY_EXECUTED",
            "sold 4 BTC at 99",
        ),
        (
            [an_order("FILLED", "4", an_intent(Side.BUY, ("a", "4"), symbol=ETH))],
            {},
            "SKIPPED",
            "no order was needed",
        ),
    ],
)
def test_the_last_word_on_a_signal(
    orders: list[Order], changes: dict[str, Any], status: str, reason: str
) -> None:
    outcome = spoken(orders, **changes)
    assert (outcome.status.value, outcome.reason) == (status, reason)


def test_each_strategy_moved_its_own_share() -> None:
    intent = an_intent(Side.BUY, ("a", "3"), ("b", "1"))
    orders = [an_order("EXPIRED", "2", intent), an_order("FILLED", "4", intent)]
    moved = [moved_for(name, orders, an_instrument()) for name in ("a", "b", "c")]
    assert moved == [Decimal("4.5"), Decimal("1.5"), 0]


def test_a_mean_price_has_ten_digits() -> None:
    def bought(quantity: str, price: str) -> Order:
        fill = Fill(
            trade_id="t",
            quantity=Decimal(quantity),
            price=Decimal(price),
            fee=Decimal(0),
            fee_asset="USDT",
            at=NOON,
        )
        return an_order("FILLED", quantity, fills=(fill,))

    with localcontext(Context(prec=3)):
        orders = [bought("1", "50000.01"), bought("2", "50001")]
        assert average_price(orders) == Decimal("50000.67000")
        assert average_price([bought("3", "0.001"), bought("0.5", "0.002")]) == Decimal(
            "0.001142857143"
        )
    assert average_price([]) == 0


# --- netted orders --------------------------------------------------------------------------

INSTRUMENT = an_instrument()


def delta(name: str, quantity: str, owned: str = "0", symbol: str = BTC, **changes: Any) -> Delta:
    instrument = an_instrument(symbol, **changes)
    price = Decimal(100) if symbol == BTC else Decimal(10)
    return Delta(
        strategy=name,
        quantity=Decimal(quantity),
        owned=Decimal(owned),
        price=price,
        instrument=instrument,
    )


def intents(netted: Netted) -> list[tuple[str, str, str, str]]:
    return [(i.symbol, i.side.value, str(i.quantity), str(i.limit_price)) for i in netted.intents]


def test_an_order_of_every_style() -> None:
    def ordered(side: Side, **changes: Any) -> OrderIntent:
        account = an_account(increment=Decimal("0.01"), **changes)
        if side is Side.BUY:
            netted = net_increases(account, [delta("b", "1"), delta("a", "2.0009")], Decimal(9999))
        else:
            sellers = [delta("b", "1", "1"), delta("a", "2.0009", "3")]
            netted = net_reductions(account, sellers, [], {"BTC": Decimal(9)})
        [intent] = netted.intents
        assert netted.moved == {("a", BTC): 2, ("b", BTC): 1}
        return intent

    def expected(side: Side, price: str, **changes: Any) -> OrderIntent:
        return an_intent(
            side,
            ("a", "2.000"),
            ("b", "1"),
            id="",
            client_order_id="",
            limit_price=Decimal(price),
            **changes,
        )

    assert ordered(Side.BUY) == expected(Side.BUY, "101")
    assert ordered(Side.SELL) == expected(Side.SELL, "99")
    limit = {"order_style": OrderStyle.LIMIT}
    resting = {"time_in_force": TimeInForce.GTC}
    assert ordered(Side.BUY, **limit) == expected(Side.BUY, "100", **resting)
    assert ordered(Side.SELL, **limit) == expected(Side.SELL, "100", **resting)
    market = ordered(Side.BUY, order_style=OrderStyle.MARKET)
    assert market == expected(Side.BUY, "101", type=OrderType.MARKET)


def test_sellers_and_buyers_meet_in_order_of_name_in_whole_steps() -> None:
    sellers = [delta("s", "2.0005", "2.0005"), delta("r", "1", "0.5"), delta("q", "0", "1")]
    buyers = [delta("b", "1.2009"), delta("a", "0.7"), delta("s", "9")]
    netted = net_reductions(an_account(), sellers, buyers, {"BTC": Decimal(9)})
    found = [(c.seller, c.buyer, c.quantity) for c in netted.crosses]
    half, fifth = Decimal("0.5"), Decimal("0.2")
    assert found == [("r", "a", half), ("s", "a", fifth), ("s", "b", 1 + fifth)]
    assert netted.crossed == {("r", BTC): Decimal("0.5"), ("s", BTC): Decimal("1.4")}
    assert netted.crosses[0] == Cross(
        symbol=BTC, seller="r", buyer="a", quantity=Decimal("0.5"), price=Decimal(100)
    )
    assert intents(netted) == [(BTC, "sell", "1.100", "100")]
    assert netted.moved == {("r", BTC): Decimal("0.5"), ("s", BTC): Decimal("0.6")}


def test_who_has_got_all_is_passed_over_and_every_instrument_crosses_by_itself() -> None:
    sellers = [delta(name, "1", "1", symbol) for symbol in (BTC, ETH) for name in ("r", "s")]
    buyers = [delta(name, "1", symbol=symbol) for symbol in (BTC, ETH) for name in ("a", "b")]
    netted = net_reductions(an_account(), sellers, buyers, {})
    assert [(c.symbol, c.seller, c.buyer) for c in netted.crosses] == [
        (BTC, "r", "a"),
        (BTC, "s", "b"),
        (ETH, "r", "a"),
        (ETH, "s", "b"),
    ]


def test_a_sale_is_bounded_by_what_is_free_and_by_the_most_the_venue_takes() -> None:
    sellers = [delta("a", "2", "2"), delta("b", "3", "3")]
    bounded = net_reductions(an_account(), sellers, [], {"BTC": Decimal("2.5")})
    assert bounded.moved == {("a", BTC): 2, ("b", BTC): Decimal("0.5")}
    assert net_reductions(an_account(), sellers, [], {}).intents == ()
    most = [replace(d, instrument=an_instrument(maximum_quantity="4")) for d in sellers]
    capped = net_reductions(an_account(), most, [], {"BTC": Decimal(9)})
    assert capped.moved == {("a", BTC): 2, ("b", BTC): 2}
    tiny = net_reductions(an_account(), [delta("a", "0.04", "1")], [], {"BTC": Decimal(9)})
    assert (tiny.intents, tiny.moved) == ((), {})


def test_instruments_are_ordered_by_symbol() -> None:
    sellers = [delta("a", "5", "5", ETH), delta("a", "1", "1")]
    free = {"BTC": Decimal(9), "ETH": Decimal(9)}
    assert [i.symbol for i in net_reductions(an_account(), sellers, [], free).intents] == [BTC, ETH]


def why(buyer: Delta, spendable: str = "9999", **account: Any) -> dict[tuple[str, str], str]:
    netted = net_increases(an_account(**account), [buyer], Decimal(spendable))
    assert netted.moved == {}
    return dict(netted.refused)


@pytest.mark.parametrize(
    ("buyer", "spendable", "sentence"),
    [
        (
            delta("a", "0.0499"),
            "9999",
            "4.99 USDT < minimum 5 (NOTIONAL_BELOW_MINIMUM)",
        ),
        (
            delta("a", "0.06", minimum_quantity="0.07"),
            "9999",
            "6 USDT < minimum 7 (QUANTITY_BELOW_MINIMUM)",
        ),
        (
            delta("a", "0.0004"),
            "9999",
            "0.04 USDT < minimum 5 (QUANTITY_BELOW_MINIMUM)",
        ),
        (
            delta("a", "1"),
            "4",
            "cash is short: 4 USDT left for it < minimum 5 (CASH_SHORT)",
        ),
        (
            delta("a", "1", minimum_quantity="0.1"),
            "4.999",
            "cash is short: 5 USDT left for it < minimum 10 (CASH_SHORT)",
        ),
        (
            delta("a", "1"),
            "-4",
            "cash is short: 0 USDT left for it < minimum 5 (CASH_SHORT)",
        ),
        (
            delta("a", "2", maximum_quantity="1.5"),
            "9999",
            "2 BTC > maximum 1.5 (QUANTITY_ABOVE_MAXIMUM)",
        ),
        (
            delta("a", "1.5", maximum_quantity="1.5", minimum_notional="200"),
            "9999",
            "150 USDT < minimum 200 (NOTIONAL_BELOW_MINIMUM)",
        ),
    ],
)
def test_a_purchase_that_does_not_come_about_says_why(
    buyer: Delta, spendable: str, sentence: str
) -> None:
    assert why(buyer, spendable) == {("a", BTC): sentence}


def test_a_purchase_of_the_most_the_venue_takes_comes_about() -> None:
    netted = net_increases(an_account(), [delta("a", "1.5", maximum_quantity="1.5")], Decimal(9999))
    assert netted.moved == {("a", BTC): Decimal("1.5")}


def test_cash_that_is_short_is_shared_over_all_with_fee_and_increment() -> None:
    account = an_account(increment=Decimal("0.25"))
    fees = {"taker_fee": "0.6"}
    buyers = [
        delta("a", "1", **fees),
        delta("b", "1", **fees),
        delta("c", "20", symbol=ETH, **fees),
    ]
    assert cost_factor(account, buyers[0].instrument) == 2
    enough = net_increases(account, buyers, Decimal(800))
    assert enough.moved == {("a", BTC): 1, ("b", BTC): 1, ("c", ETH): 20}
    half = net_increases(account, buyers, Decimal(400))
    assert half.moved == {("a", BTC): Decimal("0.5"), ("b", BTC): Decimal("0.5"), ("c", ETH): 10}
    one_step = [delta("a", "1", **fees), delta("b", "0.0005", **fees)]
    netted = net_increases(account, one_step, Decimal(999))
    assert netted.moved == {("a", BTC): 1}
    assert netted.refused == {("b", BTC): "100.05 USDT < minimum 5 (QUANTITY_BELOW_MINIMUM)"}


@pytest.mark.parametrize(
    ("side", "style", "price"),
    [
        (Side.BUY, OrderStyle.MARKETABLE_LIMIT, "124.69"),
        (Side.SELL, OrderStyle.MARKETABLE_LIMIT, "122.23"),
        (Side.BUY, OrderStyle.LIMIT, "123.45"),
        (Side.SELL, OrderStyle.LIMIT, "123.46"),
        (Side.BUY, OrderStyle.MARKET, "124.69"),
    ],
)
def test_the_worst_price_accepted(side: Side, style: OrderStyle, price: str) -> None:
    account: Account = an_account(increment=Decimal("0.01"), order_style=style)
    assert limit_price(account, INSTRUMENT, side, Decimal("123.4567")) == Decimal(price)


# --- wishes ---------------------------------------------------------------------------------


def signal(identity: str, state: str = "long", *, at: int = 0, **changes: Any) -> Signal:
    return a_signal("a", state=state, at=NOON + timedelta(seconds=at), id=identity, **changes)


def gathered(*signals: Signal, **stance: Any) -> tuple[Wish | None, list[tuple[str, str, str]]]:
    known = Stance(strategy="a", symbol=BTC, **stance)
    wishes, spent = gather_wishes(signals, {("a", BTC): known})
    return wishes.get(("a", BTC)), [(v.signal_id, v.status.value, v.reason) for v in spent]


def test_a_test_is_told_and_does_nothing() -> None:
    wish, spent = gathered(signal("t", test=True))
    assert wish is None
    assert spent == [("t", "SKIPPED", "test: nothing is traded")]
    _, [word] = gather_wishes([signal("t", test=True)], {})
    assert (word.strategy, word.symbol) == ("a", BTC)


def test_within_one_second_each_state_comes_from_the_one_before() -> None:
    applied: dict[str, Any] = {"applied_at": NOON, "signal_id": "0"}
    entry = signal("1", previous_state=FLAT)
    out = signal("2", "flat", previous_state=LONG)
    assert gathered(entry, out, **applied) == (
        Wish(state=FLAT, signals=(out,), sets_state=True),
        [("1", "SUPERSEDED", "overtaken by flat of 2")],
    )
    first = signal("3", "flat", previous_state=LONG)
    last, spent = gathered(entry, out, first, state=LONG)
    assert (last and last.state, {word[0] for word in spent}) == (FLAT, {"1", "2"})


def test_the_exit_that_was_stepped_over_is_not_made_up_for_after_its_entry() -> None:
    out = signal("2", "flat", previous_state=LONG)
    wish, spent = gathered(out, state=LONG, applied_at=NOON, signal_id="0", stepped_over=True)
    assert wish is None
    assert [(name, status) for name, status, _ in spent] == [("2", "SUPERSEDED")]


def test_the_newest_state_overtakes_and_says_by_what() -> None:
    out, back = signal("2", "flat", at=1), signal("3", at=2, approved=True)
    wish, spent = gathered(signal("1", approved=True), out)
    assert wish == Wish(state=FLAT, signals=(out,), sets_state=True)
    assert spent == [("1", "SUPERSEDED", "overtaken by flat of 2")]
    held, none = gathered(out, back, state=LONG)
    assert held == Wish(
        state=LONG,
        signals=(back,),
        sets_state=True,
        approved=True,
        instead=Wish(state=FLAT, signals=(out,), sets_state=True),
    )
    assert none == []
    again = signal("4", "short", at=3)
    last, gone = gathered(out, back, again, state=LONG)
    assert last == Wish(state=SHORT, signals=(again,), sets_state=True)
    assert [row[0] for row in gone] == ["3", "2"]
    flat, dropped = gathered(out, back)
    assert flat is not None
    assert (flat.instead, [row[0] for row in dropped]) == (None, ["2"])


def test_an_approval_holds_for_a_later_entry_and_for_no_exit() -> None:
    first, second = signal("1", approved=True), signal("2", at=1)
    wish, _ = gathered(first, second)
    assert wish is not None
    assert wish.approved
    left, _ = gathered(first, signal("2", "flat", at=1))
    assert left is not None
    assert not left.approved


def test_an_entry_after_an_entry_keeps_the_exit_before_both() -> None:
    out, one, two = signal("1", "flat"), signal("2", at=1), signal("3", at=2)
    wish, spent = gathered(out, one, two, state=LONG)
    assert wish is not None
    assert wish.instead is not None
    assert wish.instead.signals == (out,)
    assert spent == [("2", "SUPERSEDED", "overtaken by long of 3")]


def test_resizes_scale_what_they_follow() -> None:
    third, one = Decimal(1) / 3, signal("1", approved=True)
    parts = [signal(str(n), at=n, size_ratio=third) for n in (2, 3)]
    with localcontext(Context(prec=2)):
        wish, spent = gathered(one, *parts)
    assert wish is not None
    assert (wish.signals, wish.sets_state, wish.approved) == ((one, *parts), True, True)
    assert abs(wish.ratio - third * third) < Decimal("1E-20")
    alone, _ = gathered(parts[0], state=LONG)
    assert alone == Wish(state=LONG, signals=(parts[0],), sets_state=False, ratio=third)
    out = signal("0", "flat", at=-1)
    kept, _ = gathered(out, one, parts[0], state=LONG)
    assert kept is not None
    assert kept.instead is not None
    flat_ratio, _ = gathered(signal("x", "flat", size_ratio=Decimal("0.5")), state=LONG)
    assert flat_ratio is not None
    assert (flat_ratio.state, flat_ratio.ratio) == (FLAT, 1)
    assert spent == []


@pytest.mark.parametrize(
    ("given", "stance", "old"),
    [
        ({}, {}, False),
        ({"at": -1}, {"applied_at": NOON}, True),
        ({"at": 1}, {"applied_at": NOON}, False),
        ({}, {"applied_at": NOON}, False),  # flat before entry
        ({"at": 1}, {"applied_at": NOON, "signal_id": "x"}, True),  # it is the one applied
        ({}, {"applied_at": NOON, "state": LONG}, True),
        ({"state": "flat"}, {"applied_at": NOON, "state": LONG}, True),
        ({"state": "flat", "previous_state": LONG}, {"applied_at": NOON, "state": LONG}, False),
        ({"state": "flat", "previous_state": FLAT}, {"applied_at": NOON, "state": LONG}, True),
        ({"previous_state": SHORT}, {"applied_at": NOON}, False),
        ({"previous_state": LONG}, {"applied_at": NOON}, True),
        ({}, {"applied_at": NOON, "stepped_over": True}, True),
        (
            {"state": "flat", "previous_state": FLAT},
            {"applied_at": NOON, "stepped_over": True},
            False,
        ),
        ({"state": "flat", "previous_state": LONG}, {"applied_at": NOON, "left_by": "x"}, False),
    ],
)
def test_what_came_before_what_was_applied_is_superseded(
    given: dict[str, Any], stance: dict[str, Any], *, old: bool
) -> None:
    wish, spent = gathered(signal("x", **given), **stance)
    assert (wish is None) is old
    if old:
        at = NOON.isoformat()
        assert spent == [("x", "SUPERSEDED", f"older than the signal applied of {at}")]


def test_within_one_second_the_chain_counts_then_flat_then_the_name() -> None:
    def order(*signals: Signal, **stance: Any) -> str:
        wish, _ = gathered(*signals, **stance)
        assert wish is not None
        return wish.latest.id

    into = signal("a", previous_state=FLAT)
    out = signal("b", "flat", previous_state=LONG)
    assert order(into, out) == "b"
    assert order(into, out, state=LONG) == "a"
    assert order(signal("a"), signal("b", "flat")) == "a"
    assert order(signal("b"), signal("a")) == "b"


def test_what_the_owner_closes_comes_first() -> None:
    close = signal("1", "flat", order_id=OWNER_CLOSE)
    wish, spent = gathered(close, signal("2", at=1), state=LONG)
    assert wish is not None
    assert (wish.signals, spent) == ((close,), [])
    replaced, _ = gathered(close, signal("0", at=-1), state=LONG)
    assert replaced is not None
    assert replaced.latest is close


def test_the_newest_level_named_counts() -> None:
    levels = [(Decimal(1), None), (None, Decimal(9)), (None, None)]
    signals = tuple(
        signal(str(n), at=n, stop_loss=stop, take_profit=target)
        for n, (stop, target) in enumerate(levels)
    )
    wish = Wish(state=LONG, signals=signals, sets_state=True)
    assert (wish.stop_loss, wish.take_profit) == (1, 9)
    assert (wish.fired_at, wish.latest) == (signals[2].fired_at, signals[2])
    bare = Wish(state=LONG, signals=signals[2:], sets_state=True)
    assert (bare.stop_loss, bare.take_profit) == (None, None)


@pytest.mark.parametrize(
    ("state", "sets", "ratio", "more"),
    [
        (LONG, True, "0.5", True),
        (LONG, False, "1", False),
        (LONG, False, "1.1", True),
        (FLAT, True, "2", False),
    ],
)
def test_what_may_lead_to_a_purchase(
    state: DesiredState, ratio: str, *, sets: bool, more: bool
) -> None:
    wish = Wish(state=state, signals=(signal("1"),), sets_state=sets, ratio=Decimal(ratio))
    assert wish.wants_more is more


# --- policies -------------------------------------------------------------------------------


def claim(name: str, weight: str, **changes: Any) -> Claim:
    usual: dict[str, Any] = {"symbol": BTC, "price": Decimal(100), "active": True}
    return Claim(strategy=name, weight=Decimal(weight), **{**usual, **changes})


TERMS = Terms(equity=Decimal("10000.01"), reserve=Decimal("0.02"), risk_per_trade=Decimal("0.01"))


def targets(policy: str, *claims: Claim) -> dict[str, Target]:
    with localcontext(Context(prec=3)):
        return {key[0]: target for key, target in allocate(policy, claims, TERMS).items()}


def test_targets_of_every_policy_to_the_last_digit() -> None:
    idle = claim("i", "0.3", active=False)
    assert targets("fixed", claim("a", "0.2"), idle) == {"a": Target(notional=Decimal("2000.002"))}
    assert targets("boost", claim("a", "0.2"), claim("b", "0.25"), idle) == {
        "a": Target(notional=Decimal("2000.002")),
        "b": Target(notional=Decimal("5500.0055"), surplus=True),
    }
    assert targets("boost", idle) == {}
    assert targets("equal", claim("a", "0.2"), idle) == {"a": Target(notional=Decimal("4900.0049"))}
    assert targets("equal", claim("a", "0.2")) == {"a": Target(notional=Decimal("9800.0098"))}
    assert targets("equal") == {}


def test_targets_by_volatility() -> None:
    claims = (
        claim("a", "0", volatility=Decimal("0.02")),
        claim("b", "0", volatility=Decimal("0.06")),
        claim("c", "0"),
        claim("d", "0", volatility=Decimal("0.03"), active=False),
    )
    found = targets("inverse_volatility", *claims)
    assert found["c"] == Target(denial="VOLATILITY_UNKNOWN")
    assert found["a"].notional.quantize(Decimal("0.0001")) == Decimal("4900.0049")
    assert found["b"].notional.quantize(Decimal("0.0001")) == Decimal("1633.3350")
    assert set(found) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("stop", "target"),
    [
        (None, Target(denial="STOP_LOSS_MISSING")),
        ("100", Target(denial="STOP_LOSS_ABOVE_PRICE")),
        ("0", Target(denial="STOP_LOSS_ABOVE_PRICE")),
        ("95", Target(notional=Decimal("2000.002"))),
        ("98", Target(notional=Decimal("4000.004"))),  # its weight is the most
        ("50", Target(notional=Decimal("200.0002"))),
    ],
)
def test_targets_by_risk(stop: str | None, target: Target) -> None:
    given = claim("a", "0.4", stop_loss=None if stop is None else Decimal(stop))
    assert targets("risk_per_trade", given, claim("i", "1", active=False)) == {"a": target}


@pytest.mark.parametrize(
    ("size", "target"),
    [
        (None, Target(denial="SIZE_MISSING")),
        ((SizeUnit.QUANTITY, "1.2345"), Target(notional=Decimal("123.45"))),
        ((SizeUnit.NOTIONAL, "777.777"), Target(notional=Decimal("777.777"))),
        ((SizeUnit.PERCENT, "12.5"), Target(notional=Decimal("1250.00125"))),
    ],
)
def test_targets_by_the_alert(size: tuple[SizeUnit, str] | None, target: Target) -> None:
    wanted = None if size is None else Size(unit=size[0], amount=Decimal(size[1]))
    assert targets("signal_sized", claim("a", "0", size=wanted)) == {"a": target}


def test_precedence_is_weight_then_priority_then_name() -> None:
    heavy, first = claim("z", "0.5"), claim("y", "0.2", priority=1)
    others = [claim("b", "0.2"), claim("a", "0.2", symbol=ETH), claim("a", "0.2")]
    assert precedence([*others, first, heavy]) is heavy
    assert precedence([*others, first]) is first
    assert precedence(others) is others[2]


def test_volatility_is_the_sample_deviation_of_log_returns() -> None:
    def of(*closes: str) -> Decimal | None:
        with localcontext(Context(prec=3)):
            return daily_volatility([Decimal(close) for close in closes])

    # returns ln 2, ln 2, -ln 2: mean ln 2 / 3, deviation ln 2 * sqrt(4/3)
    assert of("1", "2", "4", "2") is not None
    found = of("1", "2", "4", "2") or Decimal(0)
    assert found.quantize(Decimal("1E-12")) == Decimal("0.800377422569")
    assert of("1", "2") is None
    assert of("1", "1", "1") is None  # a price that does not move tells nothing
    assert of("0", "1", "2", "0", "1") is None
    assert of("0", "1", "2", "4", "2", "0") == found


# --- closed positions -----------------------------------------------------------------------


def entries(*rows: tuple[str, str, str]) -> list[Entry]:
    """Rows of (strategy and symbol, quantity, quote)."""
    return [
        Entry(
            id=f"e{n}",
            account="main",
            kind=EntryKind.FILL,
            at=NOON + timedelta(hours=n),
            postings=(),
            executions=(
                Execution(
                    strategy=name[0],
                    symbol=name[1:],
                    quantity=Decimal(quantity),
                    quote=Decimal(quote),
                ),
            ),
            sequence=n,
        )
        for n, (name, quantity, quote) in enumerate(rows)
    ]


def test_every_strategy_and_instrument_has_lots_of_its_own() -> None:
    known = entries(
        ("aX", "0", "5"),  # nothing was bought
        ("aX", "1", "10"),
        ("bX", "1", "20"),
        ("aY", "1", "30"),
        ("aY", "-1", "-33"),
        ("bX", "-1", "-22"),
        ("aX", "-1", "-11"),
        ("aY", "-2", "-66"),
        ("aX", "1", "40"),
        ("aX", "-1", "-44"),
    )
    with localcontext(Context(prec=2)):
        closed = closed_positions(reversed(known))
    assert [(c.strategy, c.symbol, c.entry_id, c.profit) for c in closed] == [
        ("a", "Y", "e3", 3),
        ("b", "X", "e2", 2),
        ("a", "X", "e1", 1),
        ("a", "Y", "", 66),
        ("a", "X", "e8", 4),
    ]
    assert closed[2] == ClosedPosition(
        account="main",
        strategy="a",
        symbol="X",
        quantity=Decimal(1),
        entry_at=NOON + timedelta(hours=1),
        entry_id="e1",
        cost=Decimal(10),
        exit_at=NOON + timedelta(hours=6),
        exit_id="e6",
        proceeds=Decimal(11),
        fees=Decimal(0),
    )
    assert closed[3].entry_at is None


def test_all_of_an_amount_is_not_rounded_on_the_way() -> None:
    quantity = "0.497867619968143932951221815452365233"
    earned = Decimal("7.768181573394149947966859179399471869")
    [closed] = closed_positions(
        entries(("aX", quantity, "1"), ("aX", f"-{quantity}", f"-{earned}"))
    )
    assert closed.proceeds == earned


def test_a_lot_sold_in_parts_adds_up_to_the_last_digit() -> None:
    known = entries(("aX", "3", "1000.0001"), ("aX", "-1", "-400"), ("aX", "-2", "-700"))
    with localcontext(Context(prec=3)):
        first, second = closed_positions(known)
    assert first.cost + second.cost == Decimal("1000.0001")
    assert second.proceeds == 700
