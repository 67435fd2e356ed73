"""From entries and outcomes to what each alert was answered with, how late, and how dear."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest

from chalicelib.domain.trading.answered import Answers, Filled, answers, by_time, filled_by_plan
from chalicelib.domain.trading.drift import (
    Deviation,
    Standing,
    Tally,
    deviations,
    standings,
    tallies,
)
from chalicelib.domain.trading.ledger import Entry, EntryKind, Execution, Holding, Portfolio
from chalicelib.domain.trading.plan import AccountState, Stance
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Outcome, Signal, SignalStatus
from chalicelib.domain.trading.signal_order import OrderKind, SignalOrder
from tests.situations import BTC, ETH, NOON, a_signal

EXECUTED, PLANNED = SignalStatus.EXECUTED, SignalStatus.PLANNED


def minute(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def execution(quantity: str, quote: str, fee: str = "0", **names: str) -> Execution:
    usual: dict[str, Any] = {"strategy": "a", "symbol": BTC}
    return Execution(
        quantity=Decimal(quantity), quote=Decimal(quote), fee=Decimal(fee), **{**usual, **names}
    )


def entry(
    plan: str, at: float, *executions: Execution, kind: EntryKind = EntryKind.FILL, **changes: Any
) -> Entry:
    return Entry(
        id=f"{plan}-{at}",
        kind=kind,
        at=minute(at),
        postings=(),
        executions=executions,
        reference=f"{plan}#{BTC}#0",
        **{"account": "main", **changes},
    )


def filled(quantity: str, quote: str, at: float, fee: str = "0") -> Filled:
    return Filled(
        quantity=Decimal(quantity), quote=Decimal(quote), fee=Decimal(fee), last_at=minute(at)
    )


def answered(
    signal: Signal,
    plan: str,
    status: SignalStatus = EXECUTED,
    *,
    at: float = 1,
    account: str = "main",
) -> Signal:
    outcome = Outcome(account=account, status=status, reason="because", at=minute(at), plan_id=plan)
    return replace(signal, outcomes=(*signal.outcomes, outcome))


def an_order(side: str, kind: str = "limit", quantity: str | None = None) -> SignalOrder:
    part = None if quantity is None else Decimal(quantity)
    return SignalOrder(
        kind=OrderKind(kind), side=Side(side), name="one", price=Decimal(100), quantity=part
    )


# --- what each plan moved -------------------------------------------------------------------


def test_a_plan_moved_the_sum_of_its_fills_and_crosses_for_each_strategy_and_instrument() -> None:
    found = filled_by_plan(
        [
            entry("p", 3, execution("1", "100", "2"), execution("2", "210", strategy="b")),
            entry("p", 1, execution("0.5", "60", "1"), kind=EntryKind.CROSS),
            entry("p", 2, execution("7", "70", symbol=ETH)),
            entry("q", 4, execution("-1.5", "-170")),
            entry("p", 5, execution("9", "900"), account="other"),
        ]
    )
    assert found == {
        ("main", "p", "a", BTC): filled("1.5", "160", 3, "3"),
        ("main", "p", "b", BTC): filled("2", "210", 3),
        ("main", "p", "a", ETH): filled("7", "70", 2),
        ("main", "q", "a", BTC): filled("-1.5", "-170", 4),
        ("other", "p", "a", BTC): filled("9", "900", 5),
    }


@pytest.mark.parametrize(
    "kind", [EntryKind.OPENING, EntryKind.DRIFT, EntryKind.ADOPTION, EntryKind.WRITE_OFF]
)
def test_the_owners_own_word_moves_no_market(kind: EntryKind) -> None:
    own = entry("p", 1, execution("1", "100"), kind=kind)
    assert list(filled_by_plan([own, entry("q", 2, execution("1", "100"))])) == [
        ("main", "q", "a", BTC)
    ]


def test_a_mean_price_has_ten_digits_and_none_where_nothing_is_left() -> None:
    assert filled("3", "100", 1).price == Decimal("33.33333333")
    assert filled("-4", "-100", 1).price == 25
    assert filled("0", "-7", 1).price is None
    with localcontext(Context(prec=3)):
        assert filled("3", "200000", 1).price == Decimal("66666.66667")
        total = filled_by_plan(
            [entry("p", 1, execution("1.001", "1000.5")), entry("p", 2, execution("1", "1000"))]
        )
    assert total["main", "p", "a", BTC] == filled("2.001", "2000.5", 2)


# --- for which alert ------------------------------------------------------------------------

LATER = a_signal("a", at=minute(10))


def key(plan: str, strategy: str = "a", symbol: str = BTC) -> tuple[str, str, str, str]:
    return ("main", plan, strategy, symbol)


def test_fills_go_to_the_alert_of_their_plan_and_of_several_to_the_last() -> None:
    first, last = answered(a_signal("a"), "p"), answered(LATER, "p")
    found = answers([last, first], {key("p"): filled("1", "100", 12)})
    assert found == Answers(asked={("main", last.id): filled("1", "100", 12)}, unasked={})


def test_alerts_of_one_second_count_by_when_they_came_then_by_name() -> None:
    early = a_signal("a", id="z", received_at=minute(1))
    late = a_signal("a", id="a", received_at=minute(2))
    later = a_signal("a", id="b", received_at=minute(2))
    assert sorted([later, late, early], key=by_time) == [early, late, later]
    assert by_time(early) == (NOON, minute(1), "z")


def test_two_plans_of_one_alert_are_taken_together_and_others_are_left() -> None:
    signal = answered(answered(a_signal("a"), "p", account="main"), "x", account="other")
    moved = {
        key("p"): filled("1", "100", 2, "1"),
        key("cross"): filled("2", "220", 1, "3"),
        key("p", "b"): filled("5", "50", 2),
        key("p", symbol=ETH): filled("6", "60", 2),
    }
    found = answers([replace(signal, received_at=NOON)], moved)
    assert found.asked == {("main", signal.id): filled("3", "320", 2, "4")}
    assert found.unasked == {
        key("p", "b"): moved[key("p", "b")],
        key("p", symbol=ETH): moved[key("p", symbol=ETH)],
    }


@pytest.mark.parametrize(
    ("at", "quantity", "status", "fits"),
    [
        (0, "1", EXECUTED, True),  # from the moment it came
        (-0.1, "1", EXECUTED, False),
        (5, "1", EXECUTED, True),  # to the moment of its last word
        (5.1, "1", EXECUTED, False),
        (99, "1", PLANNED, True),  # which is not spoken yet
        (5, "-1", EXECUTED, False),
        (5, "0", EXECUTED, False),
    ],
)
def test_a_cross_of_another_plan_goes_to_the_entry_that_was_open_then(
    at: float, quantity: str, status: SignalStatus, *, fits: bool
) -> None:
    signal = answered(a_signal("a"), "p", status, at=5)
    moved = filled(quantity, "100", at)
    found = answers([signal], {key("cross"): moved})
    assert found.asked == ({("main", signal.id): moved} if fits else {})
    assert found.unasked == ({} if fits else {key("cross"): moved})


@pytest.mark.parametrize(
    ("changes", "buys"),
    [
        ({}, True),
        ({"size_ratio": Decimal("1.5")}, True),
        ({"size_ratio": Decimal(1)}, False),
        ({"size_ratio": Decimal("0.5")}, False),
        ({"state": DesiredState.FLAT}, False),
        ({"state": DesiredState.SHORT}, False),
        ({"state": DesiredState.FLAT, "size_ratio": Decimal(2)}, False),
        ({"order": an_order("buy")}, True),
        ({"order": an_order("sell", quantity="1")}, False),
    ],
)
def test_an_entry_and_an_addition_buy_everything_else_sells(
    changes: dict[str, Any], *, buys: bool
) -> None:
    signal = answered(replace(a_signal("a"), **changes), "p")
    bought = answers([signal], {key("other"): filled("1", "1", 1)})
    sold = answers([signal], {key("other"): filled("-1", "-1", 1)})
    assert (bool(bought.asked), bool(sold.asked)) == (buys, not buys)


@pytest.mark.parametrize("status", [SignalStatus.SKIPPED, SignalStatus.DENIED])
def test_an_alert_that_moved_nothing_has_no_fills(status: SignalStatus) -> None:
    signal = answered(a_signal("a"), "p", status)
    assert answers([signal], {key("p"): filled("1", "1", 1)}).asked == {}


def test_of_two_open_alerts_the_later_has_what_crossed() -> None:
    first, last = answered(a_signal("a"), "p", PLANNED), answered(LATER, "q", PLANNED)
    other = answered(a_signal("b"), "r", PLANNED)
    found = answers([first, last, other], {key("cross"): filled("1", "1", 11)})
    assert list(found.asked) == [("main", last.id)]


# --- how far from what was believed ---------------------------------------------------------


def deviation(signal: Signal, moved: Filled | None = None, account: str = "main") -> Deviation:
    asked = {} if moved is None else {(account, signal.id): moved}
    [found] = deviations([signal], Answers(asked=asked, unasked={}), [account])
    return found


def test_a_deviation_says_all_of_the_alert_and_of_its_fill() -> None:
    signal = answered(a_signal("a", price=Decimal(100)), "p")
    assert deviation(signal, filled("2", "203", 3, "0.5")) == Deviation(
        account="main",
        strategy="a",
        symbol=BTC,
        signal_id=signal.id,
        fired_at=NOON,
        state=DesiredState.LONG,
        status=EXECUTED,
        reason="because",
        alert_price=Decimal(100),
        quantity=Decimal(2),
        price=Decimal("101.5"),
        late=timedelta(minutes=3),
        slippage=Decimal(3),
        slippage_bps=Decimal("150.00"),
        fee=Decimal("0.5"),
    )


def test_without_a_fill_only_the_alert_is_told() -> None:
    open_one = answered(a_signal("a", price=Decimal(100)), "p", PLANNED)
    found = deviation(open_one)
    assert (found.status, found.price, found.late) == (None, None, None)
    assert (found.quantity, found.fee) == (0, 0)
    assert isinstance(found.quantity, Decimal)
    assert isinstance(found.fee, Decimal)
    assert (found.slippage, found.slippage_bps) == (None, None)


@pytest.mark.parametrize(
    ("price", "moved", "slippage", "points"),
    [
        ("100", ("-2", "-199"), "1", "50.00"),  # a seller who gets less
        ("100", ("-2", "-201"), "-1", "-50.00"),
        ("3", ("1", "3.00001"), "0.00001", "0.03"),
        ("100", ("0", "5"), None, None),
        ("0", ("1", "5"), None, None),
        (None, ("1", "5"), None, None),
    ],
)
def test_slippage_is_above_zero_where_the_fill_was_worse(
    price: str | None, moved: tuple[str, str], slippage: str | None, points: str | None
) -> None:
    signal = answered(a_signal("a", price=None if price is None else Decimal(price)), "p")
    found = deviation(signal, filled(*moved, 1))
    assert found.slippage == (None if slippage is None else Decimal(slippage))
    assert found.slippage_bps == (None if points is None else Decimal(points))


def test_slippage_is_exact_whatever_the_context() -> None:
    signal = answered(a_signal("a", price=Decimal("50000.01")), "p")
    with localcontext(Context(prec=3)):
        found = deviation(signal, filled("2", "100000.05", 1))
        [total] = tallies([found, found], {})
    assert found.slippage == Decimal("0.03")
    assert total.slippage == Decimal("0.06")


@pytest.mark.parametrize("status", list(SignalStatus))
def test_missed_is_what_tradingview_counts_on_and_did_not_come_about(status: SignalStatus) -> None:
    missed = {SignalStatus.EXPIRED, SignalStatus.REJECTED, SignalStatus.DENIED}
    assert deviation(answered(a_signal("a"), "p", status)).is_missed is (status in missed)


def test_alerts_come_oldest_first_and_only_of_accounts_that_have_spoken() -> None:
    early = answered(a_signal("a"), "p")
    late = answered(answered(LATER, "q", account="second"), "p")
    found = deviations([late, early], Answers(asked={}, unasked={}), ["main", "second", "third"])
    assert [(d.signal_id, d.account) for d in found] == [
        (early.id, "main"),
        (late.id, "main"),
        (late.id, "second"),
    ]


@pytest.mark.parametrize("status", list(SignalStatus))
def test_an_order_whose_price_did_not_come_is_no_deviation(status: SignalStatus) -> None:
    unmet = {SignalStatus.EXPIRED, SignalStatus.SUPERSEDED, SignalStatus.SKIPPED}
    signals = [
        answered(a_signal("a", id=order.kind, order=order), "p", status)
        for order in (an_order("buy"), an_order("buy", "cancel"))
    ]
    found = deviations(signals, Answers(asked={}, unasked={}), ["main"])
    assert [d.signal_id for d in found] == ([] if status in unmet else ["limit"])


# --- totals ---------------------------------------------------------------------------------


def test_totals_count_every_ending_and_weigh_slippage_by_what_was_traded() -> None:
    statuses: Sequence[SignalStatus] = (
        *(EXECUTED, EXECUTED, SignalStatus.PARTIALLY_EXECUTED, SignalStatus.DENIED),
        *(SignalStatus.EXPIRED, SignalStatus.REJECTED, SignalStatus.SKIPPED),
        *(SignalStatus.SKIPPED, SignalStatus.SUPERSEDED, PLANNED, PLANNED, PLANNED, PLANNED),
    )
    found = [
        deviation(answered(a_signal("a", id=str(n), price=Decimal(100)), "p", status))
        for n, status in enumerate(statuses)
    ]
    bought = answered(a_signal("a", id="x", price=Decimal(100)), "p")
    sold = answered(a_signal("a", id="y", price=Decimal(100)), "p")
    unpriced = answered(a_signal("a", id="z"), "p")
    found += [
        deviation(bought, filled("1", "103", 1, "0.5")),
        deviation(sold, filled("-3", "-302", 4, "0.25")),
        deviation(unpriced, filled("9", "900", 1)),
    ]
    unasked = {key("u"): filled("1", "1", 1, "2"), key("v"): filled("-1", "-1", 2, "4")}
    assert tallies(found, unasked) == [
        Tally(
            account="main",
            strategy="a",
            alerts=16,
            executed=5,
            partly=1,
            missed=3,
            skipped=2,
            superseded=1,
            open=4,
            unasked=2,
            late_mean=timedelta(minutes=2),
            late_most=timedelta(minutes=4),
            slippage=Decimal(1),
            slippage_bps=Decimal("25.00"),
            fees=Decimal("6.75"),
        )
    ]


def test_totals_are_kept_apart_by_account_and_strategy() -> None:
    one = deviation(answered(a_signal("b"), "p"))
    two = deviation(answered(a_signal("a"), "p", account="zoo"), account="zoo")
    unasked = {key("u", "c"): filled("1", "1", 1, "2"), key("w", "c", ETH): filled("1", "1", 1)}
    found = tallies([two, one, one], unasked)
    assert [(t.account, t.strategy, t.alerts, t.unasked) for t in found] == [
        ("main", "b", 2, 0),
        ("main", "c", 0, 2),
        ("zoo", "a", 1, 0),
    ]
    assert found[1] == Tally(account="main", strategy="c", unasked=2, fees=Decimal(2))
    assert (found[0].late_mean, found[0].late_most, found[0].slippage_bps) == (None, None, None)


# --- where both sides stand -----------------------------------------------------------------


def test_a_standing_puts_the_last_alert_beside_the_account() -> None:
    long, flat = (
        answered(a_signal("a"), "p"),
        answered(a_signal("a", state="flat", at=minute(9)), "q"),
    )
    trial = answered(a_signal("a", at=minute(20), test=True), "r")
    unheard = a_signal("b")
    stance = Stance(strategy="a", symbol=BTC, state=DesiredState.LONG)
    states = [
        AccountState(account="main", stances=(stance,)),
        AccountState(account="second", stances=(stance,)),
    ]
    held = Holding(strategy="a", symbol=BTC, quantity=Decimal("0.3"))
    portfolios = [
        Portfolio(account="second", quote="USDT"),
        Portfolio(account="main", quote="USDT", holdings=(held,)),
    ]
    assert standings([trial, flat, unheard, long], states, portfolios) == [
        Standing(
            account="main",
            strategy="a",
            symbol=BTC,
            believed=DesiredState.FLAT,
            since=minute(9),
            actual=DesiredState.LONG,
            held=Decimal("0.3"),
        )
    ]


def test_standings_come_by_account_then_strategy_then_instrument() -> None:
    signals = [
        answered(answered(a_signal(name, symbol), "p"), "p", account="second")
        for name, symbol in (("b", BTC), ("a", ETH), ("a", BTC))
    ]
    states = [AccountState(account="second"), AccountState(account="main")]
    portfolios = [Portfolio(account=name, quote="USDT") for name in ("main", "second")]
    found = standings(signals, states, portfolios)
    order = [("a", BTC), ("a", ETH), ("b", BTC)]
    assert [(s.account, s.strategy, s.symbol) for s in found] == [
        *(("second", *row) for row in order),
        *(("main", *row) for row in order),
    ]


@pytest.mark.parametrize("believed", list(DesiredState))
@pytest.mark.parametrize("actual", list(DesiredState))
def test_in_step_is_both_in_or_both_out(believed: DesiredState, actual: DesiredState) -> None:
    standing = Standing(
        account="main",
        strategy="a",
        symbol=BTC,
        believed=believed,
        since=NOON,
        actual=actual,
        held=Decimal(0),
    )
    both = [state is DesiredState.LONG for state in (believed, actual)]
    assert standing.is_in_step is (both[0] == both[1])


def believed(*signals: Signal) -> list[tuple[DesiredState, datetime]]:
    """What the alerts and orders of one strategy come to, and since when."""
    states = [AccountState(account="main")]
    found = standings(signals, states, [Portfolio(account="main", quote="USDT")])
    return [(standing.believed, standing.since) for standing in found]


LONG, FLAT = DesiredState.LONG, DesiredState.FLAT
BUYS = a_signal("a", order=an_order("buy"), id="buys", at=minute(-5))


@pytest.mark.parametrize("status", [EXECUTED, SignalStatus.PARTIALLY_EXECUTED])
def test_an_order_counts_since_it_was_filled(status: SignalStatus) -> None:
    alert = answered(a_signal("a", state="flat"), "p")
    bought = answered(BUYS, "q", status, at=3)
    assert believed(bought) == believed(alert, bought) == [(LONG, minute(3))]
    newer = answered(a_signal("a", state="flat", at=minute(4)), "r", at=4)
    assert believed(alert, bought, newer) == [(FLAT, minute(4))]
    sold = answered(a_signal("a", state="flat", order=an_order("sell")), "s", status, at=5)
    assert believed(bought, newer, sold) == [(FLAT, minute(5))]
    assert believed(replace(newer, fired_at=minute(3)), bought) == [(FLAT, minute(3))]


@pytest.mark.parametrize(
    "signal",
    [
        BUYS,
        answered(BUYS, "q", PLANNED, at=3),
        answered(BUYS, "q", SignalStatus.EXPIRED, at=3),
        answered(BUYS, "q", at=3, account="second"),
        answered(replace(BUYS, order=an_order("buy", "cancel")), "q", at=3),
        answered(replace(BUYS, order=an_order("sell", quantity="1")), "q", at=3),
    ],
)
def test_what_was_not_filled_or_sold_only_a_part_says_nothing(signal: Signal) -> None:
    alert = answered(a_signal("a", state="flat"), "p")
    assert believed(signal) == []
    assert believed(signal, alert) == [(FLAT, NOON)]
    bought = answered(replace(BUYS, id="later", fired_at=minute(-4)), "r", at=2)
    assert believed(signal, bought) == [(LONG, minute(2))]


def test_of_two_alerts_of_one_second_the_last_that_came_counts() -> None:
    first = answered(a_signal("a", state="flat", received_at=minute(1)), "p")
    last = answered(a_signal("a", received_at=minute(2)), "p")
    assert believed(last, first) == [(LONG, NOON)]
