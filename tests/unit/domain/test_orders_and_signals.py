"""Orders move by their state machine, signals gather outcomes; identities stay what they are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest

from chalicelib.domain.trading.account import (
    Account,
    Configuration,
    Mode,
    Subscription,
    next_check,
)
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.instrument import Balance, Instrument
from chalicelib.domain.trading.key_permissions import KeyPermissions
from chalicelib.domain.trading.order import (
    LEGAL_MOVES,
    Order,
    OrderReport,
    OrderStatus,
    apply_report,
    client_order_id,
    order_id,
)
from chalicelib.domain.trading.plan import (
    AccountState,
    Breaker,
    Plan,
    Stance,
    Step,
    Trigger,
    first_sequence,
    plan_id,
)
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import (
    DesiredState,
    Outcome,
    Signal,
    SignalStatus,
    signal_id,
    signal_id_from_sender,
)
from chalicelib.domain.trading.strategy import Strategy
from tests.contract.stores.records import order as an_order
from tests.situations import BTC, ETH, NOON, a_signal, an_account, an_instrument

LATER = NOON + timedelta(minutes=1)
ACCEPTED, PARTLY = OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED
FILLED, SUBMITTED = OrderStatus.FILLED, OrderStatus.SUBMITTED


# --- orders ---------------------------------------------------------------------------------


def order(status: OrderStatus = SUBMITTED, **changes: Any) -> Order:
    return an_order(status=status, created_at=NOON, updated_at=NOON, **changes)


def fill(identity: str, quantity: str) -> Fill:
    return Fill(
        trade_id=identity,
        quantity=Decimal(quantity),
        price=Decimal(100),
        fee=Decimal(0),
        fee_asset="USD",
        at=NOON,
    )


def report(status: OrderStatus, filled: str, *fills: Fill, **changes: Any) -> OrderReport:
    return OrderReport(
        client_order_id="c",
        status=status,
        filled=Decimal(filled),
        fills=fills,
        **{"venue_order_id": "v2", **changes},
    )


@pytest.mark.parametrize("before", list(OrderStatus))
@pytest.mark.parametrize("after", list(OrderStatus))
def test_a_move_is_legal_or_refused(before: OrderStatus, after: OrderStatus) -> None:
    known = order(before, code="OLD", reason="old")
    if after is before or after in LEGAL_MOVES[before]:
        assert known.moved_to(after, at=LATER) == replace(known, status=after, updated_at=LATER)
        moved = known.moved_to(after, at=LATER, code="NEW", reason="new")
        assert (moved.code, moved.reason) == ("NEW", "new")
    else:
        with pytest.raises(ValueError, match=f"cannot go from {before} to {after}$"):
            known.moved_to(after, at=LATER)


@pytest.mark.parametrize("before", [SUBMITTED, ACCEPTED, PARTLY])
def test_a_report_adds_fills_and_moves_the_order(before: OrderStatus) -> None:
    one, two = fill("1", "0.04"), fill("2", "0.06")
    known = order(before, fills=(one,), filled=Decimal("0.04"), venue_order_id="v1", reason="old")
    after = apply_report(known, report(FILLED, "0.1", one, two, reason="done"), at=LATER)
    assert after == replace(
        known,
        status=FILLED,
        fills=(one, two),
        filled=Decimal("0.1"),
        venue_order_id="v2",
        updated_at=LATER,
        reason="done",
    )
    silent = apply_report(known, report(PARTLY, "0.04", venue_order_id=""), at=LATER)
    assert silent == replace(known, status=PARTLY, updated_at=LATER)


@pytest.mark.parametrize(
    ("status", "filled", "fills", "becomes", "amount"),
    [
        (ACCEPTED, "0", (), ACCEPTED, "0"),
        (ACCEPTED, "0.05", (fill("1", "0.05"),), PARTLY, "0.05"),
        (ACCEPTED, "0", (fill("1", "0.05"),), PARTLY, "0.05"),
        (FILLED, "0.1", (fill("1", "0.05"),), PARTLY, "0.1"),  # its fills do not add up yet
        (OrderStatus.CANCELED, "0.05", (), PARTLY, "0.05"),
        (FILLED, "0.09", (fill("1", "0.1"),), FILLED, "0.1"),
        (OrderStatus.CANCELED, "0", (), OrderStatus.CANCELED, "0"),
    ],
)
def test_what_a_report_makes_of_an_order(
    status: OrderStatus, filled: str, fills: tuple[Fill, ...], becomes: OrderStatus, amount: str
) -> None:
    after = apply_report(order(), report(status, filled, *fills), at=LATER)
    assert (after.status, after.filled) == (becomes, Decimal(amount))


def test_what_was_filled_never_becomes_less_and_a_final_order_stays() -> None:
    known = order(PARTLY, filled=Decimal("0.05"))
    assert apply_report(known, report(PARTLY, "0.02"), at=LATER).filled == Decimal("0.05")
    over = order(FILLED, filled=Decimal("0.1"), reason="old")
    late = fill("9", "0.1")
    assert apply_report(over, report(PARTLY, "0.1", late, reason="new"), at=LATER) == replace(
        over, fills=(late,), venue_order_id="v2", updated_at=LATER
    )


def test_fills_are_added_exactly_whatever_the_context() -> None:
    fills = (fill("1", "0.01234567"), fill("2", "0.00000001"))
    with localcontext(Context(prec=3)):
        after = apply_report(order(), report(PARTLY, "0", *fills), at=LATER)
    assert after.filled == Decimal("0.01234568")


def test_identities_are_what_they_were_since_the_first_release() -> None:
    assert order_id("p", BTC, 2) == "p#BTC/USDT#2"
    assert client_order_id("p#BTC/USDT#2") == "351cc166-2bd2-5e4b-bcf9-bb01b5cdda5d"
    assert plan_id("main", 7) == "8ba11eaf736a48b3c35ed8bf"
    asked = {"strategy": "s", "symbol": BTC, "state": DesiredState.LONG, "fired_at": NOON}
    assert signal_id(**asked, order_id="o") == "ade759be5a8b83ff18183af33cf4b940"  # type: ignore[arg-type]
    assert signal_id_from_sender(strategy="s", sender_id="x") == "287ed06e90779837a208a7327b10f967"


def test_parts_of_an_identity_do_not_run_into_each_other() -> None:
    assert signal_id_from_sender(strategy="ab", sender_id="c") != signal_id_from_sender(
        strategy="a", sender_id="bc"
    )


# --- plans and what an account remembers ----------------------------------------------------


def test_a_plan_has_an_order_for_every_intent() -> None:
    sent = order(ACCEPTED)
    other = replace(sent.intent, id="other")
    plan = Plan(
        id="p1",
        account="main",
        sequence=1,
        step=Step.INCREASE,
        created_at=LATER,
        configuration_version=1,
        equity=Decimal(1),
        intents=(sent.intent, other),
    )
    unsent = Order(intent=other, plan_id="p1", created_at=LATER, updated_at=LATER)
    assert plan.orders((sent,)) == (sent, unsent)


def test_plans_are_counted_from_the_millisecond_of_the_accounts_beginning() -> None:
    real = Account(name="r", exchange="kraken", mode=Mode.SANDBOX, quote="USD")
    moment = datetime(1970, 1, 2, 0, 0, 0, 1999, tzinfo=UTC)
    assert first_sequence(real, moment) == 86_400_001
    assert first_sequence(an_account(), moment) == 0


def test_a_trigger_says_the_prices_first() -> None:
    trigger = Trigger(
        strategy="a",
        symbol=BTC,
        code="STOP_LOSS_HIT",
        level=Decimal("80.0"),
        price=Decimal("79.90"),
    )
    assert trigger.reason == "price 79.9 has reached 80 (STOP_LOSS_HIT)"


IN = Stance(strategy="a", symbol=BTC, state=DesiredState.LONG, stop_loss=Decimal(80))


def test_a_stance_that_left_by_itself_is_still_long_to_its_alerts() -> None:
    held = replace(IN, surplus=True, take_profit=Decimal(120), signal_id="s")
    assert held.left("HIT") == Stance(strategy="a", symbol=BTC, signal_id="s", left_by="HIT")
    assert (held.left("HIT").told, held.left().told) == (DesiredState.LONG, DesiredState.FLAT)
    assert held.left().left_by == ""
    assert (held.told, held.is_protected, held.left().is_protected) == (
        DesiredState.LONG,
        True,
        False,
    )


def test_what_is_protected_is_watched() -> None:
    stances = (
        IN,
        replace(IN, strategy="b"),
        replace(IN, symbol=ETH, stop_loss=None, take_profit=Decimal(1)),
        replace(IN, symbol="SOL/USDT", stop_loss=None),
        replace(IN, symbol="XRP/USDT", state=DesiredState.FLAT),
    )
    state = AccountState(account="main", stances=stances, due_at=LATER)
    assert state.watched == (BTC, ETH)
    assert state.wakes_at == LATER
    checked = replace(state, checked_at=NOON)
    assert checked.wakes_at == NOON
    assert replace(checked, blocked_until=LATER).wakes_at == LATER
    assert replace(checked, blocked_until=NOON - timedelta(1)).wakes_at == NOON
    assert replace(checked, stances=()).wakes_at == LATER


def test_a_state_knows_its_stances_and_puts_new_ones_in_their_place() -> None:
    other = replace(IN, strategy="b")
    state = AccountState(account="main", stances=(other, IN))
    assert state.stance("a", BTC) is IN
    assert state.stance("a", ETH) == Stance(strategy="a", symbol=ETH)
    newer, first = replace(IN, surplus=True), replace(IN, symbol="AAA/USDT")
    assert state.with_stances((newer, first)).stances == (first, newer, other)


def test_blocked_and_broken_until_the_moment_itself() -> None:
    state = AccountState(account="main", blocked_until=NOON)
    assert not AccountState(account="main").is_blocked(NOON)
    assert [state.is_blocked(NOON + timedelta(seconds=s)) for s in (-1, 0)] == [True, False]
    breaker = Breaker(code="X", reason="x", opened_at=NOON, until=NOON)
    assert [breaker.is_open(NOON + timedelta(seconds=s)) for s in (-1, 0)] == [True, False]
    assert replace(breaker, until=None).is_open(LATER)


# --- signals --------------------------------------------------------------------------------


def outcome(account: str, status: SignalStatus, reason: str = "so") -> Outcome:
    return Outcome(account=account, status=status, reason=reason, at=NOON)


def heard(*outcomes: tuple[str, SignalStatus]) -> Signal:
    signal = a_signal("a")
    for account, status in outcomes:
        signal = signal.with_outcome(outcome(account, status, f"{account} says"))
    return signal


EXECUTED, PLANNED, SKIPPED = SignalStatus.EXECUTED, SignalStatus.PLANNED, SignalStatus.SKIPPED
DENIED, PARTIALLY = SignalStatus.DENIED, SignalStatus.PARTIALLY_EXECUTED


def test_a_try_that_nobody_follows_ends_as_a_try() -> None:
    tried = replace(heard(), test=True).settled_for([])
    assert (tried.status, tried.reason) == (SKIPPED, "test: nothing is traded")


def test_a_final_word_is_never_replaced_and_another_one_is() -> None:
    signal = heard(("m", PLANNED), ("n", PLANNED), ("m", EXECUTED), ("m", DENIED))
    assert [(o.account, o.status) for o in signal.outcomes] == [("n", PLANNED), ("m", EXECUTED)]
    assert signal.outcome_for("m") == outcome("m", EXECUTED, "m says")
    assert signal.outcome_for("x") is None


@pytest.mark.parametrize(
    ("outcomes", "followers", "status", "reason"),
    [
        ([], [], SKIPPED, "no account follows strategy a"),
        ([], ["m"], SignalStatus.RECEIVED, ""),
        ([("m", PLANNED)], ["m"], PLANNED, ""),
        ([("m", EXECUTED)], ["m", "n"], SignalStatus.RECEIVED, ""),
        ([("m", EXECUTED), ("n", PLANNED)], ["m"], PLANNED, ""),
        ([("m", EXECUTED)], ["m"], EXECUTED, "m says"),
        ([("m", EXECUTED)], [], EXECUTED, "m says"),
        (
            [("n", EXECUTED), ("m", EXECUTED)],
            ["m", "n"],
            EXECUTED,
            "m: executed, m says; n: executed, n says",
        ),
        (
            [("m", DENIED), ("n", EXECUTED)],
            ["m", "n"],
            PARTIALLY,
            "m: denied, m says; n: executed, n says",
        ),
        (
            [("m", PARTIALLY), ("n", SKIPPED)],
            ["m"],
            PARTIALLY,
            "m: partially_executed, m says; n: skipped, n says",
        ),
        ([("m", DENIED), ("n", SKIPPED)], ["m"], SKIPPED, "m: denied, m says; n: skipped, n says"),
    ],
)
def test_a_signal_is_settled_when_everybody_has_spoken(
    outcomes: list[tuple[str, SignalStatus]],
    followers: list[str],
    status: SignalStatus,
    reason: str,
) -> None:
    settled = heard(*outcomes).settled_for(iter(followers))
    assert (settled.status, settled.reason) == (status, reason)


# --- small things that all of it is made of -------------------------------------------------


def test_an_account_is_looked_at_every_quarter_of_an_hour_where_there_is_something_to_see() -> None:
    virtual = an_account()
    assert next_check(virtual, NOON) is None
    soon = NOON + timedelta(minutes=15)
    assert next_check(an_account(max_drawdown=Decimal("0.1")), NOON) == soon
    assert next_check(an_account(daily_loss_stop=Decimal("0.1")), NOON) == soon
    real = Account(name="r", exchange="kraken", mode=Mode.LIVE, quote="USD")
    assert next_check(real, NOON) == soon


def test_who_follows_whom() -> None:
    rows = [("m", "a"), ("n", "a"), ("m", "b"), ("gone", "a")]
    configuration = Configuration(
        accounts={name: an_account(name=name) for name in ("m", "n")},
        subscriptions=tuple(Subscription(account=x, strategy=y) for x, y in rows),
    )
    assert configuration.followers("a") == ("m", "n")
    assert [s.strategy for s in configuration.subscriptions_of("m")] == ["a", "b"]


def test_an_account_trades_what_the_strategies_trade_that_it_follows_and_that_are_there() -> None:
    rows = [("m", "a"), ("m", "b"), ("m", "lost"), ("n", "c")]
    traded = {"a": {"E": ETH, "B": BTC}, "b": {"B": BTC}, "c": {"S": "SOL/USDT"}}
    configuration = Configuration(
        strategies={name: Strategy(name=name, instruments=pairs) for name, pairs in traded.items()},
        subscriptions=tuple(Subscription(account=x, strategy=y) for x, y in rows),
    )
    assert configuration.symbols_of("m") == [BTC, ETH]
    assert configuration.symbols_of("n") == ["SOL/USDT"]
    assert configuration.symbols_of("nobody") == []


def test_a_strategy_in_time() -> None:
    hourly = Strategy(name="s", instruments={"B": "b", "A": "a", "C": "b"}, timeframe="2h")
    assert hourly.entry_lag == timedelta(hours=2)
    assert replace(hourly, max_lag=0).entry_lag == timedelta(0)
    assert hourly.longest_silence is None
    assert replace(hourly, silence_after=3).longest_silence == timedelta(hours=6)
    assert hourly.symbols() == ("a", "b")


@pytest.mark.parametrize(
    ("price", "side", "digits", "rounded"),
    [
        ("123.456", Side.BUY, None, "123.45"),
        ("123.451", Side.SELL, None, "123.46"),
        ("123456", Side.BUY, 5, "123450"),
        ("123451", Side.SELL, 5, "123460"),
        ("1.234567", Side.BUY, 5, "1.23"),  # the tick is coarser
        ("0.98765", Side.BUY, 1, "0.9"),
        ("0", Side.BUY, 5, "0"),
        ("-0.001", Side.BUY, 5, "-0.01"),
        ("100000", Side.SELL, 5, "100000"),
        ("100001", Side.BUY, 6, "100001"),
    ],
)
def test_a_limit_is_on_a_tick_on_the_side_of_the_promise(
    price: str, side: Side, digits: int | None, rounded: str
) -> None:
    instrument = replace(an_instrument(), price_digits=digits)
    assert instrument.limit_price(Decimal(price), side) == Decimal(rounded)


@pytest.mark.parametrize(
    ("quantity", "price", "code"),
    [
        ("0", "100", "QUANTITY_BELOW_MINIMUM"),
        ("-1", "100", "QUANTITY_BELOW_MINIMUM"),
        ("0.049", "1000", "QUANTITY_BELOW_MINIMUM"),
        ("0.05", "100", ""),
        ("0.05", "99.9", "NOTIONAL_BELOW_MINIMUM"),
        ("1", "100", ""),
    ],
)
def test_what_the_venue_would_refuse(quantity: str, price: str, code: str) -> None:
    instrument = an_instrument(minimum_quantity="0.05")
    assert instrument.shortfall(Decimal(quantity), Decimal(price)) == code
    assert instrument.is_sellable(Decimal(quantity), Decimal(price)) is (not code)


def test_dust_is_judged_after_rounding() -> None:
    instrument: Instrument = an_instrument(quantity_step="0.1", minimum_notional="10")
    assert instrument.round_quantity(Decimal("0.19")) == Decimal("0.1")
    assert not instrument.is_sellable(Decimal("0.19"), Decimal(99))
    assert instrument.is_sellable(Decimal("0.19"), Decimal(100))


def test_a_balance_is_free_and_locked_together() -> None:
    assert Balance(asset="X", free=Decimal(2), locked=Decimal(3)).total == 5


@pytest.mark.parametrize(
    ("permissions", "granted"),
    [
        (KeyPermissions(), []),
        (KeyPermissions(trade=True, withdraw=False, transfer=False), []),
        (KeyPermissions(withdraw=True), ["withdrawals"]),
        (KeyPermissions(transfer=True), ["transfers"]),
        (KeyPermissions(withdraw=True, transfer=True), ["withdrawals", "transfers"]),
    ],
)
def test_what_a_thief_would_want_of_the_keys(
    permissions: KeyPermissions, granted: list[str]
) -> None:
    assert permissions.too_much() == granted
