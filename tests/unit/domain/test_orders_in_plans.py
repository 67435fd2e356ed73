"""What an order that has waited does to a plan: its limit, its size, and what stays as it was."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.trading.account import HaltLevel, OrderStyle
from chalicelib.domain.trading.netting import Delta, bounded, net_increases, net_reductions
from chalicelib.domain.trading.order import Order, OrderType, TimeInForce
from chalicelib.domain.trading.plan import Stance
from chalicelib.domain.trading.planning import draft_plan
from chalicelib.domain.trading.settlement import Means, next_leg
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Signal, SignalStatus
from chalicelib.domain.trading.signal_order import OrderKind, SignalOrder
from chalicelib.domain.trading.situation import Draft
from tests.situations import BTC, NOON, a_signal, a_situation, an_account, an_instrument

HUNDRED = Decimal(100)
KEY, OTHER = ("btc", BTC), ("other", BTC)
LATER = NOON + timedelta(hours=3)


def ordered(kind: str = "limit", side: str = "buy", price: str = "100", **words: Any) -> Signal:
    own = {n: words.pop(n) for n in ("expires_at", "quantity") if n in words}
    order = SignalOrder(
        kind=OrderKind(kind), side=Side(side), name="one", price=Decimal(price), **own
    )
    state = words.pop("state", "long" if side == "buy" else "flat")
    return a_signal("btc", state=state, order=order, **words)


def drafted(*signals: Signal, **words: Any) -> Draft:
    usual: dict[str, Any] = {"weights": {KEY: "0.5"}, "now": LATER}
    return draft_plan(a_situation(signals=signals, **{**usual, **words}))


@pytest.mark.parametrize(
    ("side", "worst", "price"),
    [
        ("buy", None, "101"),
        ("buy", "100.016", "100.01"),
        ("buy", "102", "101"),
        ("sell", None, "101"),
        ("sell", "102.011", "102.02"),
        ("sell", "100", "101"),
    ],
)
def test_a_price_is_kept_within_its_limit(side: str, worst: str | None, price: str) -> None:
    limit = None if worst is None else Decimal(worst)
    assert bounded(Decimal(101), limit, an_instrument(), Side(side)) == Decimal(price)


def delta(strategy: str, worst: str | None) -> Delta:
    return Delta(
        strategy=strategy,
        quantity=Decimal(1),
        owned=Decimal(1),
        price=HUNDRED,
        instrument=an_instrument(),
        worst=None if worst is None else Decimal(worst),
    )


@pytest.mark.parametrize("style", list(OrderStyle))
def test_a_netted_order_keeps_the_strictest_limit(style: OrderStyle) -> None:
    account = an_account(order_style=style, increment=Decimal("0.01"))
    both = [delta("a", "100.5"), delta("b", "100.2"), delta("c", None)]
    (bought,) = net_increases(account, both, Decimal(1000)).intents
    assert (bought.type, bought.time_in_force) == (OrderType.LIMIT, TimeInForce.IOC)
    assert bought.worst_price == Decimal("100.2")
    assert bought.limit_price == Decimal("100.2")
    both = [delta("a", "99.5"), delta("b", "99.8"), delta("c", None)]
    (sold,) = net_reductions(account, both, [], {"BTC": Decimal(9)}).intents
    assert sold.worst_price == Decimal("99.8")
    assert sold.limit_price == Decimal("99.8")


def test_without_a_limit_an_order_is_as_the_account_has_it() -> None:
    account = an_account(order_style=OrderStyle.MARKET)
    (bought,) = net_increases(account, [delta("a", None)], Decimal(1000)).intents
    assert (bought.type, bought.worst_price) == (OrderType.MARKET, None)


@pytest.mark.parametrize("style", list(OrderStyle))
def test_the_next_leg_keeps_the_limit_too(style: OrderStyle) -> None:
    account = an_account(order_style=style, increment=Decimal("0.01"))
    (intent,) = net_increases(account, [delta("a", "100.2")], Decimal(1000)).intents
    order = Order(
        intent=replace(intent, id="p#BTC/USDT#0"), plan_id="p", created_at=NOON, updated_at=NOON
    )
    leg = next_leg(
        order,
        account=account,
        instrument=an_instrument(),
        price=Decimal("100.1"),
        means=Means(free=Decimal(1000)),
        now=NOON,
    )
    assert leg is not None
    assert leg.intent.limit_price == Decimal("100.2")


def test_an_entry_that_has_waited_is_not_late_and_bought_at_its_limit() -> None:
    draft = drafted(ordered(), account=an_account(increment=Decimal("0.01")))
    (intent,) = draft.intents
    assert (intent.worst_price, intent.limit_price) == (HUNDRED, HUNDRED)
    assert draft.verdicts[0].status is SignalStatus.PLANNED
    (late,) = drafted(a_signal("btc")).verdicts
    assert late.status is SignalStatus.EXPIRED


def test_an_addition_and_an_exit_have_their_limits() -> None:
    addition = ordered(price="101", size_ratio=Decimal(2))
    (intent,) = drafted(addition, owns={KEY: "10"}).intents
    assert intent.worst_price == Decimal(101)
    (sold,) = drafted(ordered(side="sell", price="99"), owns={KEY: "10"}).intents
    assert sold.worst_price == Decimal(99)
    (stopped,) = drafted(ordered("stop", "sell", "101"), owns={KEY: "10"}).intents
    assert stopped.worst_price is None


@pytest.mark.parametrize(
    ("signal", "waits"),
    [
        (ordered(price="99.99"), True),
        (ordered(price="100"), False),
        (ordered(side="sell", price="100.01"), True),
        (ordered("stop", price="101"), False),  # it was there, and a stop takes what it gets
        (ordered(expires_at=LATER), True),
        (ordered("stop", expires_at=LATER), True),
        (ordered(expires_at=LATER + timedelta(microseconds=1)), False),
    ],
)
def test_what_has_gone_again_waits_on(signal: Signal, *, waits: bool) -> None:
    owns = {KEY: "10"} if signal.state is DesiredState.FLAT else {}
    draft = drafted(signal, owns=owns)
    assert draft.is_empty is waits


def test_an_order_is_none_the_newer_for_having_waited() -> None:
    stance = Stance(
        strategy="btc",
        symbol=BTC,
        applied_at=NOON + timedelta(hours=1),
        stepped_over=True,
        signal_id="newest",
        keeps=("one", "two"),
    )
    (after,) = drafted(ordered(holds=Decimal(2)), stances=[stance]).stances
    assert (after.applied_at, after.stepped_over) == (stance.applied_at, True)
    assert (after.signal_id, after.keeps) == ("newest", ("one", "two"))
    assert (after.state, after.told_quantity) == (DesiredState.LONG, Decimal(2))


def told(signal: Signal, before: str | None, owns: str = "10") -> Decimal | None:
    """What the strategy reckons that it holds after the signal."""
    stance = Stance(
        strategy="btc",
        symbol=BTC,
        state=DesiredState.LONG if owns != "0" else DesiredState.FLAT,
        told_quantity=None if before is None else Decimal(before),
    )
    owned = {} if owns == "0" else {KEY: owns}
    (after,) = drafted(signal, owns=owned, stances=[stance], now=NOON).stances
    return after.told_quantity


def test_what_a_strategy_says_that_it_holds_is_remembered() -> None:
    assert told(a_signal("btc", holds=Decimal(3)), None, "0") == 3
    assert told(a_signal("btc"), None, "0") is None
    half = a_signal("btc", size_ratio=Decimal("0.5"))
    assert told(half, "4") == 2
    assert told(half, None) is None
    assert told(replace(half, holds=Decimal(7)), "4") == 7
    assert told(a_signal("btc", state="flat", holds=Decimal(3)), "4") is None


def test_a_newer_signal_says_which_orders_it_keeps() -> None:
    (entered,) = drafted(a_signal("btc", keeps=("one",)), now=NOON).stances
    assert entered.keeps == ("one",)
    (refused,) = drafted(a_signal("btc", keeps=("one",))).stances  # too late, and yet it was said
    assert refused.keeps == ("one",)


@pytest.mark.parametrize(
    ("signal", "owns"),
    [
        (ordered(side="sell", price="99"), {KEY: "10", OTHER: "5"}),
        (
            ordered(side="sell", price="99", state="long", size_ratio=Decimal("0.5")),
            {KEY: "10", OTHER: "5"},
        ),
        (ordered(), {}),
        (ordered(size_ratio=Decimal(2)), {KEY: "10"}),
    ],
)
def test_who_moves_at_any_price_is_not_held_up_by_the_limit_of_another(
    signal: Signal, owns: dict[tuple[str, str], str]
) -> None:
    other = a_signal("other", state="flat" if OTHER in owns else "long", at=LATER)
    both = {KEY: "0.25", OTHER: "0.25"}
    draft = drafted(signal, other, weights=both, owns=owns)
    (intent,) = draft.intents
    assert ([s.strategy for s in intent.shares], intent.worst_price) == (["other"], None)
    assert [verdict.signal_id for verdict in draft.verdicts] == [other.id]
    assert [stance.strategy for stance in draft.stances] == ["other"]
    (alone,) = drafted(signal, weights=both, owns=owns).intents
    assert [s.strategy for s in alone.shares] == ["btc"]


def test_an_exit_with_a_limit_is_not_answered_by_what_is_sold_to_rebalance() -> None:
    other = a_signal("other", state="flat", at=LATER)
    draft = drafted(
        *(ordered(side="sell", price="99"), other),
        account=an_account(rebalance_band=Decimal("0.1")),
        cash="1000",
        weights={KEY: "0.25", OTHER: "0.25"},
        owns={KEY: "10", OTHER: "5"},
    )
    (intent,) = draft.intents
    shares = {share.strategy: share.quantity for share in intent.shares}
    assert (shares, intent.worst_price) == ({"btc": Decimal("3.75"), "other": 5}, None)
    assert [verdict.signal_id for verdict in draft.verdicts] == [other.id]


def test_what_an_exit_left_is_sold_at_any_price_while_an_order_waits_to_buy() -> None:
    stances = [
        Stance(strategy="btc", symbol=BTC),
        Stance(strategy="other", symbol=BTC, state=DesiredState.LONG),
    ]
    leaves = a_signal("other", state="flat", at=LATER)
    draft = drafted(
        *(ordered(price="99.99"), leaves),
        weights={KEY: "0.25", OTHER: "0.25"},
        owns={KEY: "10", OTHER: "5"},
        stances=stances,
    )
    (intent,) = draft.intents
    assert (intent.side, intent.quantity, intent.worst_price) == (Side.SELL, 15, None)


def test_a_limited_exit_stays_in_until_it_has_sold() -> None:
    exit_ = ordered(side="sell", price="99")
    draft = drafted(exit_, owns={KEY: "0.5"})
    assert (len(draft.intents), draft.stances) == (1, ())
    believes = Stance(strategy="btc", symbol=BTC, state=DesiredState.LONG)
    nothing = drafted(exit_, stances=[believes])
    assert [(v.status, v.reason) for v in nothing.verdicts] == [
        (SignalStatus.SKIPPED, "already flat")
    ]
    (after,) = nothing.stances
    assert after.state is DesiredState.FLAT


def test_an_addition_is_bought_once_the_owner_has_approved_it() -> None:
    def bought(*, approved: bool) -> bool:
        more = a_signal("btc", size_ratio=Decimal(2), approved=approved)
        asking = {"approval": True}
        return bool(drafted(more, owns={KEY: "10"}, subscription=asking, now=NOON).intents)

    assert (bought(approved=False), bought(approved=True)) == (False, True)


def test_a_stop_of_a_part_is_pursued_until_all_of_it_is_sold() -> None:
    def part(kind: str, price: str) -> Signal:
        return ordered(kind, "sell", price, state="long", size_ratio=Decimal("0.5"))

    def left(signal: Signal) -> Decimal | None:
        draft = drafted(signal, owns={KEY: "10"})
        assert [intent.quantity for intent in draft.intents] == [5]
        return draft.stances[0].shrinks_to

    assert left(part("stop", "101")) == 5
    assert left(part("limit", "99")) is None
    assert left(a_signal("btc", size_ratio=Decimal("0.5"))) is None
    stance = Stance(
        strategy="btc", symbol=BTC, state=DesiredState.LONG, shrinks_to=Decimal(5), signal_id="it"
    )
    going = drafted(owns={KEY: "5.5"}, stances=[stance])
    assert [intent.quantity for intent in going.intents] == [Decimal("0.5")]
    assert going.stances == ()
    for owns in ("5.01", "5", "4"):  # the first is less than the venue takes
        over = drafted(owns={KEY: owns}, stances=[stance])
        assert (over.intents, over.stances) == ((), (replace(stance, shrinks_to=None),))
    (sold,) = drafted(owns={KEY: "5.5"}, stances=[stance], halt=HaltLevel.FLATTEN).stances
    assert (sold.state, sold.shrinks_to) == (DesiredState.FLAT, None)
