"""One decision in all its parts: orders, crosses, words, stances, and what is remembered."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest

from chalicelib.domain.trading.account import Basis, HaltLevel
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.domain.trading.ledger import Holding
from chalicelib.domain.trading.plan import Stance, Trigger
from chalicelib.domain.trading.planning import draft_plan
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Signal, Size, SizeUnit
from chalicelib.domain.trading.situation import Draft, equity_of, slots_of
from tests.situations import BTC, ETH, NOON, a_signal, a_situation, an_account, an_instrument

A, B, C, E = ("a", BTC), ("b", BTC), ("c", BTC), ("e", ETH)
LONG, FLAT = DesiredState.LONG, DesiredState.FLAT
TODAY = date(2026, 3, 2)
LATER = NOON + timedelta(seconds=10)
Key = tuple[str, str]


def decided(weights: Mapping[Key, str], **changes: Any) -> Draft:
    holdings = changes.pop("holdings", None)
    situation = a_situation(weights=weights, **changes)
    if holdings is not None:
        situation = replace(
            situation, portfolio=replace(situation.portfolio, holdings=tuple(holdings))
        )
    return draft_plan(situation)


def moves(draft: Draft) -> dict[str, dict[str, str]]:
    """'+2' bought or '-2' sold, by symbol and strategy."""
    return {
        i.symbol: {
            s.strategy: f"{'+' if i.side is Side.BUY else '-'}{s.quantity.normalize():f}"
            for s in i.shares
        }
        for i in draft.intents
    }


def words(draft: Draft) -> dict[str, tuple[str, str]]:
    """Status and reason by signal."""
    return {v.signal_id: (v.status.value, v.reason) for v in draft.verdicts}


def promises(draft: Draft) -> dict[str, tuple[str, str, str]]:
    """What the orders will make of a signal: success, ordered, crossed."""
    return {
        v.signal_id: (v.success.value, str(v.quantity.normalize()), str(v.crossed.normalize()))
        for v in draft.verdicts
        if v.status == "PLANNED"
    }


def stance(key: Key = A, state: DesiredState = FLAT, **changes: Any) -> Stance:
    return Stance(strategy=key[0], symbol=key[1], state=state, **changes)


def signal(key: Key = A, state: str = "long", **changes: Any) -> Signal:
    return a_signal(key[0], key[1], state, **{"id": key[0], **changes})


# --- stances --------------------------------------------------------------------------------


def test_an_entry_takes_its_stance_with_all_that_belongs_to_it() -> None:
    before = stance(
        applied_at=NOON - timedelta(1),
        signal_id="old",
        grows_from=Decimal(3),
        orders_on=TODAY,
        orders_today=2,
        realized_before=Decimal(10),
        losses=2,
        left_by="an earlier stop",
        stop_refused="no",
    )
    draft = decided(
        {A: "0.5"},
        stances=[before],
        holdings=[Holding(strategy="a", symbol=BTC, realized=Decimal(4))],
        subscription={"max_orders_per_day": 9},
        signals=[signal(stop_loss=Decimal(90), take_profit=Decimal(120), previous_state=LONG)],
    )
    assert draft.stances == (
        stance(
            state=LONG,
            applied_at=NOON,
            signal_id="a",
            orders_on=TODAY,
            orders_today=3,
            realized_before=Decimal(4),
            losses=3,
            stop_loss=Decimal(90),
            take_profit=Decimal(120),
        ),
    )
    assert moves(draft) == {BTC: {"a": "+50"}}
    assert promises(draft) == {"a": ("EXECUTED", "5E+1", "0")}
    assert (draft.step.value, draft.equity) == ("increase", 10000)


def test_an_entry_is_protected_by_its_strategys_fractions_of_the_price() -> None:
    situation = a_situation(weights={A: "0.5"}, signals=[signal()])
    known = situation.configuration.strategies["a"]
    protected = replace(known, stop_loss=Decimal("0.1"), take_profit=Decimal("0.2"))
    configuration = replace(situation.configuration, strategies={"a": protected})
    [taken] = draft_plan(replace(situation, configuration=configuration)).stances
    assert (taken.stop_loss, taken.take_profit) == (Decimal(90), Decimal(120))


def test_who_has_lost_too_much_of_the_equity_today_buys_nothing() -> None:
    lost = Holding(strategy="a", symbol=BTC, realized_on=TODAY, realized_today=Decimal(-200))
    terms = {"holdings": [lost], "signals": [signal()]}
    stopped = decided({A: "0.5"}, **terms, subscription={"daily_loss_stop": Decimal("0.02")})
    assert (moves(stopped), words(stopped)["a"][0]) == ({}, "DENIED")
    spared = decided({A: "0.5"}, **terms, subscription={"daily_loss_stop": Decimal("0.0201")})
    assert moves(spared) == {BTC: {"a": "+50"}}


def test_an_exit_takes_its_stance_and_forgets_what_protected() -> None:
    before = stance(
        state=LONG,
        surplus=True,
        orders_on=TODAY - timedelta(1),
        orders_today=7,
        realized_before=Decimal(10),
        losses=2,
        stop_loss=Decimal(50),
        take_profit=Decimal(500),
    )
    draft = decided(
        {A: "0.5"},
        stances=[before],
        owns={A: "3"},
        subscription={"max_orders_per_day": 9},
        signals=[signal(state="flat", previous_state=LONG)],
    )
    assert draft.stances == (
        stance(
            applied_at=NOON,
            signal_id="a",
            orders_on=TODAY,
            orders_today=1,
            realized_before=Decimal(10),
            losses=2,
        ),
    )
    assert moves(draft) == {BTC: {"a": "-3"}}
    assert promises(draft) == {"a": ("EXECUTED", "3", "0")}
    assert (draft.step.value, draft.intents[0].because) == ("reduce", "")
    assert draft.equity == 10300


@pytest.mark.parametrize(
    ("state", "previous", "stepped"),
    [
        (FLAT, None, False),
        (FLAT, FLAT, False),
        (FLAT, DesiredState.SHORT, False),
        (FLAT, LONG, True),
        (LONG, LONG, False),
        (LONG, FLAT, True),
        (LONG, DesiredState.SHORT, True),
    ],
)
@pytest.mark.parametrize("halt", [HaltLevel.NONE, HaltLevel.NO_ENTRIES])
def test_a_signal_from_a_position_we_never_saw_steps_over_one(
    state: DesiredState, previous: DesiredState | None, halt: HaltLevel, *, stepped: bool
) -> None:
    owns = {A: "3"} if state is LONG else {}
    draft = decided(
        {A: "0.5"},
        stances=[stance(state=state)],
        owns=owns,
        halt=halt,
        signals=[signal(previous_state=previous)],
    )
    [after] = draft.stances
    assert after.stepped_over is stepped
    assert (after.applied_at, after.signal_id) == (NOON, "a")


def test_a_refused_entry_is_applied_in_name_only() -> None:
    before = stance(
        orders_on=TODAY, orders_today=2, losses=1, grows_from=Decimal(1), left_by="its stop"
    )
    draft = decided({A: "0.5"}, stances=[before], subscription={"paused": True}, signals=[signal()])
    assert draft.stances == (replace(before, applied_at=NOON, signal_id="a", grows_from=None),)
    assert words(draft) == {"a": ("SKIPPED", "a is paused on main (STRATEGY_PAUSED)")}


def test_orders_are_counted_only_where_they_are_capped_and_once_a_day() -> None:
    held = stance(state=LONG, orders_on=TODAY, orders_today=2)
    leave = {"owns": {A: "3"}, "stances": [held], "signals": [signal(state="flat")]}
    assert decided({A: "0.5"}, **leave).stances[0].orders_today == 2
    capped = decided({A: "0.5"}, **leave, subscription={"max_orders_per_day": 1})
    assert (capped.stances[0].orders_today, capped.stances[0].orders_on) == (3, TODAY)
    entered = decided({A: "0.5"}, signals=[signal()], subscription={"max_orders_per_day": 1})
    assert (entered.stances[0].orders_today, entered.stances[0].orders_on) == (1, TODAY)
    dust = decided(
        {A: "0.5"},
        owns={A: "0.01"},
        signals=[signal(state="flat")],
        subscription={"max_orders_per_day": 1},
    )
    assert dust.stances[0].orders_today == 0


# --- protecting prices ----------------------------------------------------------------------


def test_who_leaves_by_itself_says_so_and_the_order_says_why() -> None:
    reached: dict[str, Any] = {"state": LONG, "stop_loss": Decimal(100), "surplus": True}
    draft = decided(
        {A: "0.2", B: "0.2", C: "0.2"},
        owns={A: "1", B: "2", C: "3"},
        stances=[stance(A, **reached), stance(B, **reached), stance(C, LONG)],
        signals=[signal(C, "flat")],
    )
    why = "price 100 has reached 100 (STOP_LOSS_HIT)"
    assert draft.triggers == tuple(
        Trigger(
            strategy=name,
            symbol=BTC,
            code="STOP_LOSS_HIT",
            level=Decimal(100),
            price=Decimal(100),
        )
        for name in "ab"
    )
    assert moves(draft) == {BTC: {"a": "-1", "b": "-2", "c": "-3"}}
    assert draft.intents[0].because == f"a: {why}; b: {why}"
    assert {s.strategy: (s.state, s.left_by, s.surplus) for s in draft.stances} == {
        "a": (FLAT, why, False),
        "b": (FLAT, why, False),
        "c": (FLAT, "", False),
    }


def test_a_protecting_price_is_written_down_where_there_is_only_dust_left_to_sell() -> None:
    reached = stance(state=LONG, stop_loss=Decimal(100))
    draft = decided({A: "0.2"}, owns={A: "0.01"}, stances=[reached])
    assert (draft.intents, draft.crosses, draft.verdicts) == ((), (), ())
    assert [(s.state, s.left_by) for s in draft.stances] == [
        (FLAT, "price 100 has reached 100 (STOP_LOSS_HIT)")
    ]
    assert not draft.is_empty


@pytest.mark.parametrize(
    ("state", "triggered", "said"),
    [
        (None, True, {}),
        ("long", True, {}),  # looked at again once it is out
        ("flat", False, {"a": ("PLANNED", "")}),
        ("short", False, {"a": ("PLANNED", "closed long, short denied (SHORT_NOT_ENABLED)")}),
    ],
)
def test_an_alert_to_leave_goes_before_a_protecting_price(
    state: str | None, said: dict[str, tuple[str, str]], *, triggered: bool
) -> None:
    draft = decided(
        {A: "0.2"},
        owns={A: "1"},
        stances=[stance(state=LONG, take_profit=Decimal(99))],
        signals=[] if state is None else [signal(state=state)],
    )
    assert bool(draft.triggers) is triggered
    assert words(draft) == said
    assert moves(draft) == {BTC: {"a": "-1"}}


def test_a_short_is_half_denied_where_there_was_something_to_close() -> None:
    draft = decided({A: "0.2"}, owns={A: "1"}, signals=[signal(state="short")])
    assert promises(draft) == {"a": ("PARTIALLY_EXECUTED", "1", "0")}
    assert draft.stances[0].state is DesiredState.SHORT


def test_an_entry_under_a_level_that_would_sell_it_is_denied() -> None:
    draft = decided({A: "0.2"}, signals=[signal(stop_loss=Decimal(100))])
    assert words(draft) == {
        "a": ("DENIED", "stop_loss 100 is not below the price 100 (STOP_LOSS_ABOVE_PRICE)")
    }


def test_after_leaving_by_itself_an_exit_finds_it_flat() -> None:
    left = stance(left_by="its stop sold")
    draft = decided({A: "0.2"}, stances=[left], signals=[signal(state="flat")])
    assert words(draft) == {"a": ("SKIPPED", "already flat: its stop sold")}
    flat = decided({A: "0.2"}, signals=[signal(state="flat")])
    assert words(flat) == {"a": ("SKIPPED", "already flat")}
    short = decided({A: "0.2"}, signals=[signal(state="short")])
    assert words(short) == {"a": ("DENIED", "short denied, already flat (SHORT_NOT_ENABLED)")}


# --- what is not bought ---------------------------------------------------------------------

LEAVE_AND_RETURN = [signal(state="flat", id="out"), signal(at=LATER, id="in")]


def test_who_is_followed_no_more_only_leaves() -> None:
    gone = {("gone", BTC): "2"}
    back = [replace(s, strategy="gone") for s in LEAVE_AND_RETURN]
    draft = decided({A: "0.5"}, owns=gone, signals=back)
    assert words(draft) == {
        "in": ("SKIPPED", "not followed any more: exits only"),
        "out": ("PLANNED", ""),
    }
    assert moves(draft) == {BTC: {"gone": "-2"}}
    lost = decided({A: "0.5"}, signals=[signal(), a_signal("gone", id="x")])
    assert words(lost)["x"] == ("SKIPPED", "not followed any more, nothing is held")


def test_an_entry_that_is_refused_leaves_the_exit_before_it_standing() -> None:
    draft = decided({A: "0.5"}, owns={A: "2"}, signals=LEAVE_AND_RETURN, halt=HaltLevel.NO_ENTRIES)
    assert words(draft)["in"][0] == "DENIED"
    assert words(draft)["out"] == ("PLANNED", "")
    assert moves(draft) == {BTC: {"a": "-2"}}
    assert draft.stances[0].signal_id == "in"


def test_an_entry_that_waits_for_the_owner_leaves_the_exit_before_it_standing() -> None:
    terms = {"subscription": {"approval": True}, "owns": {A: "2"}}
    draft = decided({A: "0.5"}, signals=LEAVE_AND_RETURN, **terms)
    assert words(draft) == {"out": ("PLANNED", "")}
    assert draft.stances[0].signal_id == "out"
    said_yes = [LEAVE_AND_RETURN[0], replace(LEAVE_AND_RETURN[1], approved=True)]
    assert words(decided({A: "0.5"}, signals=said_yes, **terms)) == {
        "out": ("SUPERSEDED", "overtaken by long of in"),
        "in": ("SKIPPED", "already long"),
    }
    another = decided(
        {A: "0.4", B: "0.4"}, **terms, signals=[signal(("0", BTC), id="lost"), *said_yes]
    )
    assert set(words(another)) == {"lost", "out", "in"}


def test_while_an_order_is_under_way_only_the_exit_is_heeded() -> None:
    busy = frozenset({BTC})
    draft = decided({A: "0.5"}, owns={A: "2"}, signals=LEAVE_AND_RETURN, busy=busy)
    assert words(draft) == {"out": ("PLANNED", "")}
    entry = decided({A: "0.5"}, signals=[signal()], busy=busy)
    assert entry.is_empty
    # its own purchase may be what is under way
    leaving = decided({A: "0.5"}, signals=[signal(state="flat")], busy=busy)
    assert leaving.is_empty
    some = decided({A: "0.5"}, owns={A: "0.5"}, signals=[signal(state="flat")], busy=busy)
    assert moves(some) == {BTC: {"a": "-0.5"}}


def test_what_is_being_sold_is_left_alone() -> None:
    draft = decided(
        {A: "0.5"}, owns={A: "2"}, signals=[signal(state="flat")], selling=frozenset({BTC})
    )
    assert draft.is_empty


def test_what_the_venue_does_not_have_is_denied_and_without_a_price_it_waits_until_too_late() -> (
    None
):
    unknown = signal(("a", "XRP/USDT"))
    assert words(decided({A: "0.5"}, signals=[unknown])) == {
        "a": ("DENIED", "virtual has no XRP/USDT (INSTRUMENT_UNKNOWN)")
    }
    for seconds, said in (
        (3600, {}),
        (3601, {"a": ("EXPIRED", "no price for ETH/USDT while it was in time (PRICE_UNKNOWN)")}),
    ):
        draft = decided(
            {A: "0.5"},
            signals=[signal(("a", ETH))],
            prices={BTC: "100"},
            instruments=[an_instrument(BTC), an_instrument(ETH)],
            now=NOON + timedelta(seconds=seconds),
        )
        assert words(draft) == said
    exit_waits = decided(
        {A: "0.5"},
        signals=[signal(("a", ETH), "flat")],
        prices={BTC: "100"},
        instruments=[an_instrument(BTC), an_instrument(ETH)],
        now=NOON + timedelta(hours=9),
    )
    assert exit_waits.is_empty


def test_what_cannot_be_sized_is_denied_and_remembered() -> None:
    draft = decided({A: "0.5"}, account=an_account(policy="risk_per_trade"), signals=[signal()])
    assert words(draft) == {"a": ("DENIED", "cannot be sized (STOP_LOSS_MISSING)")}
    assert draft.stances == (stance(applied_at=NOON, signal_id="a"),)
    sized = decided(
        {A: "0.5"},
        account=an_account(policy="risk_per_trade", risk_per_trade=Decimal("0.02")),
        signals=[signal(stop_loss=Decimal(90))],
    )
    assert moves(sized) == {BTC: {"a": "+20"}}


def test_every_policy_gets_what_it_sizes_by() -> None:
    wanted = Size(amount=Decimal(7), unit=SizeUnit.QUANTITY)
    draft = decided(
        {A: "0.5"}, account=an_account(policy="signal_sized"), signals=[signal(size=wanted)]
    )
    assert moves(draft) == {BTC: {"a": "+7"}}
    moving = {BTC: Decimal("0.02"), ETH: Decimal("0.06")}
    steady = decided(
        {A: "0.1", E: "0.1"},
        account=an_account(policy="inverse_volatility", reserve=Decimal(0)),
        signals=[signal(A), signal(E)],
        volatilities=moving,
    )
    assert moves(steady) == {BTC: {"a": "+75"}, ETH: {"e": "+250"}}


# --- sizes ----------------------------------------------------------------------------------


def test_the_later_half_of_an_entry_is_its_ratio_and_what_is_owned_counts() -> None:
    half = [signal(id="1"), signal(at=LATER, id="2", size_ratio=Decimal("0.5"))]
    assert moves(decided({A: "0.5"}, signals=half)) == {BTC: {"a": "+25"}}
    dust = decided({A: "0.5"}, owns={A: "0.04"}, stances=[], signals=[signal()])
    assert moves(dust) == {BTC: {"a": "+49.98"}}


@pytest.mark.parametrize(
    ("changes", "bought"),
    [
        ({"owns": {A: "10"}}, "+5"),
        ({"owns": {A: "10"}, "stances": [stance(state=LONG, grows_from=Decimal(8))]}, "+2"),
    ],
)
def test_an_addition_counts_from_what_was_owned_when_it_came(
    changes: dict[str, Any], bought: str
) -> None:
    more = signal(size_ratio=Decimal("1.5"))
    draft = decided({A: "0.5"}, signals=[more], **changes)
    assert moves(draft) == {BTC: {"a": bought}}
    assert draft.stances[0].grows_from is None


def test_an_addition_is_no_entry_to_its_policy() -> None:
    more: dict[str, Any] = {"owns": {A: "10"}, "signals": [signal(size_ratio=Decimal("1.5"))]}
    by_risk = decided({A: "0.5"}, **more, account=an_account(policy="risk_per_trade"))
    assert (moves(by_risk), words(by_risk)) == ({BTC: {"a": "+5"}}, {"a": ("PLANNED", "")})
    boosted = decided({A: "0.5", E: "0.2"}, **more, account=an_account(policy="boost"))
    assert moves(boosted) == {BTC: {"a": "+5"}}
    assert not boosted.stances[0].surplus


def test_an_entry_without_a_weight_buys_nothing() -> None:
    assert words(decided({A: "0"}, signals=[signal()])) == {"a": ("SKIPPED", "nothing to buy")}


def test_an_addition_to_nothing_and_a_reduction_of_nothing() -> None:
    more, less = signal(size_ratio=Decimal("1.5")), signal(size_ratio=Decimal("0.5"))
    assert words(decided({A: "0.5"}, signals=[more])) == {
        "a": ("SKIPPED", "holds nothing to add to")
    }
    nothing = decided({A: "0.5"}, signals=[less])
    assert words(nothing) == {"a": ("SKIPPED", "holds nothing to reduce")}
    assert nothing.stances == ()


@pytest.mark.parametrize(
    ("ratio", "owned", "minimum", "said"),
    [
        ("0.5", "2", None, ("PLANNED", "")),
        ("0.5", "0.09", None, ("SKIPPED", "4.5 USDT < minimum 5 (NOTIONAL_BELOW_MINIMUM)")),
        ("0.5", "2", "1.5", ("SKIPPED", "1 BTC < minimum 1.5 (QUANTITY_BELOW_MINIMUM)")),
        ("1", "2", None, ("SKIPPED", "already long")),
    ],
)
def test_a_reduction_is_sold_or_said_to_be_too_small(
    ratio: str, owned: str, minimum: str | None, said: tuple[str, str]
) -> None:
    draft = decided(
        {A: "0.5"},
        owns={A: owned},
        signals=[signal(size_ratio=Decimal(ratio))],
        instruments=[an_instrument(BTC, minimum_quantity=minimum or "0"), an_instrument(ETH)],
    )
    assert words(draft) == {"a": said}
    assert draft.stances[0].state is LONG
    assert moves(draft) == ({BTC: {"a": "-1"}} if said[0] == "PLANNED" else {})


def test_a_reduction_while_all_is_flattened_goes_with_the_rest() -> None:
    draft = decided(
        {A: "0.5"},
        owns={A: "4"},
        signals=[signal(size_ratio=Decimal("0.5"))],
        halt=HaltLevel.FLATTEN,
    )
    assert moves(draft) == {BTC: {"a": "-4"}}
    assert promises(draft) == {"a": ("EXECUTED", "4", "0")}
    assert draft.stances[0].state is FLAT


def test_flattening_is_leaving_without_an_alert_for_all_that_can_be_sold() -> None:
    draft = decided(
        {A: "0.5", E: "0.5"},
        owns={A: "4", E: "0.1"},
        stances=[stance(A, LONG, surplus=True), stance(E, LONG)],
        halt=HaltLevel.FLATTEN,
    )
    assert moves(draft) == {BTC: {"a": "-4"}}
    assert draft.stances == (stance(A), stance(E))


def test_an_exit_that_did_not_complete_is_pursued() -> None:
    draft = decided({A: "0.5", E: "0.5"}, owns={A: "4", E: "1"}, stances=[stance(E, LONG)])
    assert moves(draft) == {BTC: {"a": "-4"}}
    assert draft.verdicts == ()


@pytest.mark.parametrize(
    ("state", "owned", "free", "said"),
    [
        ("flat", "0.04", None, ("SKIPPED", "0.04 BTC is below the venue's minimum: left as dust")),
        (
            "short",
            "0.04",
            None,
            (
                "DENIED",
                "short denied (SHORT_NOT_ENABLED); 0.04 BTC is below the venue's minimum: "
                "left as dust",
            ),
        ),
        (
            "flat",
            "2",
            "0.01",
            (
                "DENIED",
                "0.01 of 2 BTC are free at the venue: tried again later (BALANCE_NOT_FREE)",
            ),
        ),
        ("flat", "2", "1.5", ("PLANNED", "")),
    ],
)
def test_an_exit_beside_another_one_gets_its_own_word(
    state: str, owned: str, free: str | None, said: tuple[str, str]
) -> None:
    there = {"BTC": Decimal(free or owned), "ETH": Decimal(5), "USDT": Decimal(0)}
    draft = decided(
        {A: "0.2", E: "0.2"},
        owns={A: owned, E: "5"},
        signals=[signal(A, state), signal(E, "flat")],
        free=there,
    )
    assert words(draft) == {"a": said, "e": ("PLANNED", "")}


# --- inside the account ---------------------------------------------------------------------


def test_what_one_sells_another_takes_over_and_the_rest_is_ordered() -> None:
    draft = decided(
        {A: "0.2", B: "0.3"},
        cash="9000",
        owns={A: "40"},
        signals=[signal(A, "flat"), signal(B)],
    )
    # equity 13,000: b wants 39 of the 40
    [cross] = draft.crosses
    assert (cross.seller, cross.buyer, cross.quantity, cross.price) == ("a", "b", 39, 100)
    assert moves(draft) == {BTC: {"a": "-1"}}
    assert promises(draft) == {"a": ("EXECUTED", "1", "39")}
    taken = decided({B: "0.3"}, cash="9100", owns={B: "39"}, stances=[], signals=[signal(B)])
    assert words(taken) == {"b": ("EXECUTED", "taken over inside the account")}
    assert (taken.stances[0].state, taken.stances[0].surplus) == (LONG, False)
    first = decided(
        {B: "0.3"},
        cash="9100",
        owns={B: "39"},
        stances=[],
        account=an_account(policy="boost"),
        signals=[signal(B)],
    )
    assert words(first) == words(taken)
    assert first.stances[0].surplus


def test_an_addition_that_a_cross_served_in_part_remembers_what_it_grew_from() -> None:
    draft = decided(
        {A: "0.2", B: "0.3"},
        owns={A: "4", B: "10"},
        signals=[signal(A, "flat"), signal(B, size_ratio=Decimal(2))],
    )
    assert [(c.buyer, c.quantity) for c in draft.crosses] == [("b", 4)]
    assert {s.strategy: s.grows_from for s in draft.stances} == {"a": None, "b": Decimal(10)}
    again = decided(
        {A: "0.2", B: "0.3"},
        owns={A: "4", B: "12"},
        stances=[stance(A, LONG), stance(B, LONG, grows_from=Decimal(9))],
        signals=[signal(A, "flat"), signal(B, size_ratio=Decimal(2))],
    )
    assert [(c.buyer, c.quantity) for c in again.crosses] == [("b", 4)]
    assert [s.strategy for s in again.stances] == ["a"]
    done = decided(
        {B: "0.3"},
        owns={B: "20"},
        stances=[stance(B, LONG, grows_from=Decimal(10))],
        signals=[signal(B, size_ratio=Decimal(2))],
    )
    assert words(done) == {"b": ("EXECUTED", "taken over inside the account")}
    entered = decided(
        {A: "0.2", B: "0.3"},
        owns={A: "4"},
        signals=[signal(A, "flat"), signal(B)],
    )
    assert [s.strategy for s in entered.stances] == ["a"]


# --- limits ---------------------------------------------------------------------------------


def test_an_order_is_capped_in_quote() -> None:
    draft = decided(
        {A: "0.5"}, subscription={"max_order_notional": Decimal(750)}, signals=[signal()]
    )
    assert moves(draft) == {BTC: {"a": "+7.5"}}
    small = decided(
        {A: "0.05"}, subscription={"max_order_notional": Decimal(750)}, signals=[signal()]
    )
    assert moves(small) == {BTC: {"a": "+5"}}


def test_a_coin_beyond_its_part_of_the_equity_is_cut_or_refused() -> None:
    exposed = an_account(max_exposure_per_coin=Decimal("0.3"))
    draft = decided({A: "0.5", E: "0.2"}, account=exposed, signals=[signal(A), signal(E)])
    assert moves(draft) == {BTC: {"a": "+30"}, ETH: {"e": "+200"}}
    assert words(draft) == {
        "a": ("PLANNED", "cut to 30.00% of equity in BTC (EXPOSURE_CUT)"),
        "e": ("PLANNED", ""),
    }
    full = decided(
        {A: "0.5", B: "0.2"},
        cash="7000",
        owns={B: "30"},
        account=exposed,
        signals=[signal(A)],
    )
    assert words(full) == {
        "a": (
            "DENIED",
            "BTC may be 30.00% of equity at most, which leaves no room for more "
            "(EXPOSURE_EXCEEDED)",
        )
    }
    poor = decided(
        {A: "0.5", E: "0.00001"}, account=exposed, signals=[signal(A, state="flat"), signal(E)]
    )
    assert words(poor)["e"] == ("SKIPPED", "0.1 USDT < minimum 5 (NOTIONAL_BELOW_MINIMUM)")


def test_positions_are_limited_to_those_who_asked_first() -> None:
    limited = an_account(max_open_positions=2)
    draft = decided(
        {A: "0.1", B: "0.1", C: "0.1", E: "0.1"},
        owns={E: "10"},
        account=limited,
        signals=[signal(A, at=LATER), signal(B), signal(C)],
    )
    sentence = "2 positions are open, at most 2 may be (OPEN_POSITIONS_EXCEEDED)"
    assert words(draft) == {
        "a": ("DENIED", sentence),
        "b": ("PLANNED", ""),
        "c": ("DENIED", sentence),
    }
    more = decided(
        {A: "0.1", B: "0.1", C: "0.1", E: "0.1"},
        owns={E: "10", C: "1", B: "1"},
        account=limited,
        signals=[signal(A)],
    )
    assert words(more)["a"][1].startswith("3 positions are open, at most 2 may be")


def test_what_is_on_its_way_out_makes_room_for_another() -> None:
    limited = an_account(max_open_positions=1)
    leaving = decided(
        {A: "0.1", E: "0.1"},
        owns={E: "10"},
        account=limited,
        signals=[signal(A), signal(E, "flat")],
    )
    assert words(leaving) == {"e": ("PLANNED", "")}
    halving = decided(
        {A: "0.1", E: "0.1"},
        owns={E: "10"},
        account=limited,
        signals=[signal(A), signal(E, size_ratio=Decimal("0.5"))],
    )
    assert words(halving)["a"][0] == "DENIED"
    being_sold = {
        "owns": {E: "10"},
        "account": limited,
        "stances": [stance(E)],
        "signals": [signal(A)],
        "selling": frozenset({ETH}),
    }
    assert words(decided({A: "0.1", E: "0.1"}, **being_sold, reducing=True)) == {}
    assert words(decided({A: "0.1", E: "0.1"}, **being_sold))["a"][0] == "DENIED"
    on_its_way_in = decided(
        {A: "0.1", E: "0.1"}, stances=[stance(E, LONG)], account=limited, signals=[signal(A)]
    )
    assert words(on_its_way_in)["a"][0] == "DENIED"
    dust = decided(
        {A: "0.1", E: "0.1"},
        owns={E: "0.1"},
        stances=[stance(E)],
        account=limited,
        signals=[signal(A)],
    )
    assert words(dust)["a"][0] == "PLANNED"


def test_while_reductions_are_under_way_purchases_wait_and_words_do_not() -> None:
    draft = decided({A: "0.5", E: "0.2"}, signals=[signal(A), signal(E, "flat")], reducing=True)
    assert draft == Draft(
        step=draft.step,
        equity=Decimal(10000),
        verdicts=draft.verdicts,
        stances=(stance(E, applied_at=NOON, signal_id="e"),),
    )
    assert draft.step.value == "increase"
    assert words(draft) == {"e": ("SKIPPED", "already flat")}


@pytest.mark.parametrize(
    ("cash", "reserve", "bought"),
    [("1000", "0.02", "+9.8"), ("1000", "0", "+10"), ("90", "0.02", "+0.882")],
)
def test_purchases_are_made_on_the_cash_that_is_there(cash: str, reserve: str, bought: str) -> None:
    account = an_account(reserve=Decimal(reserve))
    draft = decided({A: "1"}, cash=cash, account=account, signals=[signal()])
    assert moves(draft) == {BTC: {"a": bought}}


def test_what_open_purchases_may_take_and_what_is_not_free_is_not_spent() -> None:
    account = an_account(reserve=Decimal(0))
    common: dict[str, Any] = {"account": account, "signals": [signal()], "cash": "1000"}
    assert moves(decided({A: "1"}, **common, committed=Decimal(300))) == {BTC: {"a": "+7"}}
    short = {"USDT": Decimal(250)}
    assert moves(decided({A: "1"}, **common, free=short)) == {BTC: {"a": "+2.5"}}
    nothing = decided({A: "1"}, **common, free={})
    assert words(nothing) == {
        "a": ("SKIPPED", "cash is short: 0 USDT left for it < minimum 5 (CASH_SHORT)")
    }
    assert nothing.stances == (stance(applied_at=NOON, signal_id="a"),)


# --- those who follow -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owned", "moved"),
    [
        ("24", {}),  # a tenth of 20: at 22 nothing, beyond it the rest
        ("26", {BTC: {"b": "-6"}}),
        ("15", {BTC: {"b": "+5"}}),
        ("16", {}),
    ],
)
def test_beyond_its_band_a_holding_follows_its_target(
    owned: str, moved: dict[str, dict[str, str]]
) -> None:
    cash = str(10000 - 100 * int(owned))
    draft = decided(
        {A: "0.1", B: "0.2"},
        cash=cash,
        owns={B: owned},
        account=an_account(rebalance_band=Decimal("0.2")),
        signals=[signal(A, "flat")],
    )
    assert moves(draft) == moved


def test_a_holding_does_not_follow_where_it_must_not() -> None:
    common: dict[str, Any] = {
        "cash": "8500",
        "owns": {B: "15"},
        "account": an_account(rebalance_band=Decimal("0.1")),
        "signals": [signal(E, "flat")],
    }
    weights = {B: "0.2", E: "0.1"}
    assert moves(decided(weights, **common)) == {BTC: {"b": "+5"}}
    assert moves(decided(weights, **common, busy=frozenset({BTC}))) == {}
    assert moves(decided(weights, **common, frozen={BTC: "x"})) == {}
    assert moves(decided(weights, **common, halt=HaltLevel.NO_ENTRIES)) == {}
    assert moves(decided(weights, **common, releasing=frozenset({B}))) == {}
    assert moves(decided(weights, **{**common, "signals": []})) == {}
    assert moves(decided({B: "0.1503", E: "0.1"}, **common)) == {}
    assert moves(
        decided(
            {B: "0.155", E: "0.1"},
            **{**common, "account": an_account(rebalance_band=Decimal("0.02"))},
        )
    ) == {BTC: {"b": "+0.5"}}
    much: dict[str, Any] = {**common, "cash": "7000", "owns": {B: "30"}}
    assert moves(decided(weights, **much)) == {BTC: {"b": "-10"}}
    assert moves(decided(weights, **much, halt=HaltLevel.NO_ENTRIES)) == {}
    nothing: dict[str, Any] = {**common, "owns": {}, "stances": [stance(B, LONG)]}
    assert moves(decided(weights, **nothing)) == {}


BOOST: dict[str, Any] = {"policy": "boost", "reserve": Decimal("0.05")}


def test_boost_trims_the_holder_of_the_surplus_to_its_base_for_an_entry() -> None:
    held = stance(A, LONG, surplus=True)
    draft = decided(
        {A: "0.2", E: "0.75"},
        cash="500",
        owns={A: "95"},
        stances=[held],
        account=an_account(**BOOST),
        signals=[signal(E)],
    )
    # 7,500 wanted, 500 is there of which 500 stays: 7,500 are raised
    assert moves(draft) == {BTC: {"a": "-75"}}
    assert draft.raised_for == ("e",)
    assert (draft.stances, draft.verdicts) == ((), ())


def test_the_cash_to_raise_counts_fees_and_the_worst_prices_accepted() -> None:
    draft = decided(
        {A: "0.2", E: "0.5", C: "0.25"},
        cash="500",
        owns={A: "80", C: "15"},
        stances=[stance(A, LONG, surplus=True), stance(C, LONG)],
        account=an_account(**BOOST, increment=Decimal("0.01")),
        instruments=[an_instrument(BTC, taker_fee="0.002"), an_instrument(ETH, taker_fee="0.002")],
        signals=[signal(E), signal(C, size_ratio=Decimal("0.5"))],
    )
    # e costs 5,000 at 1 % more and the fee; half of c brings 750 less both; 500 of 500 stay
    raised = Decimal(5000) * Decimal("1.01") * Decimal("1.002")
    raised -= Decimal(750) * Decimal("0.99") * Decimal("0.998")
    sold = (raised / 100).quantize(Decimal("0.001"), ROUND_DOWN)
    assert moves(draft) == {BTC: {"a": f"-{sold.normalize():f}", "c": "-7.5"}}


def test_a_holder_keeps_its_base_however_much_is_lacking() -> None:
    draft = decided(
        {A: "0.2", E: "0.5", C: "0.25"},
        cash="500",
        owns={A: "35", C: "60"},  # c has grown to 60 %, and holds no surplus that it could give up
        stances=[stance(A, LONG, surplus=True), stance(C, LONG)],
        account=an_account(**BOOST),
        signals=[signal(E)],
    )
    # e lacks 5,000; what a has above its 20 % of 10,000 is 1,500
    assert moves(draft) == {BTC: {"a": "-15"}}


def test_who_holds_no_surplus_is_passed_over_and_as_little_as_the_venue_takes_is_raised() -> None:
    weights = {A: "0.1", B: "0.1", E: "0.75"}
    common: dict[str, Any] = {
        "cash": "9996",
        "owns": {A: "5", B: "20"},
        "stances": [stance(A, LONG), stance(B, LONG, surplus=True)],
        "signals": [signal(E)],
        "account": an_account(**BOOST),
    }
    # of 12,496 e gets 9,372, 624.80 stay, and 9,996 are there: 0.80 is lacking
    raised = decided(weights, **common, instruments=[cheap(BTC), cheap(ETH)])
    assert moves(raised) == {BTC: {"b": "-0.008"}}
    assert decided(weights, **common).step.value == "increase"


def cheap(symbol: str) -> Instrument:
    return an_instrument(symbol, minimum_notional="0.5")


def test_of_equal_weights_the_higher_priority_takes_the_surplus() -> None:
    situation = a_situation(
        weights={A: "0.35", E: "0.35", B: "0.25"},
        signals=[signal(A), signal(E)],
        account=an_account(**BOOST),
    )
    first, second, *idle = situation.configuration.subscriptions
    rows = (first, replace(second, priority=1), *idle)
    preferred = replace(situation.configuration, subscriptions=rows)
    draft = draft_plan(replace(situation, configuration=preferred))
    assert moves(draft) == {BTC: {"a": "+35"}, ETH: {"e": "+600"}}


def test_one_holder_that_raises_enough_spares_the_next() -> None:
    draft = decided(
        {A: "0.2", C: "0.05", E: "0.3", ("z", ETH): "0.4"},
        cash="500",
        owns={A: "79", C: "15", ("z", ETH): "10"},
        stances=[
            stance(A, LONG, surplus=True),
            stance(C, LONG, surplus=True),
            stance(("z", ETH), LONG),
        ],
        account=an_account(**BOOST),
        signals=[signal(E)],
    )
    assert moves(draft) == {BTC: {"a": "-30"}}


def test_cash_is_raised_once_per_entry_and_only_where_it_is_short() -> None:
    common: dict[str, Any] = {
        "cash": "500",
        "owns": {A: "95"},
        "stances": [stance(A, LONG, surplus=True)],
        "account": an_account(**BOOST),
        "signals": [signal(E)],
    }
    situation = a_situation(weights={A: "0.2", E: "0.75"}, **common)
    before = replace(situation, state=replace(situation.state, trimmed_for=("e",)))
    again = draft_plan(before)
    assert (again.step.value, moves(again)) == ("increase", {})
    assert words(again)["e"][0] == "SKIPPED"
    rich = decided({A: "0.2", E: "0.75"}, **{**common, "cash": "90000"})
    assert rich.step.value == "increase"
    assert draft_plan(replace(situation, releasing=frozenset({A}))).step.value == "increase"
    assert moves(decided({A: "0.2", E: "0.75"}, **common, busy=frozenset({BTC}))) == {}
    unmarked = decided({A: "0.2", E: "0.75"}, **{**common, "stances": [stance(A, LONG)]})
    assert unmarked.step.value == "increase"


def test_who_is_down_to_its_base_holds_no_surplus_any_more() -> None:
    def after(owned: str, cash: str) -> tuple[Stance, ...]:
        return decided(
            {A: "0.2", E: "0.75"},
            cash=cash,
            owns={A: owned},
            stances=[stance(A, LONG, surplus=True)],
            account=an_account(**BOOST),
            signals=[signal(E)],
        ).stances

    assert stance(A, LONG, surplus=False) in after("20", "8000")
    assert stance(A, LONG, surplus=False) in after("20.05", "8000")
    assert stance(A, LONG, surplus=False) in after("20.0625", "8000")  # 5 above, to the last
    assert stance(A, LONG, surplus=False) not in after("20.0626", "8000")
    first = decided(
        {A: "0.75", E: "0.2"},
        cash="2500",
        owns={A: "75"},
        stances=[stance(A, LONG, surplus=True)],
        account=an_account(**BOOST),
        signals=[signal(E)],
    )
    assert [s.strategy for s in first.stances] == ["e"]


def test_the_new_first_takes_the_surplus_and_an_exit_frees_it_for_who_asks() -> None:
    draft = decided(
        {A: "0.2", E: "0.75"}, cash="10000", account=an_account(**BOOST), signals=[signal(A)]
    )
    assert moves(draft) == {BTC: {"a": "+95"}}
    assert [s.surplus for s in draft.stances] == [True]
    plain = decided(
        {A: "0.2", E: "0.75"}, account=an_account(**BOOST), signals=[signal(A), signal(E)]
    )
    assert {s.strategy: s.surplus for s in plain.stances} == {"a": False, "e": True}
    quiet = {
        "cash": "8000",
        "owns": {A: "20"},
        "stances": [stance(A, LONG)],
    }
    again = an_account(**BOOST, reboost_on_exit=True)
    back = decided({A: "0.2", E: "0.75"}, **quiet, account=again)
    assert moves(back) == {BTC: {"a": "+75"}}
    assert back.stances == (stance(A, LONG, surplus=True),)
    left_alone = decided({A: "0.2", E: "0.75"}, **quiet, account=an_account(**BOOST))
    assert left_alone.is_empty
    nearly = decided(
        {A: "0.2", E: "0.75"},
        cash="900",
        owns={A: "91"},
        stances=[stance(A, LONG, surplus=True)],
        account=again,
    )
    assert nearly.is_empty
    at_the_edge = decided(
        {A: "0.2", E: "0.75"},
        cash="975",
        owns={A: "90.25"},
        stances=[stance(A, LONG, surplus=True)],
        account=again,
    )
    assert at_the_edge.is_empty


# --- slots ----------------------------------------------------------------------------------


def test_slots_are_what_is_followed_and_what_is_held() -> None:
    situation = a_situation(
        weights={A: "0.3"}, owns={("gone", ETH): "2", ("none", ETH): "0"}, signals=[signal()]
    )
    two = replace(
        situation.configuration.strategies["a"], instruments={"B": BTC, "E": ETH, "X": "X/USDT"}
    )
    sold = Holding(
        strategy="a", symbol=BTC, realized=Decimal(-3), sold_at=NOON, quantity=Decimal(0)
    )
    situation = replace(
        situation,
        configuration=replace(situation.configuration, strategies={"a": two}),
        portfolio=replace(situation.portfolio, holdings=(*situation.portfolio.holdings, sold)),
    )
    slots = slots_of(situation)
    assert list(slots) == [("a", BTC), ("a", ETH), ("gone", ETH)]
    assert [slot.weight for slot in slots.values()] == [Decimal("0.1"), Decimal("0.1"), 0]
    first, second, gone = slots.values()
    assert (first.realized, first.sold_at, first.owned) == (-3, NOON, 0)
    assert (second.realized, second.sold_at, second.price) == (0, None, 10)
    assert (gone.subscription, gone.owned, gone.value) == (None, 2, 20)
    assert first.wish is situation.wishes[A]
    assert second.wish is None


@pytest.mark.parametrize(
    ("state", "before", "realized", "losses", "trips"),
    [
        (LONG, "5", "4", 2, 0),
        (FLAT, None, "4", 2, 2),
        (FLAT, "4", "4", 2, 2),
        (FLAT, "5", "4", 2, 3),
        (FLAT, "3", "4", 2, 0),
    ],
)
def test_losing_trips_in_a_row(
    state: DesiredState, before: str | None, realized: str, losses: int, trips: int
) -> None:
    known = stance(
        state=state, realized_before=None if before is None else Decimal(before), losses=losses
    )
    held = Holding(strategy="a", symbol=BTC, realized=Decimal(realized))
    situation = a_situation(weights={A: "0.5"}, stances=[known])
    situation = replace(situation, portfolio=replace(situation.portfolio, holdings=(held,)))
    assert slots_of(situation)[A].losing_trips == trips


def test_equity_is_cash_and_holdings_at_mark_else_at_cost() -> None:
    holdings = [
        Holding(strategy="a", symbol=BTC, quantity=Decimal(2), cost=Decimal(150)),
        Holding(strategy="a", symbol="X/USDT", quantity=Decimal(1), cost=Decimal(30)),
        Holding(strategy="b", symbol=BTC, quantity=Decimal(0), cost=Decimal(99)),
    ]
    situation = a_situation(weights={A: "0.5"}, cash="1000")
    situation = replace(situation, portfolio=replace(situation.portfolio, holdings=tuple(holdings)))
    assert equity_of(situation) == 1230
    assert equity_of(replace(situation, account=an_account(basis=Basis.COST))) == 1180


def test_what_a_stop_guards_is_released_first_and_purchases_wait_for_it() -> None:
    draft = decided(
        {A: "0.2", E: "0.2", C: "0.2"},
        owns={A: "4", E: "50"},
        guarded=frozenset({A, E}),
        signals=[signal(A, "flat"), signal(C)],
    )
    assert draft.released == (A,)
    assert (moves(draft), draft.step.value) == ({}, "increase")
    both = decided(
        {A: "0.2", E: "0.2"},
        owns={A: "4", E: "50"},
        guarded=frozenset({A}),
        signals=[signal(A, "flat"), signal(E, "flat")],
    )
    assert both.released == (A,)
    assert moves(both) == {ETH: {"e": "-50"}}


@pytest.mark.parametrize("asked", list(HaltLevel))
@pytest.mark.parametrize("standing", list(HaltLevel))
def test_a_lesser_halt_ends_no_sale_of_everything(asked: HaltLevel, standing: HaltLevel) -> None:
    goes_on = standing is HaltLevel.FLATTEN and asked is not HaltLevel.NONE
    assert asked.on(standing) is (HaltLevel.FLATTEN if goes_on else asked)
