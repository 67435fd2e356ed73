"""Whatever an account looks like, its next step breaks none of the promises of allocation."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import product

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.allocation import POLICIES, Claim, Terms, allocate
from chalicelib.domain.trading.order import OrderIntent
from chalicelib.domain.trading.plan import Stance, Step
from chalicelib.domain.trading.planning import draft_plan
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Signal, SignalStatus, Size, SizeUnit
from chalicelib.domain.trading.situation import Draft, Situation, equity_of
from tests.situations import BTC, ETH, NOON, a_signal, a_situation, an_account, an_instrument

NAMES = ("a", "b", "c", "d")
SYMBOLS = {"a": BTC, "b": BTC, "c": ETH, "d": ETH}
MONEY = st.integers(1, 5_000_000).map(lambda cents: Decimal(cents) / 100)
HOLDING = st.one_of(
    st.just(Decimal(0)), st.integers(100, 200_000_000).map(lambda n: Decimal(n) / 1_000_000)
)
MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(max_examples=60, deadline=None)


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    size = st.builds(Size, amount=MONEY, unit=st.sampled_from(SizeUnit))
    return [
        Claim(
            strategy=name,
            symbol=SYMBOLS[name],
            weight=Decimal(draw(st.integers(1, 24))) / 100,
            price=draw(MONEY),
            active=draw(st.booleans()),
            priority=draw(st.integers(0, 2)),
            size=draw(st.none() | size),
            stop_loss=draw(st.none() | MONEY),
            volatility=draw(st.sampled_from([None, Decimal("0.013"), Decimal("0.4")])),
        )
        for name in NAMES
    ]


TERMS = st.builds(
    Terms,
    equity=MONEY,
    reserve=st.sampled_from([Decimal(0), Decimal("0.02"), Decimal("0.04")]),
    risk_per_trade=st.sampled_from([Decimal("0.01"), Decimal("0.05")]),
)


@FEW
@given(policy=st.sampled_from(sorted(POLICIES)), claims=claims(), terms=TERMS)
def test_every_active_claim_gets_a_target_or_a_reason_and_nobody_else_does(
    policy: str, claims: list[Claim], terms: Terms
) -> None:
    targets = allocate(policy, claims, terms)
    assert set(targets) == {claim.key for claim in claims if claim.active}
    for target in targets.values():
        assert target.notional >= 0
        assert not (target.denial and target.notional)


@FEW
@given(
    policy=st.sampled_from(["fixed", "boost", "equal", "inverse_volatility", "risk_per_trade"]),
    claims=claims(),
    terms=TERMS,
)
def test_targets_together_leave_the_reserve(policy: str, claims: list[Claim], terms: Terms) -> None:
    whole = sum(t.notional for t in allocate(policy, claims, terms).values())
    assert whole <= (1 - terms.reserve) * terms.equity * (1 + Decimal("1E-20"))


@FEW
@given(claims=claims(), terms=TERMS)
def test_boost_gives_the_idle_weights_to_exactly_one(claims: list[Claim], terms: Terms) -> None:
    targets = allocate("boost", claims, terms)
    plain = allocate("fixed", claims, terms)
    raised = [key for key, target in targets.items() if target.surplus]
    assert len(raised) == (1 if plain else 0)
    assert {k: t.notional for k, t in targets.items() if k not in raised} == {
        k: t.notional for k, t in plain.items() if k not in raised
    }
    if plain:
        weights = sum(claim.weight for claim in claims)
        assert sum(t.notional for t in targets.values()) == weights * terms.equity


def _signals(draw: st.DrawFn) -> list[Signal]:
    sent = []
    for name in NAMES:
        state = draw(st.sampled_from(["", "", "long", "flat", "short"]))
        ratio = draw(st.sampled_from([None, None, "0.5", "2", "1.7"])) if state == "long" else None
        if state:
            sent.append(
                a_signal(
                    name,
                    SYMBOLS[name],
                    state,
                    size_ratio=None if ratio is None else Decimal(ratio),
                    size=draw(st.none() | st.builds(Size, amount=MONEY, unit=st.just("notional"))),
                    stop_loss=draw(st.none() | st.just(Decimal(1))),
                )
            )
    return sent


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    owns = {(name, SYMBOLS[name]): draw(HOLDING) for name in NAMES}
    owns = {key: quantity for key, quantity in owns.items() if quantity}
    stances = [
        Stance(
            strategy=name,
            symbol=symbol,
            state=draw(st.sampled_from([DesiredState.LONG] * 3 + [DesiredState.FLAT])),
            surplus=draw(st.booleans()),
        )
        for name, symbol in owns
    ]
    cash = draw(MONEY)
    price = st.integers(50, 300_000).map(lambda cents: Decimal(cents) / 100)
    instrument = {
        "quantity_step": draw(st.sampled_from(["0.00001", "0.01", "1"])),
        "minimum_quantity": draw(st.sampled_from(["0", "0.05"])),
        "minimum_notional": draw(st.sampled_from(["0", "5", "100"])),
        "maximum_quantity": draw(st.sampled_from([None, None, "50"])),
        "taker_fee": draw(st.sampled_from(["0", "0.002"])),
    }
    free = {
        "USDT": cash * draw(st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(2)])),
        "BTC": draw(HOLDING),
        "ETH": sum((q for (_, s), q in owns.items() if s == ETH), Decimal(0)),
    }
    account = an_account(
        policy=draw(st.sampled_from(sorted(POLICIES))),
        increment=draw(st.sampled_from([Decimal(0), Decimal("0.001"), Decimal("0.02")])),
        rebalance_band=draw(st.sampled_from([None, None, Decimal("0.1")])),
        reboost_on_exit=draw(st.booleans()),
    )
    busy: frozenset[str] = frozenset(draw(st.sampled_from([(), (), (), (BTC,)])))
    return a_situation(
        account=account,
        weights={
            (name, SYMBOLS[name]): str(Decimal(draw(st.integers(0, 150))) / 1000) for name in NAMES
        },
        owns={key: str(quantity) for key, quantity in owns.items()},
        stances=stances,
        cash=str(cash),
        signals=_signals(draw),
        prices={BTC: str(draw(price)), ETH: str(draw(price))},
        instruments=[an_instrument(symbol, **instrument) for symbol in (BTC, ETH)],
        subscription={
            "max_order_notional": draw(st.sampled_from([None, None, Decimal(40)])),
            "paused": draw(st.sampled_from([False, False, False, True])),
        },
        free=free,
        committed=draw(st.sampled_from([Decimal(0), cash / 3])),
        reducing=draw(st.sampled_from([False, False, True])),
        busy=busy,
        selling=busy if draw(st.booleans()) else frozenset(),
        frozen=draw(st.sampled_from([{}, {}, {}, {ETH: "someone sold"}])),
        halt=draw(st.sampled_from([HaltLevel.NONE] * 4 + list(HaltLevel))),
        volatilities={BTC: Decimal("0.02")},
    )


def _orders(draft: Draft, side: Side) -> list[OrderIntent]:
    return [intent for intent in draft.intents if intent.side is side]


def purchases_at_their_limit_and_with_fees_fit_into_the_spendable_cash(
    situation: Situation, draft: Draft
) -> None:
    buys = _orders(draft, Side.BUY)
    if not buys:
        return
    with exact_arithmetic():
        cost = sum(
            i.quantity * i.limit_price * (1 + situation.instruments[i.symbol].taker_fee)
            for i in buys
        )
        cash = min(situation.portfolio.cash - situation.committed, situation.free["USDT"])
        assert cost <= cash - situation.account.reserve * equity_of(situation)


def nobody_gives_more_than_it_owns_and_the_venue_no_more_than_is_free(
    situation: Situation, draft: Draft
) -> None:
    given_away: dict[tuple[str, str], Decimal] = {}
    for sale in _orders(draft, Side.SELL):
        assert sale.quantity <= situation.free[sale.symbol.split("/")[0]]
        for share in sale.shares:
            key = (share.strategy, sale.symbol)
            given_away[key] = given_away.get(key, Decimal(0)) + share.quantity
    for cross in draft.crosses:
        key = (cross.seller, cross.symbol)
        given_away[key] = given_away.get(key, Decimal(0)) + cross.quantity
    for (name, symbol), quantity in given_away.items():
        assert 0 < quantity <= situation.portfolio.holding(name, symbol).quantity


def every_order_is_one_that_the_venue_takes(situation: Situation, draft: Draft) -> None:
    for order in draft.intents:
        instrument = situation.instruments[order.symbol]
        assert order.quantity % instrument.quantity_step == 0
        assert order.limit_price % instrument.price_tick == 0
        assert order.quantity > 0
        assert order.quantity >= instrument.minimum_quantity
        assert order.quantity * order.limit_price >= instrument.minimum_notional
        assert order.quantity <= (instrument.maximum_quantity or order.quantity)
        assert sum(share.quantity for share in order.shares) == order.quantity
        event(f"{order.side} {situation.account.policy}")


def a_step_either_reduces_or_increases(situation: Situation, draft: Draft) -> None:
    sides = {order.side for order in draft.intents}
    assert sides <= ({Side.SELL} if draft.step is Step.REDUCE else {Side.BUY})
    assert len({order.symbol for order in draft.intents}) == len(draft.intents)
    if situation.reducing:
        assert not _orders(draft, Side.BUY)
    if draft.step is Step.INCREASE:
        assert not draft.crosses


def orders_of_a_purchase_respect_the_cap_and_the_kill_switch(
    situation: Situation, draft: Draft
) -> None:
    caps = {s.strategy: s for s in situation.configuration.subscriptions}
    for order in _orders(draft, Side.BUY):
        assert situation.halt is HaltLevel.NONE
        for share in order.shares:
            cap = caps[share.strategy].max_order_notional
            assert cap is None or share.quantity * situation.prices[order.symbol] <= cap


def instruments_under_way_or_frozen_are_left_alone(situation: Situation, draft: Draft) -> None:
    touched = {i.symbol for i in draft.intents} | {c.symbol for c in draft.crosses}
    assert not touched & situation.selling
    bought = {i.symbol for i in draft.intents if i.side is Side.BUY}
    assert not bought & (situation.busy | set(situation.state.frozen))


def who_did_not_signal_is_not_resized(situation: Situation, draft: Draft) -> None:
    """Unless a band asks for it, it is to leave anyway, or holds the surplus under boost."""
    if situation.account.rebalance_band is not None or situation.halt is HaltLevel.FLATTEN:
        return
    movers = {
        *((share.strategy, o.symbol, o.side) for o in draft.intents for share in o.shares),
        *((cross.seller, cross.symbol, Side.SELL) for cross in draft.crosses),
        *((cross.buyer, cross.symbol, Side.BUY) for cross in draft.crosses),
    }
    for name, symbol, side in movers - {
        (n, s, side) for (n, s), side in product(situation.wishes, Side)
    }:
        stance = situation.state.stance(name, symbol)
        if stance.state is DesiredState.LONG:
            assert situation.account.policy == "boost"
            assert situation.account.reboost_on_exit if side is Side.BUY else stance.surplus
        else:
            assert side is Side.SELL


def a_trimmed_holder_of_the_surplus_keeps_its_base(situation: Situation, draft: Draft) -> None:
    if situation.account.rebalance_band is not None or situation.halt is HaltLevel.FLATTEN:
        return
    if situation.account.policy != "boost":
        return
    weights = {s.strategy: s.weight for s in situation.configuration.subscriptions}
    for name, quantity in _sold(draft).items():
        key = (name, SYMBOLS[name])
        if key in situation.wishes:
            continue
        stance = situation.state.stance(*key)
        if stance.state is DesiredState.LONG:
            left = situation.portfolio.holding(*key).quantity - quantity
            with exact_arithmetic():
                assert left * situation.prices[key[1]] >= weights[name] * equity_of(situation)
            event("trimmed")


def _sold(draft: Draft) -> dict[str, Decimal]:
    sold: dict[str, Decimal] = {}
    moves: Sequence[tuple[str, Decimal]] = [
        *((s.strategy, s.quantity) for o in _orders(draft, Side.SELL) for s in o.shares),
        *((cross.seller, cross.quantity) for cross in draft.crosses),
    ]
    for name, quantity in moves:
        sold[name] = sold.get(name, Decimal(0)) + quantity
    return sold


def every_signal_gets_exactly_one_word_and_only_waiting_ones_get_none(
    situation: Situation, draft: Draft
) -> None:
    ids = [verdict.signal_id for verdict in draft.verdicts]
    assert len(ids) == len(set(ids))
    for key, wish in situation.wishes.items():
        answered = wish.latest.id in ids
        if key[1] in situation.selling:
            assert not answered
        elif key[1] in situation.busy:
            holds = situation.portfolio.holding(*key).quantity > 0
            assert not answered or (holds and not wish.wants_more) or wish.ratio < 1
        elif not wish.wants_more or (draft.step is Step.INCREASE and not situation.reducing):
            assert answered


def planned_means_that_this_very_step_moves_something(situation: Situation, draft: Draft) -> None:
    moving = {(s.strategy, o.symbol) for o in draft.intents for s in o.shares}
    moving |= {(c.seller, c.symbol) for c in draft.crosses}
    for verdict in draft.verdicts:
        key = (verdict.strategy, verdict.symbol)
        assert (verdict.status is SignalStatus.PLANNED) == (
            key in moving and key in situation.wishes and verdict.quantity + verdict.crossed > 0
        )


def a_late_entry_expires_and_a_late_exit_runs(situation: Situation, draft: Draft) -> None:
    late = draft_plan(replace(situation, now=NOON + timedelta(days=2)))
    assert not [o for o in _orders(late, Side.BUY) if _entered(situation, o)]
    # What is dust by itself, or not free to be sold, may have gone to somebody who is too late now.
    for name in _sold_out(draft, situation) - _sold_out(late, situation):
        symbol = SYMBOLS[name]
        owned = situation.portfolio.holding(name, symbol).quantity
        instrument, price = situation.instruments[symbol], situation.prices[symbol]
        free = min(owned, situation.free[instrument.base])
        assert not instrument.is_sellable(instrument.round_quantity(free), price)


def _entered(situation: Situation, order: OrderIntent) -> bool:
    """Whether it buys for somebody who is not in: the others may be rebalanced as ever."""
    return any(
        situation.state.stance(share.strategy, order.symbol).state is not DesiredState.LONG
        for share in order.shares
    )


def _sold_out(draft: Draft, situation: Situation) -> set[str]:
    """Strategies that signalled an exit and now leave, sold or crossed."""
    leaving = {
        name for (name, _), wish in situation.wishes.items() if wish.state is not DesiredState.LONG
    }
    return leaving & set(_sold(draft))


PROMISES = (
    purchases_at_their_limit_and_with_fees_fit_into_the_spendable_cash,
    nobody_gives_more_than_it_owns_and_the_venue_no_more_than_is_free,
    every_order_is_one_that_the_venue_takes,
    a_step_either_reduces_or_increases,
    orders_of_a_purchase_respect_the_cap_and_the_kill_switch,
    instruments_under_way_or_frozen_are_left_alone,
    who_did_not_signal_is_not_resized,
    a_trimmed_holder_of_the_surplus_keeps_its_base,
    every_signal_gets_exactly_one_word_and_only_waiting_ones_get_none,
    planned_means_that_this_very_step_moves_something,
    a_late_entry_expires_and_a_late_exit_runs,
)


@MANY
@given(situation=situations())
def test_no_step_breaks_a_promise(situation: Situation) -> None:
    """All promises on the same situations, because making one costs more than a decision."""
    draft = draft_plan(situation)
    for promise in PROMISES:
        promise(situation, draft)
