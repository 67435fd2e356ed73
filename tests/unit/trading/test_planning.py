"""One decision at a time: who moves, by how much, and what everybody is told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.trading.account import Basis, HaltLevel, OrderStyle
from chalicelib.domain.trading.order import OrderType, TimeInForce
from chalicelib.domain.trading.plan import AccountState, Stance, Step
from chalicelib.domain.trading.planning import draft_plan
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from chalicelib.domain.trading.situation import Draft, Situation, equity_of
from tests.situations import BTC, ETH, NOON, a_signal, a_situation, an_account, an_instrument

A, B, C, E = ("a", BTC), ("b", BTC), ("c", BTC), ("e", ETH)


def orders(draft: Draft) -> dict[str, str]:
    """'+2' bought or '-2' sold, by symbol."""
    return {
        i.symbol: f"{'+' if i.side is Side.BUY else '-'}{i.quantity.normalize():f}"
        for i in draft.intents
    }


def words(draft: Draft) -> dict[str, tuple[str, str]]:
    return {v.strategy: (v.status.value, v.reason) for v in draft.verdicts}


def decided(situation: Situation) -> tuple[str, dict[str, str], dict[str, tuple[str, str]]]:
    draft = draft_plan(situation)
    return draft.step.value, orders(draft), words(draft)


def test_nothing_to_do_is_an_empty_draft() -> None:
    assert draft_plan(a_situation(weights={A: "0.5"}, owns={A: "3"})).is_empty


def test_an_entry_is_sized_once_and_rounded_down() -> None:
    situation = a_situation(weights={A: "0.5"}, signals=[a_signal("a")], prices={BTC: "333.33"})
    assert decided(situation) == ("increase", {BTC: "+15"}, {"a": ("PLANNED", "")})


@pytest.mark.parametrize(
    ("cash", "reserve", "expected"),
    [
        ("1000", "0.02", {BTC: "+9.8"}),  # weight 1: the reserve of 2 % stays
        ("1000", "0", {BTC: "+10"}),
        ("1000", "1", {}),
        ("4.99", "0", {}),  # below the minimum notional
        ("0", "0.02", {}),
    ],
)
def test_the_reserve_and_the_minimum(cash: str, reserve: str, expected: dict[str, str]) -> None:
    situation = a_situation(
        weights={A: "1"},
        cash=cash,
        signals=[a_signal("a")],
        account=an_account(reserve=Decimal(reserve)),
    )
    assert orders(draft_plan(situation)) == expected


def test_purchases_share_cash_that_is_short_and_leave_increment_and_fee() -> None:
    situation = a_situation(
        weights={A: "0.6", E: "0.3"},
        cash="1000",
        owns={C: "10"},  # worth 1000, of nobody who is followed
        signals=[a_signal("a"), a_signal("e", ETH)],
        account=an_account(reserve=Decimal(0), increment=Decimal("0.01")),
        instruments=[
            an_instrument(BTC, taker_fee="0.01"),
            an_instrument(ETH, taker_fee="0.01"),
        ],
    )
    draft = draft_plan(situation)
    scale = Decimal(1000) / (1800 * Decimal("1.0201"))
    assert orders(draft) == {
        BTC: f"+{(12 * scale).quantize(Decimal('0.001'), 'ROUND_DOWN')}",
        ETH: f"+{(60 * scale).quantize(Decimal('0.001'), 'ROUND_DOWN')}",
    }
    assert draft.intents[0].limit_price == Decimal(101)


def test_an_entry_too_small_for_the_venue_says_its_numbers() -> None:
    situation = a_situation(weights={A: "0.0003"}, signals=[a_signal("a")])
    reason = "3 USDT < minimum 5 (NOTIONAL_BELOW_MINIMUM)"
    assert decided(situation) == ("increase", {}, {"a": ("SKIPPED", reason)})


def test_an_entry_above_what_the_venue_takes_at_once_is_told() -> None:
    situation = a_situation(
        weights={A: "0.5"},
        signals=[a_signal("a")],
        instruments=[an_instrument(maximum_quantity="9"), an_instrument(ETH)],
    )
    reason = "50 BTC > maximum 9 (QUANTITY_ABOVE_MAXIMUM)"
    assert decided(situation) == ("increase", {}, {"a": ("SKIPPED", reason)})


def test_exits_come_first_and_the_entry_waits_unanswered() -> None:
    signals = [a_signal("a", state="flat"), a_signal("e", ETH)]
    weights, account = {A: "0.9", E: "0.9"}, an_account()
    before = a_situation(weights=weights, owns={A: "90"}, cash="1000", signals=signals)
    assert decided(before) == ("reduce", {BTC: "-90"}, {"a": ("PLANNED", "")})
    under_way = a_situation(
        weights=weights,
        owns={A: "90"},
        cash="1000",
        signals=signals[1:],
        busy=frozenset({BTC}),
        reducing=True,
        account=account,
    )
    assert decided(under_way) == ("increase", {}, {})
    afterwards = a_situation(weights=weights, cash="10000", signals=signals[1:])
    assert decided(afterwards) == ("increase", {ETH: "+900"}, {"e": ("PLANNED", "")})


@pytest.mark.parametrize(
    ("owned", "state", "step", "expected", "word"),
    [
        ("3", "flat", "reduce", {BTC: "-3"}, ("PLANNED", "")),
        (
            "3",
            "short",
            "reduce",
            {BTC: "-3"},
            ("PLANNED", "closed long, short denied (SHORT_NOT_ENABLED)"),
        ),
        (
            "0",
            "short",
            "increase",
            {},
            ("DENIED", "short denied, already flat (SHORT_NOT_ENABLED)"),
        ),
        ("0", "flat", "increase", {}, ("SKIPPED", "already flat")),
        (
            "0.04",
            "flat",
            "increase",
            {},
            ("SKIPPED", "0.04 BTC is below the venue's minimum: left as dust"),
        ),
        ("3", "long", "increase", {}, ("SKIPPED", "already long")),
    ],
)
def test_leaving_and_staying(
    owned: str, state: str, step: str, expected: dict[str, str], word: tuple[str, str]
) -> None:
    situation = a_situation(
        weights={A: "0.5"}, owns={A: owned}, signals=[a_signal("a", state=state)]
    )
    assert decided(situation) == (step, expected, {"a": word})


@pytest.mark.parametrize(
    ("owned", "ratio", "expected", "word"),
    [
        ("3", "0.5", {BTC: "-1.5"}, ("PLANNED", "")),
        ("3", "1.5", {BTC: "+1.5"}, ("PLANNED", "")),
        ("0.002", "1.5", {}, ("SKIPPED", "0.1 USDT < minimum 5 (NOTIONAL_BELOW_MINIMUM)")),
        ("0.06", "0.5", {}, ("SKIPPED", "3 USDT < minimum 5 (NOTIONAL_BELOW_MINIMUM)")),
        (None, "0.5", {}, ("SKIPPED", "holds nothing to reduce")),
        (None, "1.5", {}, ("SKIPPED", "holds nothing to add to")),
    ],
)
def test_partial_exits_and_additions(
    owned: str | None, ratio: str, expected: dict[str, str], word: tuple[str, str]
) -> None:
    situation = a_situation(
        weights={A: "0.5"},
        owns={} if owned is None else {A: owned},
        signals=[a_signal("a", size_ratio=Decimal(ratio))],
    )
    draft = draft_plan(situation)
    assert (orders(draft), words(draft)) == (expected, {"a": word})


def test_an_exit_sells_what_is_free_and_says_what_is_not() -> None:
    leave = [a_signal("a", state="flat")]
    weights = {A: "0.5"}
    part = draft_plan(
        a_situation(weights=weights, owns={A: "3"}, signals=leave, free={"BTC": Decimal(1)})
    )
    assert orders(part) == {BTC: "-1"}
    assert part.verdicts[0].quantity == 3  # so that its outcome is a partial one
    nothing = a_situation(weights=weights, owns={A: "3"}, signals=leave, free={})
    reason = "0 of 3 BTC are free at the venue: tried again later (BALANCE_NOT_FREE)"
    assert decided(nothing) == ("increase", {}, {"a": ("DENIED", reason)})


def test_boost_trims_the_holder_of_the_surplus_only_as_far_as_cash_needs() -> None:
    holder = Stance(strategy="a", symbol=BTC, state=DesiredState.LONG, surplus=True)
    other = Stance(strategy="b", symbol=BTC, state=DesiredState.LONG)
    weights = {A: "0.3", B: "0.2", C: "0.1", E: "0.38"}
    situation = a_situation(
        weights=weights,
        owns={A: "78", B: "20"},  # 30 % and the 48 % of the idle ones; 20 %
        cash="200",
        stances=[holder, other],
        signals=[a_signal("c")],
        account=an_account(policy="boost"),
    )
    draft = draft_plan(situation)
    # c is to get 1,000 of 10,000 and the reserve of 200 stays: 10 of the 48 above base are sold
    assert draft.step is Step.REDUCE
    assert draft.crosses[0].quantity == 10
    assert (draft.crosses[0].seller, draft.crosses[0].buyer) == ("a", "c")
    assert draft.intents == ()
    assert draft.raised_for == (a_signal("c").id,)


def test_boost_trims_nobody_below_the_base_nor_twice_for_one_entry() -> None:
    holder = Stance(strategy="a", symbol=BTC, state=DesiredState.LONG, surplus=True)
    entry = a_signal("e", ETH)
    usual: dict[str, Any] = {
        "weights": {A: "0.48", E: "0.5"},
        "owns": {A: "50"},
        "cash": "200",
        "account": an_account(policy="boost"),
        "signals": [entry],
    }
    situation = a_situation(**usual, stances=[holder])
    equity = equity_of(situation)
    sold = Decimal(orders(draft_plan(situation))[BTC])
    assert (50 + sold) * 100 >= Decimal("0.48") * equity > (50 + sold) * 100 - Decimal("0.2")
    again = AccountState(account="main", stances=(holder,), trimmed_for=(entry.id,))
    draft = draft_plan(a_situation(**usual, state=again))
    assert draft.step is Step.INCREASE
    assert all(intent.side is Side.BUY for intent in draft.intents)


def test_an_exit_under_boost_buys_nothing_unless_it_is_asked_for() -> None:
    def draft(*, reboost: bool) -> Draft:
        return draft_plan(
            a_situation(
                weights={A: "0.4", E: "0.5"},
                owns={A: "40"},
                cash="6000",
                account=an_account(policy="boost", reboost_on_exit=reboost),
            )
        )

    assert draft(reboost=False).is_empty
    assert orders(draft(reboost=True)) == {BTC: "+50"}  # 90 % of 10,000
    assert draft(reboost=True).stances[0].surplus


@pytest.mark.parametrize(
    ("band", "step", "expected"),
    [
        (None, "increase", {ETH: "+100"}),
        ("0.5", "increase", {ETH: "+100"}),
        ("0.1", "reduce", {BTC: "-10"}),
    ],
)
def test_others_are_resized_only_with_a_band(
    band: str | None, step: str, expected: dict[str, str]
) -> None:
    situation = a_situation(
        weights={A: "0.4", E: "0.1"},
        owns={A: "50"},
        cash="5000",
        account=an_account(rebalance_band=None if band is None else Decimal(band)),
        signals=[a_signal("e", ETH)],
    )
    draft = draft_plan(situation)
    assert (draft.step.value, orders(draft)) == (step, expected)


def test_opposite_wishes_cross_and_only_the_difference_is_sold() -> None:
    situation = a_situation(
        weights={A: "0.4", B: "0.2"},
        owns={A: "40"},
        cash="6000",
        signals=[a_signal("a", state="flat"), a_signal("b")],
    )
    draft = draft_plan(situation)
    assert orders(draft) == {BTC: "-20"}
    (cross,) = draft.crosses
    assert (cross.seller, cross.buyer, cross.quantity, cross.price) == ("a", "b", 20, 100)
    assert words(draft) == {"a": ("PLANNED", "")}
    assert (draft.verdicts[0].quantity, draft.verdicts[0].crossed) == (20, 20)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"halt": HaltLevel.NO_ENTRIES}, {}),
        ({"halt": HaltLevel.FLATTEN}, {BTC: "-9"}),
        ({"frozen": {BTC: "x"}, "halt": HaltLevel.FLATTEN}, {BTC: "-9"}),
        ({"busy": frozenset({BTC}), "halt": HaltLevel.FLATTEN}, {BTC: "-9"}),
        (
            {
                "busy": frozenset({BTC}),
                "selling": frozenset({BTC}),
                "halt": HaltLevel.FLATTEN,
            },
            {},
        ),
    ],
)
def test_halting_and_flattening_without_a_signal(
    changes: Mapping[str, Any], expected: dict[str, str]
) -> None:
    situation = a_situation(weights={A: "0.5"}, owns={A: "9"}, **changes)
    assert orders(draft_plan(situation)) == expected


def test_an_unfinished_exit_is_pursued_without_a_signal() -> None:
    left = Stance(strategy="a", symbol=BTC, state=DesiredState.FLAT)
    situation = a_situation(weights={A: "0.5"}, owns={A: "2"}, stances=[left])
    assert decided(situation) == ("reduce", {BTC: "-2"}, {})


def test_of_a_frozen_instrument_what_is_there_is_sold_and_nothing_is_bought() -> None:
    frozen = {BTC: "strategies own 3 BTC, the venue holds 2"}
    leaving = a_situation(
        weights={A: "0.5"},
        owns={A: "3"},
        signals=[a_signal("a", state="flat")],
        frozen=frozen,
        free={"BTC": Decimal(2), "USDT": Decimal(0)},
    )
    assert orders(draft_plan(leaving)) == {BTC: "-2"}
    entering = a_situation(weights={A: "0.5"}, signals=[a_signal("a")], frozen=frozen)
    assert words(draft_plan(entering))["a"][0] == "DENIED"


def test_what_the_venue_does_not_have_is_denied_and_what_has_no_price_waits() -> None:
    unknown = a_situation(
        weights={A: "0.5"}, signals=[a_signal("a")], instruments=[an_instrument(ETH)]
    )
    del unknown.prices[BTC]  # type: ignore[attr-defined]
    assert words(draft_plan(unknown))["a"] == (
        "DENIED",
        "virtual has no BTC/USDT (INSTRUMENT_UNKNOWN)",
    )
    priceless = a_situation(weights={A: "0.5"}, signals=[a_signal("a")])
    del priceless.prices[BTC]  # type: ignore[attr-defined]
    assert draft_plan(priceless).is_empty


def test_an_entry_that_never_sees_a_price_expires() -> None:
    situation = a_situation(
        weights={A: "0.5"}, signals=[a_signal("a")], now=NOON + timedelta(days=3)
    )
    del situation.prices[BTC]  # type: ignore[attr-defined]
    assert draft_plan(situation).verdicts[0].status is SignalStatus.EXPIRED


def test_minimums_of_a_sale_are_checked_on_the_netted_order() -> None:
    situation = a_situation(
        weights={A: "0.1", B: "0.1"},
        owns={A: "0.03", B: "0.03"},  # worth 3 each, 6 together, the minimum is 5
        signals=[a_signal("a", state="flat"), a_signal("b", state="flat")],
    )
    assert orders(draft_plan(situation)) == {BTC: "-0.06"}


@pytest.mark.parametrize(
    ("style", "kind", "force", "limit"),
    [
        (OrderStyle.MARKETABLE_LIMIT, OrderType.LIMIT, TimeInForce.IOC, "101"),
        (OrderStyle.LIMIT, OrderType.LIMIT, TimeInForce.GTC, "100"),
        (OrderStyle.MARKET, OrderType.MARKET, TimeInForce.IOC, "101"),
    ],
)
def test_order_styles(style: OrderStyle, kind: OrderType, force: TimeInForce, limit: str) -> None:
    account = an_account(order_style=style, increment=Decimal("0.01"))
    situation = a_situation(weights={A: "0.5"}, signals=[a_signal("a")], account=account)
    (order,) = draft_plan(situation).intents
    assert (order.type, order.time_in_force) == (kind, force)
    assert order.limit_price == Decimal(limit)


@pytest.mark.parametrize(("basis", "equity"), [(Basis.MARK, 10_500), (Basis.COST, 10_400)])
def test_equity_at_mark_or_at_cost(basis: Basis, equity: int) -> None:
    situation = a_situation(
        weights={A: "0.5"}, owns={A: "5"}, account=an_account(basis=basis), cash="10000"
    )
    cheaper = [
        type(h)(strategy="a", symbol=BTC, quantity=Decimal(5), cost=Decimal(400))
        for h in situation.portfolio.holdings
    ]
    books = replace(situation.portfolio, holdings=tuple(cheaper))
    assert equity_of(replace(situation, portfolio=books)) == equity
