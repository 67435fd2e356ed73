"""Orders that wait: at which prices they count, and what ends them before."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.plan import AccountState, Stance
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import (
    DesiredState,
    Signal,
    SignalStatus,
    signal_id_from_sender,
)
from chalicelib.domain.trading.signal_order import OrderKind, SignalOrder
from chalicelib.domain.trading.waiting_orders import (
    Rules,
    Watched,
    order_named,
    waiting_symbols,
    watch,
)
from tests.situations import BTC, ETH, NOON, a_signal

MINUTE = timedelta(minutes=1)
HUNDRED = Decimal(100)


def an_order(kind: str = "limit", side: str = "buy", **words: Any) -> SignalOrder:
    usual: dict[str, Any] = {"name": "one"}
    usual |= {"distance": Decimal("0.1")} if kind == "trailing" else {"price": HUNDRED}
    return SignalOrder(kind=OrderKind(kind), side=Side(side), **{**usual, **words})


def ordered(order: SignalOrder, strategy: str = "btc", **words: Any) -> Signal:
    identity = signal_id_from_sender(strategy=strategy, sender_id=order.name)
    return a_signal(strategy, **{"id": identity, **words}, order=order)


def cancel(name: str = "one", **words: Any) -> Signal:
    order = SignalOrder(kind=OrderKind.CANCEL, side=Side.BUY, name=name)
    return a_signal("btc", state="flat", id=f"cancel {name}", order=order, **words)


def looked(*signals: Signal, price: str | None = "100", **words: Any) -> Watched:
    usual: dict[str, Any] = {
        "state": AccountState(account="main"),
        "prices": {} if price is None else {BTC: Decimal(price)},
        "missing": (),
        "rules": Rules({"btc": timedelta(minutes=5)}),
        "now": NOON + MINUTE,
    }
    return watch(signals, **{**usual, **words})


def standing(**words: Any) -> AccountState:
    stance = Stance(strategy="btc", symbol=BTC, **words)
    return AccountState(account="main", stances=(stance,))


@pytest.mark.parametrize(
    ("kind", "side", "met", "unmet"),
    [
        ("limit", "buy", ["100", "99.9"], ["100.1"]),
        ("limit", "sell", ["100", "100.1"], ["99.9"]),
        ("stop", "buy", ["100", "100.1"], ["99.9"]),
        ("stop", "sell", ["100", "99.9"], ["100.1"]),
    ],
)
def test_an_order_counts_at_its_price_and_beyond(
    kind: str, side: str, met: list[str], unmet: list[str]
) -> None:
    signal = ordered(an_order(kind, side))
    for price in met:
        assert [s.id for s in looked(signal, price=price).signals] == [signal.id]
    for price in unmet:
        assert looked(signal, price=price) == Watched(signals=(), best={})


@pytest.mark.parametrize(
    ("side", "best", "price", "counts", "after"),
    [
        ("sell", None, "100", False, "100"),
        ("sell", "100", "120", False, "120"),
        ("sell", "120", "108.1", False, "120"),
        ("sell", "120", "108", True, "120"),
        ("buy", "100", "90", False, "90"),
        ("buy", "90", "98.9", False, "90"),
        ("buy", "90", "99", True, "90"),
    ],
)
def test_a_trailing_order_follows_the_best_price(
    side: str, best: str | None, price: str, *, counts: bool, after: str
) -> None:
    signal = ordered(an_order("trailing", side))
    kept = {} if best is None else {signal.id: Decimal(best)}
    seen = looked(signal, price=price, state=AccountState(account="main", best=kept))
    assert bool(seen.signals) is counts
    assert seen.best == {signal.id: Decimal(after)}


def test_without_a_price_it_waits_with_what_it_has_seen() -> None:
    signal = ordered(an_order("trailing", "sell"))
    state = AccountState(account="main", best={signal.id: HUNDRED, "gone": HUNDRED})
    seen = looked(signal, price=None, state=state)
    assert seen == Watched(signals=(), best={signal.id: HUNDRED})


def test_of_what_the_venue_does_not_have_planning_says_so() -> None:
    signal = ordered(an_order())
    assert looked(signal, price=None, missing=[BTC]).signals[0].id == signal.id


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (an_order("limit", "buy"), "buys at 100 or below"),
        (an_order("limit", "sell"), "sells at 100 or above"),
        (an_order("stop", "buy"), "buys at 100 or above"),
        (an_order("stop", "sell"), "sells at 100 or below"),
        (an_order("trailing", "sell"), "sells 10 % below the highest price"),
        (an_order("trailing", "buy"), "buys 10 % above the lowest price"),
        (an_order("cancel", "buy"), "cancels one"),
    ],
)
def test_it_says_what_it_waits_for(order: SignalOrder, words: str) -> None:
    assert (order.words, order.waits) == (words, f"waits: {words}")


def test_it_says_for_how_long_it_waits() -> None:
    order = an_order(expires_at=NOON)
    assert order.waits == "waits until 2026-03-02 12:00 UTC: buys at 100 or below"


def test_it_expires_at_the_very_moment_whatever_the_price() -> None:
    late = ordered(an_order(expires_at=NOON + MINUTE))
    (verdict,) = looked(late).spent
    assert (verdict.signal_id, verdict.status) == (late.id, SignalStatus.EXPIRED)
    assert verdict.reason == (
        "buys at 100 or below: not met until 2026-03-02T12:01:00+00:00 (ORDER_EXPIRED)"
    )
    assert looked(late).signals == ()
    in_time = ordered(an_order(expires_at=NOON + MINUTE + timedelta(microseconds=1)))
    assert looked(in_time).spent == ()
    assert looked(in_time).signals[0].id == in_time.id


def test_it_is_taken_back_by_its_name() -> None:
    one, two = ordered(an_order()), ordered(an_order(name="two"))
    seen = looked(one, two, cancel())
    assert [(v.signal_id, v.status, v.reason) for v in seen.spent] == [
        (one.id, SignalStatus.SUPERSEDED, "cancelled by its strategy, in cancel one"),
        ("cancel one", SignalStatus.EXECUTED, "cancelled order one"),
    ]
    assert [signal.id for signal in seen.signals] == [two.id]
    assert order_named(cancel()) == one.id


def test_what_does_not_wait_any_more_cannot_be_taken_back() -> None:
    for others in ([], [ordered(an_order(name="two"), strategy="btc")]):
        (verdict,) = looked(*others, cancel(), price="200").spent
        assert (verdict.status, verdict.reason) == (
            SignalStatus.SKIPPED,
            "order one does not wait any more",
        )
    twice = looked(ordered(an_order()), cancel(), a_signal("btc", id="b", order=cancel().order))
    assert [v.status for v in twice.spent] == [
        SignalStatus.SUPERSEDED,
        SignalStatus.EXECUTED,
        SignalStatus.SKIPPED,
    ]


@pytest.mark.parametrize(
    ("later", "keeps", "ends"),
    [
        (timedelta(microseconds=1), (), True),
        (timedelta(microseconds=1), ("two",), True),
        (timedelta(microseconds=1), ("two", "one"), False),
        (timedelta(0), (), False),
    ],
)
def test_a_newer_signal_ends_what_it_does_not_keep(
    later: timedelta, keeps: tuple[str, ...], *, ends: bool
) -> None:
    state = standing(applied_at=NOON + later, signal_id="newer", keeps=keeps)
    seen = looked(ordered(an_order()), state=state)
    assert bool(seen.spent) is ends
    assert bool(seen.signals) is not ends
    if ends:
        (verdict,) = seen.spent
        assert verdict.status is SignalStatus.SUPERSEDED
        assert verdict.reason == "overtaken by newer of 2026-03-02T12:00:00.000001+00:00"


def test_an_order_to_buy_that_arrives_too_late_is_none() -> None:
    just = NOON + timedelta(seconds=300)
    assert looked(ordered(an_order(), received_at=just), now=just).spent == ()
    received = NOON + timedelta(seconds=301)
    buys = ordered(an_order(), received_at=received)
    sells = ordered(an_order(side="sell"), received_at=received)
    assert looked(sells, now=received).spent == ()
    assert [(v.status, v.reason) for v in looked(buys, now=received).spent] == [
        (
            SignalStatus.EXPIRED,
            "arrived 301 s after it was made, at most 300 s are allowed (ENTRY_TOO_LATE)",
        )
    ]
    assert looked(buys, now=received, rules=Rules({})).spent == ()


def test_one_at_a_time_and_alerts_before_orders() -> None:
    buys, sells = ordered(an_order()), ordered(an_order(side="sell", name="two"))
    older = ordered(an_order(name="three"), at=NOON - MINUTE)
    assert [s.id for s in looked(buys, older, sells).signals] == [sells.id]
    assert [s.id for s in looked(buys, older).signals] == [older.id]
    alert = a_signal("btc")
    assert looked(buys, sells, alert).signals == (alert,)
    elsewhere = a_signal("btc", ETH)
    assert [s.id for s in looked(buys, elsewhere).signals] == [elsewhere.id, buys.id]
    trial = ordered(an_order(name="four"), test=True)
    assert looked(trial).signals == (trial,)


def test_prices_are_asked_for_what_waits() -> None:
    trial = ordered(an_order(name="two"), "eth", symbol=ETH, test=True)
    signals = [ordered(an_order()), trial, cancel(), a_signal("eth", ETH)]
    assert waiting_symbols(signals) == [BTC]


def wish(
    order: SignalOrder, told: str | None, state: str = "long", **words: Any
) -> tuple[DesiredState, Decimal | None, Decimal | None]:
    """What a met order comes to where its strategy reckons that it holds so much."""
    quantity = None if told is None else Decimal(told)
    stands = standing(state=DesiredState(state), told_quantity=quantity)
    (signal,) = looked(ordered(order, **words), state=stands).signals
    return signal.state, signal.size_ratio, signal.holds


def test_an_order_that_buys_enters_or_adds_in_the_senders_own_proportion() -> None:
    two = an_order(quantity=Decimal(2))
    entry = (DesiredState.LONG, None, Decimal(2))
    assert wish(two, None, state="flat") == entry
    assert wish(two, "4") == (DesiredState.LONG, Decimal("1.5"), Decimal(6))
    assert wish(two, "4", previous_state=DesiredState.FLAT) == entry
    assert wish(two, None) == entry
    assert wish(an_order(), "4") == (DesiredState.LONG, None, None)


@pytest.mark.parametrize("field", ["applied_at", "ordered_at"])
def test_who_said_that_it_holds_nothing_may_hold_something_by_now(field: str) -> None:
    opens = ordered(an_order(quantity=Decimal(2)), previous_state=DesiredState.FLAT)

    def ratio(at: datetime) -> Decimal | None:
        times: dict[str, Any] = {field: at, "keeps": ("one",)}
        stands = standing(state=DesiredState.LONG, told_quantity=Decimal(4), **times)
        return looked(opens, state=stands).signals[0].size_ratio

    assert ratio(NOON) is None
    assert ratio(NOON + timedelta(microseconds=1)) == Decimal("1.5")


def test_an_order_that_sells_leaves_or_sells_a_part() -> None:
    out = (DesiredState.FLAT, None, None)
    part = an_order(side="sell", quantity=Decimal(1))
    assert wish(part, "4", state="long") == (DesiredState.LONG, Decimal("0.75"), Decimal(3))
    assert wish(part, "3") == (DesiredState.LONG, Decimal("0.666666666667"), Decimal(2))
    assert wish(part, "1") == wish(part, "0.5") == wish(part, None) == out
    assert wish(an_order(side="sell"), "4") == out
    assert wish(part, "4", state="flat") == out
    dust = an_order(side="sell", quantity=Decimal("1e-13"))
    assert wish(dust, "4")[1] == 1
    nearly = an_order(side="sell", quantity=Decimal("3.9999999999999"))
    assert wish(nearly, "4") == out


def test_an_order_comes_to_the_same_whatever_its_message_says_beside() -> None:
    two = an_order(quantity=Decimal(2))
    sells = [an_order(side="sell"), an_order(side="sell", quantity=Decimal(1))]
    beside: dict[str, Any] = {"size_ratio": Decimal(9), "holds": Decimal(9)}
    for state in ("long", "flat"):
        signals = [ordered(order, state=state, **beside) for order in (two, *sells)]
        out = standing(state=DesiredState.FLAT)
        (entered,) = looked(signals[0], state=out).signals
        assert (entered.state, entered.size_ratio, entered.holds) == (DesiredState.LONG, None, 2)
        stands = standing(state=DesiredState.LONG, told_quantity=Decimal(4))
        left, kept = (looked(signal, state=stands).signals[0] for signal in signals[1:])
        assert (left.state, left.size_ratio, left.holds) == (DesiredState.FLAT, None, None)
        assert (kept.state, kept.size_ratio, kept.holds) == (DesiredState.LONG, Decimal("0.75"), 3)


def test_what_has_no_price_to_wait_for_is_never_met() -> None:
    assert not an_order("trailing").is_met(HUNDRED)  # it has followed nothing yet
    assert not an_order("cancel", price=None).is_met(HUNDRED)


def test_it_waits_for_its_price_until_something_comes_of_it() -> None:
    assert ordered(an_order()).waits_for_price
    assert not ordered(an_order(), status=SignalStatus.PLANNED).waits_for_price
    assert not a_signal("btc").waits_for_price


# --- beside the owner's word ----------------------------------------------------------------

ASKING = Rules({}, asking={"btc"})


def counting(*signals: Signal, rules: Rules = ASKING) -> list[str]:
    return [signal.id for signal in looked(*signals, rules=rules).signals]


@pytest.mark.parametrize(
    ("words", "waits"),
    [
        ({}, True),
        ({"size_ratio": Decimal("1.5")}, True),
        ({"approved": True}, False),
        ({"size_ratio": Decimal(1)}, False),
        ({"size_ratio": Decimal("0.5")}, False),
        ({"state": "flat"}, False),
        ({"test": True}, False),
    ],
)
def test_a_sale_waits_for_no_alert_that_waits_for_the_owner(
    words: dict[str, Any], *, waits: bool
) -> None:
    alert, sells = a_signal("btc", **words), ordered(an_order(side="sell"))
    assert counting(alert, sells) == [sells.id if waits else alert.id]
    assert counting(alert) == [alert.id]


def test_an_addition_steps_aside_for_a_sale_and_for_no_purchase() -> None:
    more, unasked = a_signal("btc", size_ratio=Decimal("1.5")), Rules({})
    sells, buys = ordered(an_order(side="sell")), ordered(an_order(name="two"), approved=True)
    assert counting(more, sells, rules=unasked) == [sells.id]
    assert counting(more, buys, rules=unasked) == [more.id]
    assert counting(more, buys) == [buys.id]
    for at_once in (a_signal("btc"), a_signal("btc", size_ratio=Decimal("0.5"))):
        assert counting(at_once, sells, rules=unasked) == [at_once.id]


def test_an_order_that_needs_no_word_goes_before_one_that_does() -> None:
    asked = ordered(an_order(), at=NOON - MINUTE)
    allowed = ordered(an_order(name="two"), approved=True)
    assert counting(asked, allowed) == [allowed.id]
    assert counting(asked, allowed, rules=Rules({})) == [asked.id]
    assert counting(asked) == [asked.id]


def test_the_owner_is_asked_about_one_purchase_at_a_time() -> None:
    alert, asked = a_signal("btc"), ordered(an_order())
    assert counting(alert, asked) == [alert.id]
    allowed = ordered(an_order(name="two"), approved=True)
    assert counting(alert, asked, allowed) == [allowed.id]
    elsewhere = a_signal("btc", ETH)
    assert counting(elsewhere, asked) == [elsewhere.id, asked.id]


def test_where_everything_is_sold_no_order_waits_to_buy() -> None:
    buys, sells = ordered(an_order()), ordered(an_order(side="sell", name="two"))
    seen = looked(buys, sells, rules=Rules({}, halt=HaltLevel.FLATTEN))
    assert [(v.signal_id, v.status, v.reason) for v in seen.spent] == [
        (buys.id, SignalStatus.DENIED, "no entries while halted: flatten (TRADING_HALTED)")
    ]
    assert [signal.id for signal in seen.signals] == [sells.id]
    assert looked(buys, rules=Rules({}, halt=HaltLevel.NO_ENTRIES)).spent == ()


def test_one_that_is_over_holds_up_none_behind_it() -> None:
    over = ordered(an_order(expires_at=NOON), at=NOON - MINUTE)
    met = ordered(an_order(name="two"))
    seen = looked(over, met)
    assert [verdict.signal_id for verdict in seen.spent] == [over.id]
    assert [signal.id for signal in seen.signals] == [met.id]
